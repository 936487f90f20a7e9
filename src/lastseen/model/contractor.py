"""A contractor as a roster names one, and the account that the portal has for them."""

from datetime import date
from enum import IntEnum, StrEnum
from typing import NewType

import msgspec

from lastseen.model.email_address import email_key as email_key
from lastseen.model.instant import Instant

UserId = NewType("UserId", str)
"""A portal's id of a person: a GUID in lower case. Make one with `user_id`."""


def user_id(text: str) -> UserId:
    """Return `text` as the portal would write it: trimmed, lower case, without braces."""
    return UserId(text.strip().strip("{}").lower())


def who_key(who: str) -> str:
    """Return an id or an e-mail address in the form used for comparison."""
    return email_key(who) if "@" in who else user_id(who)


def goes_by(who: str, *, identity: str | None, email: str | None) -> bool:
    """Return whether `who`, an id or an e-mail address in any case, names this person."""
    key = who_key(who)
    return bool(key) and key in (user_id(identity or ""), email_key(email or ""))


class AccountStatus(IntEnum):
    """The portal's account status (EmployeeStatus.cs)."""

    ACTIVE = 1
    TERMINATED = 2
    PENDING = 4


class AccountType(StrEnum):
    """What kind of account it is, read from the profile's flags."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    ROOM_ADMINISTRATOR = "room-administrator"
    USER = "user"
    GUEST = "guest"


class Contractor(msgspec.Struct, frozen=True, kw_only=True):
    """A person on a roster, with at least one of `id` and `email`."""

    id: UserId | None = None
    """The portal's id, if the roster knows it."""
    email: str | None = None
    """The e-mail address as the roster writes it."""
    display_name: str | None = None
    """The name as the roster writes it."""
    sponsor: str | None = None
    """Who invited or answers for the contractor, in the roster's own words."""
    end_date: date | None = None
    """The last day of the contract (UTC), if the roster knows it."""
    kind: str | None = None
    """The kind of contractor, in the roster's own words; cohorts may use it."""

    def contract_ended(self, today: date) -> bool:
        """Return whether the contract ended before `today` (UTC); it is valid on its last day."""
        return self.end_date is not None and self.end_date < today


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A person's account as the portal shows it (EmployeeFullDto.cs)."""

    id: UserId
    """The portal's id."""
    email: str = ""
    """The e-mail address as the portal writes it; may be empty."""
    display_name: str = ""
    """The name that the portal shows."""
    status: AccountStatus = AccountStatus.ACTIVE
    """Active, Terminated or Pending."""
    was_activated: bool = False
    """Whether an invitation was accepted once: then a Pending account was reinstated."""
    type: AccountType = AccountType.GUEST
    """Owner, administrator, room administrator, user or guest."""
    is_ldap: bool = False
    """Managed by a directory: the portal refuses to change its status."""
    is_sso: bool = False
    """Signs in through single sign-on."""
    registered_at: Instant | None = None
    """When the account was created."""
    invited_by: UserId | None = None
    """The account that invited it (`createdBy`)."""
    sponsor: str | None = None
    """The inviter's e-mail address or name, if the portal shows it."""
    groups: tuple[str, ...] = ()
    """Ids of the groups it belongs to."""


_PROTECTED = {
    AccountType.OWNER: "is the portal's owner",
    AccountType.ADMINISTRATOR: "is an administrator of the portal",
    AccountType.ROOM_ADMINISTRATOR: "is a room administrator of the portal",
}


def protection(profile: Profile, *, is_own: bool) -> str | None:
    """Return why this account may never lose its access ("is the portal's owner"), or None.

    `is_own`: it is the account of the API key. The portal itself refuses to disable the owner,
    LDAP accounts and the key's own (UserController.cs); Lastseen also protects administrators.
    """
    if profile.type in _PROTECTED:
        return _PROTECTED[profile.type]
    if profile.is_ldap:
        return "is managed by a directory (LDAP)"
    return "is the API key's own account" if is_own else None
