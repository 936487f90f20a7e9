"""When time alone changes a decision: when somebody is due, and what clears a hold.

Pure: decisions and plans in, instants out; None if time alone changes nothing or if that can't be
known.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from lastseen.model.cohort import policy_by_name
from lastseen.model.contractor import UserId, user_id
from lastseen.model.counting import counted
from lastseen.model.decision import Decision, Reason, SeenBy, Verdict
from lastseen.model.instant import Instant, after, days, instant
from lastseen.model.plan import DueSoon, Plan, Policy, Soon
from lastseen.model.status import HeldFor

_COUNTED_FROM_LAST_SEEN = frozenset(
    {Reason.ACTIVE, Reason.RECENTLY_REGISTERED, Reason.RECENTLY_INVITED}
)


def inactive_days_of(decision: Decision, policy: Policy) -> int:
    """Return after how many days without a sighting this person is due, by their cohort."""
    return policy_by_name(policy, decision.cohort).inactive_days


def due_at(
    decision: Decision, policy: Policy, covered_since: Instant | None = None
) -> Instant | None:
    """Return when a person who is kept will be disabled if not seen before.

    Not before their absence can be proven: `covered_since` is since when the logs are known.
    """
    if decision.reason not in _COUNTED_FROM_LAST_SEEN or decision.last_seen_at is None:
        return None
    inactive_days = inactive_days_of(decision, policy)
    limit = inactive_days
    if decision.is_pending:
        limit = policy_by_name(policy, decision.cohort).pending_days
        if decision.last_seen_by is SeenBy.INVITATION:  # an invitation counts like a sighting
            limit = max(limit, inactive_days)
    due = after(decision.last_seen_at, days(limit))
    if covered_since is None or covered_since <= decision.last_seen_at:
        return due
    return max(due, after(covered_since, days(inactive_days)))


def due_by_contract(decision: Decision, policy: Policy, end_date: date | None) -> Instant | None:
    """Return when the contract of a person who is kept or held until then ends, or None.

    `end_date` is the last day of the contract (UTC), if the roster knows it.
    """
    is_open = decision.decision in (Verdict.KEEP, Verdict.HOLD) and decision.reason is not (
        Reason.EXEMPT
    )
    rules = policy_by_name(policy, decision.cohort)
    if end_date is None or not is_open or rules.contract_end != "disable":
        return None
    midnight = instant(datetime(end_date.year, end_date.month, end_date.day, tzinfo=UTC))
    return after(midnight, days(1)) if end_date < date.max else None


def soon_due(
    decisions: Iterable[Decision],
    policy: Policy,
    *,
    ends: Mapping[UserId, date],
    now: Instant,
    within_days: int,
    covered_since: Instant | None = None,
) -> Soon:
    """Return who will be disabled within that many days from `now` if they are not seen.

    `ends`: the last day of the contract of each person that has one, by the portal's id.
    `covered_since`: since when the logs are known.
    """
    until = after(now, days(within_days))
    people = []
    for decision in decisions:
        if decision.user_id is None:
            continue
        by_absence = due_at(decision, policy, covered_since)
        never = decision.last_seen_by in (SeenBy.REGISTRATION, SeenBy.INVITATION)
        is_kept = policy_by_name(policy, decision.cohort).never_seen == "keep"
        if never and is_kept and not decision.is_pending:
            by_absence = None
        by_contract = due_by_contract(decision, policy, ends.get(user_id(decision.user_id)))
        dates = [
            (by_absence, _reason_when_due(decision, never=never)),
            (by_contract, Reason.CONTRACT_ENDED),
        ]
        known = [(at, reason) for at, reason in dates if at is not None and at <= until]
        if known:
            at, reason = min(known)
            people.append(_due(decision, at, reason))
    return Soon(
        days=within_days,
        people=tuple(sorted(people, key=lambda one: (one.due_at, one.email or "", one.user_id))),
    )


def _reason_when_due(decision: Decision, *, never: bool) -> Reason:
    if decision.is_pending:
        return Reason.INVITATION_NOT_ACCEPTED
    return Reason.NEVER_SEEN if never else Reason.INACTIVE


def _due(decision: Decision, at: Instant, reason: Reason) -> DueSoon:
    return DueSoon(
        user_id=decision.user_id or UserId(""),
        email=decision.email,
        display_name=decision.display_name,
        sponsor=decision.sponsor,
        due_at=at,
        reason=reason,
    )


def due_soon(plan: Plan, within_days: int) -> tuple[tuple[Instant, Decision], ...]:
    """Return who will be disabled within that many days if not seen before, the earliest first.

    Contracts that end are only known if the review looked that many days ahead.
    """
    soon = plan.soon
    if soon is None or soon.days < within_days:
        soon = soon_due(
            plan.decisions,
            plan.policy,
            ends={},
            now=plan.now,
            within_days=within_days,
            covered_since=plan.evidence.covered_since,
        )
    until = after(plan.now, days(within_days))
    decisions = {one.user_id: one for one in plan.decisions}
    return tuple((one.due_at, decisions[one.user_id]) for one in soon.people if one.due_at <= until)


def holds(plan: Plan) -> tuple[HeldFor, ...]:
    """Return the people on hold by reason and by whether time clears it, the largest group first.

    The date of a group is its last one.
    """
    groups: dict[tuple[Reason, bool, bool], list[Decision]] = {}
    for one in plan.decisions:
        if one.decision is Verdict.HOLD:
            kind = (one.reason, one.clears_at is None, one.return_until is None)
            groups.setdefault(kind, []).append(one)
    found = [
        HeldFor(
            reason=reason,
            count=len(alike),
            clears_at=max((one.clears_at for one in alike if one.clears_at), default=None),
            cleared_by=what_clears(alike[0], plan),
        )
        for (reason, _, _), alike in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.reason, one.clears_at is None)))


def what_clears(decision: Decision, plan: Plan) -> str:
    """Return what ends a hold, to follow `clears` and a date; empty for other decisions."""
    match decision.reason:
        case Reason.EVIDENCE_INCOMPLETE if decision.clears_at is None:
            return "when the cause that `lastseen explain` names is gone"
        case Reason.EVIDENCE_INCOMPLETE:
            often = review_interval_days(plan)
            return f"with reviews at least every {counted(often, 'day')}"
        case Reason.UNRECOGNISED_EVENT:
            return "or earlier with a newer Lastseen that knows the event"
        case Reason.AMBIGUOUS:
            return "with an id on the roster that names one account"
        case Reason.SESSION_MAY_BE_OPEN if decision.clears_at is None:
            return (
                "with a sighting: an application that they authorised (OAuth) may still act for "
                "them"
            )
        case Reason.SESSION_MAY_BE_OPEN if decision.return_until is not None:
            return "when signed-out people have had their days to sign in again, or with a sighting"
        case Reason.SESSION_MAY_BE_OPEN:
            return "when their sessions have ended, or with a sighting"
    return ""


def review_interval_days(plan: Plan) -> int:
    """Return how often to review so that nothing leaves the portal's log unread."""
    kept = plan.evidence.retention_days or plan.policy.inactive_days
    return max(1, min(kept, plan.policy.inactive_days) // 2)
