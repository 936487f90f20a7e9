"""A portal of a few guests in memory, for mutated rosters: it answers about people only."""

from datetime import UTC, datetime
from typing import NoReturn

from lastseen.docspace.interface import EventPage, EventQuery, PeopleQuery, Retention, Traffic
from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId, email_key
from lastseen.model.instant import Instant
from testing.plain_portal import PlainPortal

NOW = Instant(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))
"""The instant that everything is decided for."""


def _guest(number: int, local: str) -> Profile:
    return Profile(
        id=UserId(f"00000000-0000-4000-8000-{number:012x}"),
        email=f"{local}@vendor.example",
        display_name=local.title(),
        type=AccountType.GUEST,
        registered_at=Instant(datetime(2024, 1, 1, tzinfo=UTC)),
    )


GUESTS = tuple(
    _guest(number, local)
    for number, local in enumerate(
        ("ann", "bob", "cid", "dee", "eve", "fay", "gus", "hans.strasse", "ida", "joe"), 1
    )
)
"""Everyone on the portal."""


class FewGuests(PlainPortal):
    """See the module."""

    url = "https://portal.example"
    concurrency = 4
    largest_skew_seconds = 0.0
    traffic = Traffic()

    async def whoami(self) -> Profile:
        """See `Portal`."""
        return Profile(id=UserId("ffffffff-0000-4000-8000-000000000000"), type=AccountType.OWNER)

    async def person(self, user_id: UserId) -> Profile | None:
        """See `Portal`."""
        return next((one for one in GUESTS if one.id == user_id), None)

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        """See `Portal`."""
        return tuple(one for one in GUESTS if email_key(one.email) == email_key(email))

    async def people(self, query: PeopleQuery) -> tuple[Profile, ...]:
        """See `Portal`."""
        return GUESTS

    async def count_people(self, query: PeopleQuery) -> int:
        """See `Portal`."""
        return len(GUESTS)

    async def sign_ins(self, query: EventQuery) -> EventPage:
        """Nobody asks."""
        self._refuse()

    async def trail(self, query: EventQuery) -> EventPage:
        """Nobody asks."""
        self._refuse()

    async def retention(self) -> Retention:
        """Nobody asks."""
        self._refuse()

    async def end_sessions(self, user_id: UserId) -> None:
        """Nobody asks."""
        self._refuse()

    async def set_status(
        self, user_ids: tuple[UserId, ...], status: AccountStatus
    ) -> tuple[Profile, ...]:
        """Nobody asks."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise AssertionError("a roster asks about people only")
