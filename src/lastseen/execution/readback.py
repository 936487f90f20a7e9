"""Reading people back: the present state of their accounts on the portal.

Uses one request per person or the portal's list of people, whichever costs fewer requests. Makes
no decision.

A person is searched for by address, since lists are read from the database. A single profile comes
from a cache, which for up to twenty minutes shows a change that the database refused: the portal
changes the cached profile before it saves (UserController.cs, CachedUserService.cs).
"""

from collections.abc import Collection, Mapping
from functools import partial

import msgspec

from lastseen.docspace.interface import REFUSES_ALL, PeopleQuery, Portal
from lastseen.model.concurrency import map_concurrently
from lastseen.model.contractor import Profile, UserId
from lastseen.model.errors import PortalError, PortalRefused, PortalUnreachable

_FEW = 3
"""Up to this many people are read one by one: the list would hardly cost less."""


class PeopleNow(msgspec.Struct, frozen=True, kw_only=True):
    """The present state of people's accounts."""

    profiles: dict[UserId, Profile]
    """Those whose account was read."""
    gone: frozenset[UserId] = frozenset()
    """Those whose account no longer exists."""
    unread: dict[UserId, PortalError] = {}
    """Those whose account could not be read, and the error."""


async def read_people(
    portal: Portal,
    ids: Collection[UserId],
    *,
    emails: Mapping[UserId, str | None],
    guests_only: bool = False,
) -> PeopleNow:
    """Read the accounts `ids`; `guests_only` says that all of them are known to be guests.

    `emails` has the addresses as far as they are known: an account without one, or with another
    address now, is read from the portal's cache.

    An account that the portal refuses to show, or that can't be decoded, is `unread`. Raises
    PortalError for failures that concern everyone: no connection, a rejected key, a limit
    reached.
    """
    query = PeopleQuery(guests_only=guests_only)
    listed: dict[UserId, Profile] = {}
    if len(ids) > _FEW:
        everyone = await portal.people_within(query, most_requests=len(ids))
        wanted = frozenset(ids)
        listed = {person.id: person for person in everyone or () if person.id in wanted}
    left = [person for person in ids if person not in listed]
    found = await _one_by_one(portal, left, emails)
    return msgspec.structs.replace(found, profiles={**listed, **found.profiles})


async def _one_by_one(
    portal: Portal, ids: list[UserId], emails: Mapping[UserId, str | None]
) -> PeopleNow:
    """Read each person with a request of their own, as many at once as the portal allows."""

    async def read(person: UserId) -> tuple[UserId, Profile | PortalError | None]:
        try:
            stored = await _by_address(portal, person, emails.get(person))
            return person, stored or await portal.person(person)
        except PortalUnreachable:
            raise
        except PortalError as error:
            if isinstance(error, PortalRefused) and error.status in REFUSES_ALL:
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


async def _by_address(portal: Portal, person: UserId, email: str | None) -> Profile | None:
    """Return the person's account if it has this address, read from the database."""
    found = await portal.people_by_email(email) if email else ()
    return next((one for one in found if one.id == person), None)
