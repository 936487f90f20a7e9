"""An exemption: who is kept whatever the logs say, until when, why, and whom it covers. Pure."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec

from lastseen.model.contractor import Contractor, Profile, UserId, email_key, user_id, who_key
from lastseen.model.email_address import domain_pattern, in_domain, near_key
from lastseen.model.instant import Instant

DOMAIN = "domain:"
"""How the key of an exemption for everyone in an e-mail domain begins."""

GROUP = "group:"
"""How the key of an exemption for everyone in a group of the portal begins."""

ENDING_DAYS = 14
"""This many days before its end an exemption is announced in every review."""


class Exemption(msgspec.Struct, frozen=True, kw_only=True):
    """One exemption: of a person, of a domain or of a group."""

    who: str
    """An id or an e-mail address in the form of `who_key`; `domain:` or `group:` and its name."""
    until: date
    """The last day (UTC) on which it applies."""
    reason: str
    """Why, in the words of the person who added it."""
    added_by: str
    """Who added it: a portal account or `user@host`."""
    added_at: Instant
    """When it was added or last renewed."""
    user_id: UserId | None = None
    """The account of the person, once it is known: the exemption follows it and not the address."""
    ticket: str | None = None
    """The ticket in which it was requested."""
    approved_by: str | None = None
    """Who approved it."""
    renewals: int = 0
    """How often it was renewed."""

    @property
    def is_of_person(self) -> bool:
        """Whether it covers one person."""
        return not self.who.startswith((DOMAIN, GROUP))

    def covers(
        self, *, ids: Iterable[str | None], emails: Iterable[str | None], groups: Iterable[str] = ()
    ) -> bool:
        """Return whether it covers the person with these ids, addresses and groups."""
        if self.who.startswith(DOMAIN):
            pattern = self.who.removeprefix(DOMAIN)
            return any(in_domain(email, pattern) for email in emails if email)
        if self.who.startswith(GROUP):
            return self.who.removeprefix(GROUP) in {user_id(group) for group in groups}
        known = {user_id(one) for one in ids if one}
        if self.user_id is not None:
            return self.user_id in known
        return self.who in known or self.who in {email_key(email) for email in emails if email}


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """What the exemptions say about one person."""

    exemption: Exemption | None = None
    """The one that covers them; of several, the one that lasts longest."""
    doubtful: Exemption | None = None
    """One that may or may not mean them: it was given to another account with this address, or to
    an address that is nearly theirs."""


class Exemptions:
    """The exemptions that apply on one day, and which of them have covered somebody."""

    def __init__(self, active: Iterable[Exemption]) -> None:
        """Search `active`."""
        self._active = sorted(active, key=lambda one: (one.until, one.who), reverse=True)
        self._used: set[str] = set()
        self._near = {
            near_key(one.who): one for one in self._active if one.is_of_person and "@" in one.who
        }

    def of(self, contractor: Contractor | None, profile: Profile | None) -> Covered:
        """Return what they say about a person, by the entries on the roster and on the portal."""
        people = [person for person in (contractor, profile) if person is not None]
        ids = [person.id for person in people]
        emails = [person.email for person in people]
        groups = profile.groups if profile else ()
        covering = [
            one for one in self._active if one.covers(ids=ids, emails=emails, groups=groups)
        ]
        self._used.update(one.who for one in covering)
        if covering:
            return Covered(exemption=covering[0])
        nearly = (self._near.get(near_key(email)) for email in emails if email)
        doubtful = next(filter(None, nearly), None)
        if doubtful is not None:
            self._used.add(doubtful.who)
        return Covered(doubtful=doubtful)

    def unmatched(self) -> tuple[Exemption, ...]:
        """Return those that have covered nobody: typing errors, or people who are gone."""
        return tuple(one for one in self._active if one.who not in self._used)

    def ending(self, today: date) -> tuple[Exemption, ...]:
        """Return those that end within `ENDING_DAYS` days, the earliest first."""
        ending = (one for one in self._active if (one.until - today).days <= ENDING_DAYS)
        return tuple(sorted(ending, key=lambda one: (one.until, one.who)))


def exemption_key(who: str) -> str:
    """Return the key of an exemption: of a person, or of `domain:…` or `group:…`.

    Raises ValueError for an invalid domain or group.
    """
    if who.startswith(DOMAIN):
        return DOMAIN + domain_pattern(who.removeprefix(DOMAIN))
    if who.startswith(GROUP):
        try:
            return GROUP + str(UUID(who.removeprefix(GROUP)))
        except ValueError:
            raise ValueError(f"{who.removeprefix(GROUP)!r} is not the id of a group") from None
    return who_key(who)
