"""A plan's people grouped as every report for people shows them.

Values in, values out; how they look is the formats' matter.
"""

from collections import Counter

from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.plan import Plan, PlanSummary

ORDER = (Verdict.DISABLE, Verdict.SIGN_OUT, Verdict.HOLD, Verdict.KEEP, Verdict.SKIP)
"""What concerns the reader most comes first."""


def people_with(plan: Plan, verdict: Verdict) -> tuple[Decision, ...]:
    """Return the decisions with that verdict: never seen first, then the longest idle first."""
    chosen = (decision for decision in plan.decisions if decision.decision is verdict)
    return tuple(sorted(chosen, key=_longest_idle_first))


def reasons_of(plan: Plan, verdict: Verdict) -> tuple[tuple[Reason, int], ...]:
    """Return how many got the verdict for which reason, the most frequent first."""
    counts = Counter(d.reason for d in plan.decisions if d.decision is verdict)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0].value)))


def count_of(summary: PlanSummary, verdict: Verdict) -> int:
    """Return how many got the verdict."""
    return int(getattr(summary, verdict.value.replace("-", "_")))


def headline(plan: Plan) -> str:
    """Return the plan's result in one sentence without a full stop."""
    # A guest who is on no roster is reported, and is no contractor.
    everyone = sum(one.reason is not Reason.UNKNOWN_GUEST for one in plan.decisions)
    if not everyone:
        return "There is nobody on the roster"
    people = f"of {everyone:,} contractor{'' if everyone == 1 else 's'}"
    if plan.summary.disable:
        return f"{plan.summary.disable:,} {people} to be disabled"
    if plan.summary.hold:
        return f"Nobody to be disabled, {plan.summary.hold:,} {people} on hold"
    return f"Nobody {people} to be disabled"


def _longest_idle_first(decision: Decision) -> tuple[int, str, str]:
    idle = decision.idle_days
    return (
        -idle if idle is not None else -(10**9),
        (decision.display_name or "").casefold(),
        decision.email or decision.user_id or "",
    )
