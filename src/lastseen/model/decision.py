"""A decision on one contractor: what is to be done, and why."""

import math
from enum import StrEnum

import msgspec

from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant


class Verdict(StrEnum):
    """What is to be done about a contractor."""

    DISABLE = "disable"
    SIGN_OUT = "sign-out"
    KEEP = "keep"
    HOLD = "hold"
    SKIP = "skip"


class Reason(StrEnum):
    """Why; fixed, since programs depend on it."""

    INACTIVE = "inactive"
    NEVER_SEEN = "never-seen"
    CONTRACT_ENDED = "contract-ended"
    INVITATION_NOT_ACCEPTED = "invitation-not-accepted"
    NOT_ON_ROSTER = "not-on-roster"
    SESSION_MAY_BE_OPEN = "session-may-be-open"
    ACTIVE = "active"
    RECENTLY_REGISTERED = "recently-registered"
    RECENTLY_REINSTATED = "recently-reinstated"
    RECENTLY_INVITED = "recently-invited"
    EXEMPT = "exempt"
    PROTECTED = "protected"
    ALREADY_DISABLED = "already-disabled"
    NOT_ON_PORTAL = "not-on-portal"
    UNKNOWN_GUEST = "unknown-guest"
    AMBIGUOUS = "ambiguous"
    EVIDENCE_INCOMPLETE = "evidence-incomplete"
    UNRECOGNISED_EVENT = "unrecognised-event"


class SeenBy(StrEnum):
    """The kind of event behind the date shown as last seen."""

    SIGN_IN = "sign-in"
    ACTIVITY = "activity"
    API_KEY = "api-key"
    INVITATION = "invitation"
    REGISTRATION = "registration"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The plan's decision about one contractor; field names are the plan's contract."""

    user_id: UserId | None
    """The portal's id; null if the person on the roster isn't on the portal and has no id there."""
    email: str | None
    """The e-mail address, the portal's if it has one."""
    display_name: str | None
    """The name, the portal's if it has one."""
    decision: Verdict
    """What is to be done."""
    reason: Reason
    """Why."""
    explanation: str
    """One sentence for people."""
    last_seen_at: Instant | None = None
    """The newest sighting, or the registration if the policy counts from it."""
    last_seen_by: SeenBy | None = None
    """The kind of event behind `last_seen_at`."""
    idle_days: int | None = None
    """Whole days of 24 hours up to the plan's `now` for which absence is known: since the newest
    sighting, or since the known part of the logs or the account began if that is later."""
    session_may_be_open: bool = False
    """Whether a session may still be open, in which reading leaves no trace."""
    return_until: Instant | None = None
    """Until when a person on hold who was signed out has time to sign in again; null for others."""
    clears_at: Instant | None = None
    """By when a hold clears if reviews continue and the person is not seen; null if time alone does
    not clear it, and for other decisions."""
    is_pending: bool = False
    """Whether the person was invited and never accepted, so that `pending_days` counts."""
    cohort: str | None = None
    """The name of the cohort whose policy decided; null if the general one did."""
    failed_sign_ins: int = 0
    """Known refused attempts on the account."""
    sponsor: str | None = None
    """Who invited or answers for the contractor."""


def idle_for_longer(decision: Decision, now: Instant) -> bool:
    """Return whether the person may have been away for longer than `idle_days`, at the plan's now.

    True where older entries were not read, since the date of the last sighting is unknown then.
    """
    if decision.idle_days is None:
        return False
    at = decision.last_seen_at
    return at is None or (now - at).days > decision.idle_days


def by_idle_time(decision: Decision) -> tuple[float, float]:
    """Return a sort key: people whose idle time is unknown first, then the longest idle.

    People who have been idle for equally long are sorted by their sighting, the earliest first.
    """
    at = decision.last_seen_at
    return (
        -math.inf if decision.idle_days is None else -decision.idle_days,
        math.inf if at is None or decision.last_seen_by is SeenBy.REGISTRATION else at.timestamp(),
    )
