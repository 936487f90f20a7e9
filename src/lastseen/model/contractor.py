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
    """A person on a roster. At least one of `id` and `email` is there."""

    id: UserId | None = None
    """The portal's id, where the roster knows it."""
    email: str | None = None
    """The e-mail address as the roster writes it."""
    display_name: str | None = None
    """The name as the roster writes it."""
    sponsor: str | None = None
    """Who invited or answers for the contractor, in the roster's own words."""
    end_date: date | None = None
    """The last day of the contract (UTC), where the roster knows it."""
    kind: str | None = None
    """What kind of contractor it is, in the roster's own words; cohorts may go by it."""


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
    type: AccountType = AccountType.GUEST
    """Owner, administrator, room administrator, user or guest."""
    is_ldap: bool = False
    """Managed by a directory: the portal refuses to change its status."""
    is_sso: bool = False
    """Signs in through single sign-on."""
    registered_at: Instant | None = None
    """When the account was made."""
    invited_by: UserId | None = None
    """The account that invited it (`createdBy`)."""
    sponsor: str | None = None
    """The inviter's e-mail or name, where the portal shows it."""
    groups: tuple[str, ...] = ()
    """Ids of the groups it belongs to."""
