"""When a decision will change by time alone: when somebody is due, and when a hold clears.

Pure: decisions and plans in, instants out; None where time alone changes nothing or it can't be
told.
"""

from lastseen.model.cohort import policy_by_name
from lastseen.model.counting import counted
from lastseen.model.decision import Decision, Reason
from lastseen.model.instant import Instant, after, days
from lastseen.model.plan import Plan, Policy

_COUNTED_FROM_LAST_SEEN = frozenset(
    {Reason.ACTIVE, Reason.RECENTLY_REGISTERED, Reason.RECENTLY_INVITED}
)


def inactive_days_of(decision: Decision, policy: Policy) -> int:
    """Return after how many days without a sighting this person is due, by their cohort."""
    return policy_by_name(policy, decision.cohort).inactive_days


def due_at(decision: Decision, policy: Policy) -> Instant | None:
    """Return when somebody who is kept will be disabled if not seen before."""
    if decision.reason not in _COUNTED_FROM_LAST_SEEN or decision.last_seen_at is None:
        return None
    return after(decision.last_seen_at, days(inactive_days_of(decision, policy)))


def due_soon(plan: Plan, within_days: int) -> tuple[tuple[Instant, Decision], ...]:
    """Return who will be disabled within so many days if not seen before, the earliest first."""
    until = after(plan.now, days(within_days))
    due = ((due_at(decision, plan.policy), decision) for decision in plan.decisions)
    found = [(at, decision) for at, decision in due if at is not None and at <= until]
    return tuple(sorted(found, key=lambda one: (one[0], one[1].email or "")))


def clears_at(decision: Decision, plan: Plan) -> Instant | None:
    """Return by when a hold clears if reviews go on.

    Evidence over the whole window is there once the ledger has been filled for as long; an
    unrecognised event leaves the window after as long at the latest.
    """
    window = days(inactive_days_of(decision, plan.policy))
    match decision.reason:
        case Reason.EVIDENCE_INCOMPLETE:
            since = plan.evidence.covered_since
            clears = None if since is None else after(since, window)
            return clears if clears is not None and clears > plan.now else None
        case Reason.UNRECOGNISED_EVENT:
            return after(plan.now, window)
    return None


def what_clears(decision: Decision, plan: Plan) -> str:
    """Return what ends a hold, to follow `clears` and a date; empty for other decisions."""
    match decision.reason:
        case Reason.EVIDENCE_INCOMPLETE:
            often = review_interval_days(plan)
            return f"with reviews at least every {counted(often, 'day')}"
        case Reason.UNRECOGNISED_EVENT:
            return "or earlier with a newer Lastseen that knows the event"
        case Reason.AMBIGUOUS:
            return "with an id on the roster that names one account"
        case Reason.SESSION_MAY_BE_OPEN:
            return "when their sessions have ended, or with a sighting"
    return ""


def review_interval_days(plan: Plan) -> int:
    """Return how often to review so that nothing leaves the portal's log unread."""
    kept = plan.evidence.retention_days or plan.policy.inactive_days
    return max(1, min(kept, plan.policy.inactive_days) // 2)
