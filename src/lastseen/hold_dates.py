"""When a hold clears by time alone: a date that the next reviews repeat. Pure.

It is computed from the cause of the hold, never from the day of the review, so it doesn't move.
"""

from lastseen.model.decision import Reason
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, after, days
from lastseen.model.plan import Policy
from lastseen.open_sessions import sessions_end
from lastseen.subject import PersonEvidence, Subject


def hold_clears_at(
    subject: Subject, evidence: PersonEvidence, reason: Reason, *, policy: Policy, now: Instant
) -> Instant | None:
    """Return by when a hold for `reason` clears if reviews continue and the person is not seen.

    `policy` is the one that decided. None if time alone clears nothing, or no date is known.
    """
    match reason:
        case Reason.UNRECOGNISED_EVENT if evidence.unrecognised:
            return after(evidence.unrecognised.at, days(policy.inactive_days))
        case Reason.SESSION_MAY_BE_OPEN:
            return sessions_end(evidence.sessions, policy=policy, now=now)
        case Reason.EVIDENCE_INCOMPLETE:
            return _covered_at(subject, evidence, policy, now)
    return None


def _covered_at(
    subject: Subject, evidence: PersonEvidence, policy: Policy, now: Instant
) -> Instant | None:
    """Return when the logs will be known for as long as a decision needs."""
    seen = evidence.sighting
    is_ahead = seen is not None and seen.at > after(now, CLOCK_TOLERANCE)
    if evidence.proven_since is None or evidence.silence or is_ahead:
        return None
    needed = policy.inactive_days
    if seen is None and evidence.key_used_at is None:
        registered = subject.profile.registered_at if subject.profile else None
        if policy.never_seen == "grace" and registered is None:
            return None
        if policy.never_seen == "keep":
            needed = max(needed, policy.lookback_days)
    covered = after(evidence.proven_since, days(needed))
    return covered if covered > now else None
