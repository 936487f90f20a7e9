"""How somebody stands now against how they stood when it was decided, and what follows.

Pure: profiles and dates in, outcomes out. The portal's own refusals (owner, administrators, LDAP,
the key's own account) are known beforehand from release 3.7.2 (UserController.cs), so that
nobody's refusal stops the others.
"""

from collections.abc import Collection

import msgspec

from lastseen.model.contractor import (
    AccountStatus,
    AccountType,
    Profile,
    UserId,
    email_key,
)
from lastseen.model.exemption import Exemption, keys_of
from lastseen.model.instant import Instant, format_instant
from lastseen.model.receipt import Outcome, OutcomeKind


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose status is to change, as they stood when that was decided."""

    user_id: UserId
    """The portal's id."""
    email: str | None
    """The e-mail address."""
    type: AccountType | None = None
    """What kind of account it was; None where whoever decided did not note it."""


GONE = "the account is no longer on the portal"
"""Said of somebody whom the portal doesn't know any more."""

_PROTECTED = {
    AccountType.OWNER: "the account now owns the portal",
    AccountType.ADMINISTRATOR: "the account is now an administrator's",
    AccountType.ROOM_ADMINISTRATOR: "the account is now a room administrator's",
}


def has_status(profile: Profile, status: AccountStatus) -> bool:
    """Say whether `profile` has the status that was meant.

    Reinstating somebody without a name makes them Pending (UserController.cs): that counts.
    """
    if status is AccountStatus.ACTIVE:
        return profile.status in (AccountStatus.ACTIVE, AccountStatus.PENDING)
    return profile.status is status


def changed_since(target: Target, now: Profile | None, *, own: UserId) -> str | None:
    """Return what speaks against changing the account, in a sentence, or None where nothing does.

    `own` is the account that the key acts as.
    """
    if now is None:
        return GONE
    if now.id == own:
        return "it is the account that the API key acts as"
    if now.type in _PROTECTED:
        return _PROTECTED[now.type]
    if now.is_ldap:
        return "the account is now managed by a directory (LDAP)"
    if target.type is not None and now.type is not target.type:
        return f"the account was a {_words(target.type)}'s and is now a {_words(now.type)}'s"
    if target.email and email_key(now.email) != email_key(target.email):
        return f"the e-mail address was {target.email} and is now {now.email or 'empty'}"
    return None


def exempt_now(target: Target, exemptions: Collection[Exemption]) -> str | None:
    """Return the exemption that holds for somebody, in a sentence, or None where none does."""
    names = keys_of(ids=[target.user_id], emails=[target.email])
    for exemption in exemptions:
        if exemption.who in names:
            return f"exempt until {exemption.until}: {exemption.reason}"
    return None


def reinstated_after(
    target: Target, decided_at: Instant, reinstated: dict[UserId, Instant]
) -> str | None:
    """Say that somebody was reinstated after it was decided about them, or return None."""
    at = reinstated.get(target.user_id)
    if at is None or at <= decided_at:
        return None
    return f"the account was reinstated, as seen at {format_instant(at)}, after the decision"


def spared(target: Target, why: str) -> Outcome:
    """Return the outcome of somebody who is left as they are because something has changed."""
    return Outcome(
        user_id=target.user_id,
        email=target.email,
        outcome=OutcomeKind.SPARED_CHANGED,
        error=why,
    )


def failed(target: Target, why: str) -> Outcome:
    """Return the outcome of somebody for whom it could not be done."""
    return Outcome(
        user_id=target.user_id, email=target.email, outcome=OutcomeKind.FAILED, error=why
    )


def already(target: Target, status: AccountStatus) -> Outcome:
    """Return the outcome of somebody who had the status meant before anything was done."""
    kind = (
        OutcomeKind.ALREADY_ACTIVE
        if status is AccountStatus.ACTIVE
        else OutcomeKind.ALREADY_DISABLED
    )
    return Outcome(user_id=target.user_id, email=target.email, outcome=kind, verified=True)


def done(target: Target, now: Profile, status: AccountStatus) -> Outcome:
    """Return the outcome of somebody whom reading back shows with the status meant."""
    return Outcome(
        user_id=target.user_id,
        email=target.email,
        outcome=kind_done(status),
        verified=True,
        error=_pending(now),
    )


def kind_done(status: AccountStatus) -> OutcomeKind:
    """Return the outcome of those to whom `status` was given."""
    return OutcomeKind.REINSTATED if status is AccountStatus.ACTIVE else OutcomeKind.DISABLED


def _pending(now: Profile) -> str | None:
    if now.status is not AccountStatus.PENDING:
        return None
    return (
        "the portal made the account Pending, since it has no first and last name: the person "
        "must accept the invitation again"
    )


def _words(kind: AccountType) -> str:
    return kind.value.replace("-", " ")
