"""An exemption: who is left alone, until when and why, and which names it matches."""

from collections.abc import Iterable
from datetime import date

import msgspec

from lastseen.model.contractor import Contractor, Profile, email_key, user_id
from lastseen.model.instant import Instant


class Exemption(msgspec.Struct, frozen=True, kw_only=True):
    """One person's exemption."""

    who: str
    """An id or an e-mail address, in the form of `who_key`."""
    until: date
    """The last day (UTC) on which it holds."""
    reason: str
    """Why, in the words of whoever added it."""
    added_by: str
    """Who added it: a portal account or `user@host`."""
    added_at: Instant
    """When."""


def exemption_keys(*people: Contractor | Profile | None) -> frozenset[str]:
    """Return every key under which an exemption may name this person.

    `people` are one person's entries on the roster and on the portal; None where there is none.
    """
    return keys_of(
        ids=(person.id for person in people if person),
        emails=(person.email for person in people if person),
    )


def keys_of(*, ids: Iterable[str | None], emails: Iterable[str | None]) -> frozenset[str]:
    """Return the exemption keys of ids and e-mail addresses; empty ones and None have none."""
    return frozenset({*(user_id(one) for one in ids if one), *(email_key(e) for e in emails if e)})
