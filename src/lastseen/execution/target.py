"""A person whose account is to be changed, as they were when that was decided."""

from collections.abc import Iterable

import msgspec

from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId
from lastseen.model.decision import Decision, Reason


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A person whose account is to be changed; the journal keeps it in this form."""

    user_id: UserId
    """The portal's id."""
    email: str | None
    """The e-mail address."""
    type: AccountType | None = None
    """What kind of account it was; None if the decision did not record it."""
    reason: Reason | None = None
    """Why the plan decides to change it; None in journals of earlier versions."""
    session_may_be_open: bool | None = None
    """Whether the plan says that a session may still be open; None as for `reason`."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A person to recheck."""

    target: Target
    """The person as they were when the decision was made."""
    decision: Decision
    """The plan's decision."""


def emails_of(targets: Iterable[Target]) -> dict[UserId, str | None]:
    """Return the address of each person, by id."""
    return {target.user_id: target.email for target in targets}


def has_status(profile: Profile, status: AccountStatus) -> bool:
    """Return whether `profile` has the status that was meant.

    Reinstating a person without a name makes them Pending (UserController.cs): that counts.
    """
    if status is AccountStatus.ACTIVE:
        return profile.status in (AccountStatus.ACTIVE, AccountStatus.PENDING)
    return profile.status is status
