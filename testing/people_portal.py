"""A portal in memory that answers about people only, for rosters.

Whatever else is asked of it is a fault of the roster.
"""

from collections.abc import Iterable
from typing import NoReturn

from lastseen.docspace.interface import EventPage, EventQuery, PeopleQuery, Retention, Traffic
from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId, email_key
from testing.plain_portal import PlainPortal


class PeoplePortal(PlainPortal):
    """A portal with these people, asked as its owner."""

    url: str = "https://portal.example.com"
    concurrency: int = 7
    largest_skew_seconds: float = 0.0

    def __init__(self, people_there: Iterable[Profile] = ()) -> None:
        """Answer about `people_there`."""
        self.people_there = tuple(people_there)

    @property
    def traffic(self) -> Traffic:
        """See `Portal`."""
        return Traffic()

    async def whoami(self) -> Profile:
        """See `Portal`."""
        return Profile(id=UserId("00000000-0000-4000-8000-00000000ffff"), type=AccountType.OWNER)

    async def person(self, user_id: UserId) -> Profile | None:
        """See `Portal`."""
        return next((one for one in self.people_there if one.id == user_id), None)

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        """See `Portal`."""
        wanted = email_key(email)
        return tuple(one for one in self.people_there if email_key(one.email) == wanted)

    async def people(self, query: PeopleQuery) -> tuple[Profile, ...]:
        """See `Portal`."""
        return tuple(
            person
            for person in self.people_there
            if (not query.guests_only or person.type is AccountType.GUEST)
            and query.group_id in (None, *person.groups)
            and query.inviter_id in (None, person.invited_by)
        )

    async def count_people(self, query: PeopleQuery) -> int:
        """See `Portal`."""
        return len(await PeoplePortal.people(self, query))

    async def sign_ins(self, query: EventQuery) -> EventPage:
        """Fail: a roster has no business with this."""
        _refuse()

    async def trail(self, query: EventQuery) -> EventPage:
        """Fail: a roster has no business with this."""
        _refuse()

    async def retention(self) -> Retention:
        """Fail: a roster has no business with this."""
        _refuse()

    async def end_sessions(self, user_id: UserId) -> None:
        """Fail: a roster has no business with this."""
        _refuse()

    async def set_status(
        self, user_ids: tuple[UserId, ...], status: AccountStatus
    ) -> tuple[Profile, ...]:
        """Fail: a roster has no business with this."""
        _refuse()


def _refuse() -> NoReturn:
    raise AssertionError("a roster asks about people only")
