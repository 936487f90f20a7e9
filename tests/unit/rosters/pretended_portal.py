"""A portal of nothing but people, in memory, that counts what it is asked."""

import asyncio
from collections.abc import Iterable

from lastseen.docspace.interface import PeopleQuery, Traffic
from lastseen.model.contractor import AccountType, Profile, UserId
from lastseen.model.errors import PortalUnreachable
from testing.people_portal import PeoplePortal


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


class PretendedPortal(PeoplePortal):
    """Answers about people, and counts the requests that this takes."""

    def __init__(
        self,
        people_there: Iterable[Profile] = (),
        *,
        concurrency: int = 7,
        fails_after: int | None = None,
    ) -> None:
        """Answer about `people_there`; after `fails_after` requests the portal is unreachable."""
        super().__init__(people_there)
        self.concurrency = concurrency
        self.fails_after = fails_after
        self.requests = 0
        self.lists: list[PeopleQuery] = []
        self.most_at_once = 0
        self._at_once = 0

    @property
    def traffic(self) -> Traffic:
        return Traffic(requests=self.requests)

    async def whoami(self) -> Profile:
        self._ask()
        return await super().whoami()

    async def person(self, user_id: UserId) -> Profile | None:
        await self._take_a_moment()
        return await super().person(user_id)

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        await self._take_a_moment()
        return await super().people_by_email(email)

    async def people(self, query: PeopleQuery) -> tuple[Profile, ...]:
        found = await super().people(query)
        self.lists.append(query)
        for _ in range(max(1, -(-len(found) // 100))):
            self._ask()
        return found

    async def count_people(self, query: PeopleQuery) -> int:
        self._ask()
        return await super().count_people(query)

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
