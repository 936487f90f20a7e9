"""The outcomes that a run records, each made in one place. Pure."""

from lastseen.execution.eligibility import SparingChange
from lastseen.execution.target import Target
from lastseen.model.contractor import AccountStatus, Profile
from lastseen.model.receipt import Cause, Outcome, OutcomeKind

GONE = SparingChange(cause=Cause.GONE, explanation="the account is no longer on the portal")
"""For a person whose account no longer exists."""


def spared(target: Target, change: SparingChange) -> Outcome:
    """Return the outcome of a person left unchanged because something has changed."""
    return _outcome(target, OutcomeKind.SPARED_CHANGED, change.explanation, change.cause)


def seen(target: Target, why: str) -> Outcome:
    """Return the outcome of a person spared because they were seen."""
    return _outcome(target, OutcomeKind.SPARED_ACTIVE, why, Cause.SEEN)


def failed(target: Target, why: str, cause: Cause) -> Outcome:
    """Return the outcome of a person for whom the change failed."""
    return _outcome(target, OutcomeKind.FAILED, why, cause)


def refused(target: Target, answer: str, cause: Cause = Cause.REFUSED) -> Outcome:
    """Return the outcome of a person whom the portal refused to change, with its `answer`."""
    return _outcome(target, OutcomeKind.REFUSED, answer, cause)


def already(target: Target, status: AccountStatus) -> Outcome:
    """Return the outcome of a person who had the requested status before the run."""
    kind = (
        OutcomeKind.ALREADY_ACTIVE
        if status is AccountStatus.ACTIVE
        else OutcomeKind.ALREADY_DISABLED
    )
    return _outcome(target, kind, verified=True)


def done(target: Target, now: Profile, status: AccountStatus) -> Outcome:
    """Return the outcome of a person who has the requested status, as reading back shows."""
    pending = now.status is AccountStatus.PENDING
    why, cause = (_PENDING, Cause.PENDING) if pending else (None, None)
    return _outcome(target, completed_kind(status), why, cause, verified=True)


def unconfirmed(target: Target, status: AccountStatus, why: str) -> Outcome:
    """Return the outcome of a person whom the portal says it changed, but who was not read back."""
    words = f"the portal reported success; {why}"
    return _outcome(target, completed_kind(status), words, Cause.UNCONFIRMED)


def unrequested(target: Target, status: AccountStatus, *, verified: bool) -> Outcome:
    """Return the outcome of a person whom the portal changed without being asked to."""
    why = "the portal changed this account though it was not asked to: undo the run for it"
    return _outcome(target, completed_kind(status), why, Cause.UNREQUESTED, verified=verified)


def signed_out(target: Target) -> Outcome:
    """Return the outcome of a person whose sessions the portal ended."""
    return _outcome(target, OutcomeKind.SIGNED_OUT, verified=True)


def completed_kind(status: AccountStatus) -> OutcomeKind:
    """Return the outcome of those who were given `status`."""
    return OutcomeKind.REINSTATED if status is AccountStatus.ACTIVE else OutcomeKind.DISABLED


def kept_by_new_review(target: Target, why: str) -> Outcome:
    """Return the outcome of a person named by a foreign plan whom the new review keeps."""
    return _outcome(target, OutcomeKind.SPARED_CHANGED, why, Cause.DECIDED_ANEW)


def _outcome(
    target: Target,
    kind: OutcomeKind,
    why: str | None = None,
    cause: Cause | None = None,
    *,
    verified: bool = False,
) -> Outcome:
    return Outcome(
        user_id=target.user_id,
        email=target.email,
        outcome=kind,
        verified=verified,
        error=why,
        cause=cause,
        reason=target.reason,
        session_may_be_open=target.session_may_be_open,
    )


_PENDING = (
    "the portal made the account Pending, since it has no first and last name: the person "
    "must accept the invitation again"
)
