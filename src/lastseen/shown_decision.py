"""A ruling as the plan shows it: about whom, and when they were last seen by what. Pure."""

from datetime import timedelta

from lastseen.model.decision import Decision, Reason, SeenBy, Verdict
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, after
from lastseen.model.plan import Policy
from lastseen.open_sessions import Ruling, open_sessions, return_until
from lastseen.subject import PersonEvidence, Seen, Subject, open_invitation

_SECOND = timedelta(seconds=1)
_SEEN_LATELY = frozenset({Reason.ACTIVE, Reason.RECENTLY_REGISTERED, Reason.RECENTLY_INVITED})
_ENDING = frozenset({Verdict.DISABLE, Verdict.SIGN_OUT, Verdict.HOLD})
"""The verdicts for which it matters whether the person may still be signed in."""


def shown_decision(
    subject: Subject,
    evidence: PersonEvidence,
    ruling: Ruling,
    *,
    policy: Policy,
    now: Instant,
) -> Decision:
    """Return a ruling as the plan shows it: who it is about, when they were last seen and by what.

    `policy`: the one that applies to the person.
    """
    verdict, reason, explanation = ruling
    profile, contractor = subject.profile, subject.contractor
    newest = evidence.newest(no_later_than=after(now, CLOCK_TOLERANCE))
    seen_at, seen_by = _shown_as_seen(subject, evidence, newest, policy, reason)
    idle_since = _known_idle_since(evidence, seen_at, reason)
    return Decision(
        user_id=(profile.id if profile else contractor.id if contractor else None),
        email=(profile.email if profile and profile.email else None)
        or (contractor.email if contractor else None),
        display_name=(profile.display_name if profile and profile.display_name else None)
        or (contractor.display_name if contractor else None),
        decision=verdict,
        reason=reason,
        explanation=f"{explanation} (cohort {subject.cohort})" if subject.cohort else explanation,
        last_seen_at=seen_at,
        last_seen_by=seen_by,
        idle_days=max(0, (now - idle_since) // timedelta(days=1)) if idle_since else None,
        session_may_be_open=verdict in _ENDING
        and bool(open_sessions(evidence.sessions, policy=policy, now=now)),
        return_until=return_until(evidence.sessions, policy=policy, now=now)
        if (verdict, reason) == (Verdict.HOLD, Reason.SESSION_MAY_BE_OPEN)
        else None,
        is_pending=open_invitation(subject, evidence, newest) is not None,
        cohort=subject.cohort,
        failed_sign_ins=evidence.failed.count,
        sponsor=(contractor.sponsor if contractor and contractor.sponsor else None)
        or (profile.sponsor if profile else None),
    )


def _shown_as_seen(
    subject: Subject,
    evidence: PersonEvidence,
    seen: Seen | None,
    policy: Policy,
    reason: Reason,
) -> tuple[Instant | None, SeenBy | None]:
    if seen:
        return seen.at, seen.by
    if evidence.invited_at and subject.problem is None:
        return evidence.invited_at, SeenBy.INVITATION
    registered = subject.profile.registered_at if subject.profile else None
    if reason is Reason.INACTIVE:
        return None, None  # the date lies further back than was read
    counts = policy.never_seen == "grace" or open_invitation(subject, evidence, seen) is not None
    if registered and counts and subject.problem is None:
        return registered, SeenBy.REGISTRATION
    return None, None


def _known_idle_since(
    evidence: PersonEvidence, seen_at: Instant | None, reason: Reason
) -> Instant | None:
    """Return since when a person is known to be idle: at most as long as the logs are known.

    There may be a newer sighting between an old one and the known part of the logs.
    """
    if reason in _SEEN_LATELY or (seen_at and evidence.is_proven_since(after(seen_at, _SECOND))):
        return seen_at
    return evidence.proven_since
