"""What speaks against changing an account by now, and what has changed since the decision. Pure."""

from collections.abc import Collection, Mapping

import msgspec

from lastseen.execution.target import Target
from lastseen.model.contractor import (
    AccountType,
    Profile,
    UserId,
    email_key,
    protection,
)
from lastseen.model.exemption import Exemption, keys_of
from lastseen.model.instant import Instant, format_instant
from lastseen.model.receipt import Cause


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What has changed since a decision: reason enough to spare a person."""

    cause: Cause
    """What it is, for programs."""
    explanation: str
    """What it is, in a sentence for people."""


def account_change(target: Target, now: Profile, *, own: UserId) -> Change | None:
    """Return what speaks against changing the account as it stands now, or None.

    `own` is the account that the API key acts as. The portal would refuse some of them, and with
    them the whole batch (UserController.cs): knowing them beforehand stops nobody else.
    """
    protected = protection(now, is_own=now.id == own)
    if protected is not None:
        return Change(cause=Cause.PROTECTED, explanation=f"by now the account {protected}")
    if target.type is not None and now.type is not target.type:
        return _changed(
            f"the account was a {_words(target.type)}'s and is now a {_words(now.type)}'s"
        )
    if target.email and email_key(now.email) != email_key(target.email):
        return _changed(f"the e-mail address was {target.email} and is now {now.email or 'empty'}")
    return None


def exemption_now(target: Target, exemptions: Collection[Exemption]) -> Change | None:
    """Return the exemption that holds for a person, or None."""
    names = keys_of(ids=[target.user_id], emails=[target.email])
    for exemption in exemptions:
        if exemption.who in names:
            words = f"exempt until {exemption.until}: {exemption.reason}"
            return Change(cause=Cause.EXEMPT, explanation=words)
    return None


def reinstatement_since(
    target: Target, decided_at: Instant, reinstated: Mapping[UserId, Instant]
) -> Change | None:
    """Say that a person was reinstated after it was decided about them, or return None."""
    at = reinstated.get(target.user_id)
    if at is None or at <= decided_at:
        return None
    return Change(
        cause=Cause.REINSTATED,
        explanation=f"the account was reinstated, as seen at {format_instant(at)}, after the"
        " decision",
    )


def _changed(words: str) -> Change:
    return Change(cause=Cause.ACCOUNT_CHANGED, explanation=words)


def _words(kind: AccountType) -> str:
    return kind.value.replace("-", " ")
