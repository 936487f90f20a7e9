"""What a portal answers that has no keys but the own one, unlimited sessions and idle managers.

A base for portals that tests make up, which care about other things.
"""

from datetime import UTC, datetime

from lastseen.docspace.interface import (
    MOST_A_PAGE,
    AdministrationPage,
    KeyUse,
    OwnKey,
    PeopleQuery,
    Portal,
    Release,
    SessionSettings,
)
from lastseen.model.contractor import Profile
from lastseen.model.instant import EPOCH, Instant, Interval
from lastseen.model.sighting import EvidenceKind


class PlainPortal:
    """The part of `Portal` that most tests have no business with."""

    tells_its_time: bool = True

    def expect_days(self, number: float) -> None:
        """See `Portal`."""

    def shown(self, kind: EvidenceKind) -> tuple[Interval, ...]:
        """Show a log that has entries at all times."""
        return (Interval(EPOCH, Instant(datetime(2999, 1, 1, tzinfo=UTC))),)

    async def people_within(
        self: Portal, query: PeopleQuery, *, most_requests: int
    ) -> tuple[Profile, ...] | None:
        """See `Portal`."""
        if -(-await self.count_people(query) // MOST_A_PAGE) > most_requests:
            return None
        return await self.people(query)

    async def release(self) -> Release | None:
        """See `Portal`."""
        return Release(text="3.7.2", is_supported=True)

    async def time_zone(self) -> str | None:
        """See `Portal`."""
        return "UTC"

    async def own_key(self) -> OwnKey | None:
        """See `Portal`."""
        return OwnKey(permissions=frozenset(), expires_at=None)

    async def key_uses(self) -> tuple[KeyUse, ...]:
        """See `Portal`."""
        return ()

    async def session_settings(self) -> SessionSettings:
        """See `Portal`."""
        return SessionSettings(minutes=None)

    async def administration(
        self, action_id: int, *, since: Instant, start: int = 0
    ) -> AdministrationPage:
        """See `Portal`."""
        return AdministrationPage(acts=(), is_full=False, answered_at=since)
