"""Reads the accounts that a roster may refer to, with as few requests as possible.

From the list of all people, the list of guests, or one request per person. `matching` decides which
account belongs to which row.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from lastseen.docspace.interface import EMPTY_READINGS, MOST_A_PAGE, PeopleQuery, Portal
from lastseen.model.concurrency import map_concurrently
from lastseen.model.contractor import AccountType, Contractor, Profile, UserId, email_key
from lastseen.model.email_address import near_key
from lastseen.rosters.cells import can_be_address, portal_id

FEW = 2
"""Up to this many people are looked up without asking for the length of the list."""

EVERYONE = PeopleQuery()
"""Everyone with an account on the portal."""

GUESTS = PeopleQuery(guests_only=True)
"""The portal's guests."""


class Accounts:
    """The accounts read so far, found by id and by address."""

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        """Start with `profiles`, which have been read already."""
        self.complete = False
        """Whether everyone on the portal was read: an account that isn't here doesn't exist."""
        self._by_id: dict[UserId, Profile] = {}
        self._by_email: dict[str, dict[UserId, Profile]] = {}
        self._nearly: dict[str, dict[UserId, Profile]] = {}
        self.add(profiles)

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._by_id.values())

    def add(self, profiles: Iterable[Profile]) -> None:
        """Add accounts."""
        for profile in profiles:
            self._by_id[profile.id] = profile
            if profile.email:
                self._by_email.setdefault(email_key(profile.email), {})[profile.id] = profile
                self._nearly.setdefault(near_key(profile.email), {})[profile.id] = profile

    def by_id(self, person: Contractor) -> Profile | None:
        """Return the account with the person's id."""
        return self._by_id.get(person.id) if person.id is not None else None

    def by_email(self, person: Contractor) -> list[Profile]:
        """Return the accounts with the person's address."""
        if not person.email:
            return []
        return list(self._by_email.get(email_key(person.email), {}).values())

    def nearly_by_email(self, person: Contractor) -> list[Profile]:
        """Return the accounts whose address is the person's or could be mistaken for it."""
        if not person.email:
            return []
        return list(self._nearly.get(near_key(person.email), {}).values())

    def of(self, person: Contractor) -> list[Profile]:
        """Return every account that the person's id or address may refer to."""
        by_id = self.by_id(person)
        by_email = self.by_email(person) or self.nearly_by_email(person)
        return [*([by_id] if by_id is not None else []), *by_email]


async def read_guests(
    accounts: Accounts, portal: Portal, *, people: Sequence[Contractor]
) -> tuple[Profile, ...]:
    """Read the guest list into `accounts` and return it.

    Reads everyone instead if that can't cost more: people on the roster who aren't guests need one
    request each after the guest list, and there are at least as many of them as the roster has
    people beyond that list.
    """
    everyone = await portal.count_people(EVERYONE)
    if everyone > MOST_A_PAGE:
        guests = await portal.count_people(GUESTS)
        if _pages(everyone) > _pages(guests) + max(0, len(people) - guests):
            found = await portal.people(GUESTS)
            accounts.add(found)
            return found
    await _read_everyone(accounts, portal)
    return tuple(profile for profile in accounts if profile.type is AccountType.GUEST)


async def look_up(people: Sequence[Contractor], accounts: Accounts, portal: Portal) -> None:
    """Add the accounts that the people may have to `accounts`.

    Usually one request per person, two if id and address don't belong together, more for an
    address that has no account; or the list of everyone, if that costs fewer requests or turns
    out to. Afterwards, an account that isn't in `accounts` isn't on the portal.
    """
    unknown = [person for person in people if _is_unknown(person, accounts)]
    if len(unknown) <= FEW:
        await _ask_one_by_one(unknown, accounts, portal, instead=math.inf)
        return
    pages = _pages(await portal.count_people(EVERYONE))
    if pages < len(unknown) or not await _ask_one_by_one(unknown, accounts, portal, instead=pages):
        await _read_everyone(accounts, portal)


def _is_unknown(person: Contractor, accounts: Accounts) -> bool:
    return _ask_by_id(person, accounts) is not None or _ask_by_email(person, accounts) is not None


def _ask_by_id(person: Contractor, accounts: Accounts) -> UserId | None:
    """Return the id to request, or None if a request is pointless."""
    if accounts.complete or person.id is None or accounts.by_id(person) is not None:
        return None
    return portal_id(person.id)


def _ask_by_email(person: Contractor, accounts: Accounts) -> str | None:
    """Return the address to request, or None.

    One account with the address is enough: the portal refuses it to a second one
    (DbUserService.cs, SaveUserAsync).
    """
    if accounts.complete or not person.email or accounts.by_email(person):
        return None
    return person.email.strip() if can_be_address(person.email) else None


async def _read_everyone(accounts: Accounts, portal: Portal) -> None:
    accounts.add(await portal.people(EVERYONE))
    accounts.complete = True


async def _ask_one_by_one(
    people: Sequence[Contractor], accounts: Accounts, portal: Portal, *, instead: float
) -> bool:
    """Request each person, as many at once as the portal allows; the first failure ends it.

    Returns False, with some people left out, as soon as the remaining people seem to cost more
    than `instead` requests.
    """
    asked = answered = spent = 0

    async def ask(person: Contractor) -> int:
        nonlocal asked
        asked += 1
        return await _ask(person, accounts, portal)

    pieces = (partial(ask, person) for person in people)
    async with map_concurrently(pieces, lambda: portal.concurrency) as costs:
        async for cost in costs:
            answered += 1
            spent += cost
            if spent / answered * (len(people) - asked) > instead:
                return False
    return True


async def _ask(person: Contractor, accounts: Accounts, portal: Portal) -> int:
    """Request by id, and by address unless that account has it; return the number of requests."""
    requests = 0
    identity = _ask_by_id(person, accounts)
    if identity is not None:
        requests += 1
        if (by_id := await portal.person(identity)) is not None:
            accounts.add([by_id])
    address = _ask_by_email(person, accounts)
    if address is not None:
        for spelling in _spellings(address):
            found = await portal.people_by_email(spelling)
            requests += 1 if found else EMPTY_READINGS
            accounts.add(found)
    return requests


def _spellings(address: str) -> tuple[str, ...]:
    """Return the spellings to search for, since the portal compares letter by letter.

    Besides the address itself: its domain in IDNA encoding, and the ASCII letters that it may be
    confused with.
    """
    key, near = email_key(address), near_key(address)
    return (address,) if near == key else tuple(dict.fromkeys((address, key, near)))


def _pages(people: int) -> int:
    return -(-people // MOST_A_PAGE)
