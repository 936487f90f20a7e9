"""A portal of nothing but people, in memory, that counts what it is asked."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from lastseen.docspace.interface import EventPage, EventQuery, PeopleQuery, Retention, Traffic
from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId, email_key
from lastseen.model.errors import PortalUnreachable
from testing.plain_portal import PlainPortal


def guid(number: int) -> UserId:
    """Return the id of the account with this number."""
    return UserId(f"00000000-0000-4000-8000-{number:012x}")


def guest(number: int, email: str | None = None, **fields: object) -> Profile:
    """Return a guest's account; the address is made of the number where none is given."""
    address = f"guest{number}@vendor.com" if email is None else email
    return Profile(id=guid(number), email=address, display_name=f"Guest {number}", **fields)  # type: ignore[arg-type]


def user(number: int, email: str | None = None) -> Profile:
    """Return an account that isn't a guest's."""
    address = f"user{number}@example.com" if email is None else email
    return Profile(id=guid(number), email=address, type=AccountType.USER)


def unreachable() -> PortalUnreachable:
    """Return the error of a portal that doesn't answer."""
    return PortalUnreachable(attempted="a", found="b", meaning="c", remedy="d")


@dataclass
class PretendedPortal(PlainPortal):
    """Answers about `people`; everything about events is out of its reach."""

    people_there: Iterable[Profile] = ()
    concurrency: int = 7
    url: str = "https://portal.example.com"
    largest_skew_seconds: float = 0.0
    fails_after: int | None = None
    """After so many requests it is unreachable."""
    requests: int = 0
    lists: list[PeopleQuery] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0

    def __post_init__(self) -> None:
        self.people_there = tuple(self.people_there)

    @property
    def traffic(self) -> Traffic:
        return Traffic(requests=self.requests)

    async def whoami(self) -> Profile:
        self._ask()
        return Profile(id=guid(0xFFFF), type=AccountType.OWNER)

    async def person(self, user_id: UserId) -> Profile | None:
        await self._take_a_moment()
        return next((p for p in self.people_there if p.id == user_id), None)

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        await self._take_a_moment()
        return tuple(p for p in self.people_there if email_key(p.email) == email_key(email))

    async def people(self, query: PeopleQuery) -> tuple[Profile, ...]:
        found = self._chosen(query)
        self.lists.append(query)
        for _ in range(max(1, -(-len(found) // 100))):
            self._ask()
        return found

    async def count_people(self, query: PeopleQuery) -> int:
        self._ask()
        return len(self._chosen(query))

    async def sign_ins(self, query: EventQuery) -> EventPage:
        self._refuse()

    async def trail(self, query: EventQuery) -> EventPage:
        self._refuse()

    async def retention(self) -> Retention:
        self._refuse()

    async def end_sessions(self, user_id: UserId) -> None:
        self._refuse()

    async def set_status(
        self, user_ids: tuple[UserId, ...], status: AccountStatus
    ) -> tuple[Profile, ...]:
        self._refuse()

    def _chosen(self, query: PeopleQuery) -> tuple[Profile, ...]:
        return tuple(
            person
            for person in self.people_there
            if (not query.guests_only or person.type is AccountType.GUEST)
            and query.group_id in (None, *person.groups)
            and query.inviter_id in (None, person.invited_by)
        )

    def _ask(self) -> None:
        self.requests += 1
        if self.fails_after is not None and self.requests > self.fails_after:
            raise unreachable()

    async def _take_a_moment(self) -> None:
        self._ask()
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0)
        self._at_once -= 1

    def _refuse(self) -> NoReturn:
        raise AssertionError("a roster asks about people only")
