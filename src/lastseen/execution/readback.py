"""Reading people back: how the accounts that matter stand on the portal just now.

Chooses between one request a person and the portal's people list, whichever costs fewer requests.
Judges nothing.
"""

from collections.abc import Collection
from functools import partial

import msgspec

from lastseen.docspace.interface import PeopleQuery, Portal
from lastseen.model.concurrency import map_concurrently
from lastseen.model.contractor import Profile, UserId
from lastseen.model.errors import PortalError, PortalRefused, PortalUnreachable

_PAGE = 100
"""People on one page of the portal's list."""

_FEW = 3
"""Up to this many people are asked for one by one: counting the list costs as much."""

_STOPPING = frozenset({401, 429})
"""Answers that speak of the key, not of the person asked for."""


class PeopleNow(msgspec.Struct, frozen=True, kw_only=True):
    """How people stand, as the portal answered just now."""

    profiles: dict[UserId, Profile]
    """Those whom the portal showed."""
    gone: frozenset[UserId] = frozenset()
    """Those whom the portal doesn't know: deleted."""
    unread: dict[UserId, PortalError] = {}
    """Those whose account the portal would not show, and what it answered."""


async def read_people(
    portal: Portal, ids: Collection[UserId], *, guests_only: bool = False
) -> PeopleNow:
    """Read how `ids` stand now; `guests_only` says that all of them are known to be guests.

    A person whom the portal refuses to show, or shows in a form that can't be read, is `unread`.
    Raises PortalError where that is no matter of one person: no connection, a key that isn't
    taken, a limit reached.
    """
    query = PeopleQuery(guests_only=guests_only)
    listed: dict[UserId, Profile] = {}
    if len(ids) > _FEW and await _requests_for_list(portal, query) < len(ids):
        wanted = frozenset(ids)
        listed = {person.id: person for person in await portal.people(query) if person.id in wanted}
    found = await _one_by_one(portal, [person for person in ids if person not in listed])
    return msgspec.structs.replace(found, profiles={**listed, **found.profiles})


async def _requests_for_list(portal: Portal, query: PeopleQuery) -> int:
    """Return how many requests the list takes, one for an overlap of its pages included."""
    return -(-await portal.count_people(query) // _PAGE) + 1


async def _one_by_one(portal: Portal, ids: list[UserId]) -> PeopleNow:
    """Ask for each person alone, as many at once as the portal takes."""

    async def read(person: UserId) -> tuple[UserId, Profile | PortalError | None]:
        try:
            return person, await portal.person(person)
        except PortalUnreachable:
            raise
        except PortalError as error:
            if isinstance(error, PortalRefused) and error.status in _STOPPING:
                raise
            return person, error

    pieces = (partial(read, person) for person in ids)
    async with map_concurrently(pieces, lambda: portal.concurrency) as read_back:
        answers = {person: answer async for person, answer in read_back}
    return PeopleNow(
        profiles={who: answer for who, answer in answers.items() if isinstance(answer, Profile)},
        gone=frozenset(who for who, answer in answers.items() if answer is None),
        unread={who: answer for who, answer in answers.items() if isinstance(answer, PortalError)},
    )
