"""A plan's people grouped and counted as all reports show them.

Values in, values out; layout is up to each format.
"""

from collections import Counter
from collections.abc import Iterable

from lastseen.model.counting import counted, number
from lastseen.model.decision import (
    Decision,
    Reason,
    SeenBy,
    Verdict,
    by_idle_time,
    idle_for_longer,
)
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan, PlanSummary, Policy
from lastseen.reports.interface import PlanContext
from lastseen.reports.words import unseen

ORDER = (Verdict.DISABLE, Verdict.SIGN_OUT, Verdict.HOLD, Verdict.KEEP, Verdict.SKIP)
"""The order of sections: what concerns the reader most comes first."""

TITLES = {
    Verdict.DISABLE: "To be disabled",
    Verdict.SIGN_OUT: "To be signed out",
    Verdict.HOLD: "On hold",
    Verdict.KEEP: "Kept",
    Verdict.SKIP: "Skipped",
}

_SHOWN_ALONE = {
    Verdict.SIGN_OUT: "to be signed out",
    Verdict.HOLD: "on hold",
    Verdict.KEEP: "kept",
    Verdict.SKIP: "skipped",
}

_SHOWN_BY_COLUMNS = frozenset(
    {
        Reason.INACTIVE,
        Reason.NEVER_SEEN,
        Reason.INVITATION_NOT_ACCEPTED,
        Reason.ACTIVE,
        Reason.RECENTLY_REGISTERED,
        Reason.RECENTLY_INVITED,
    }
)
"""Reasons that the date, its kind and the number of days express completely."""


_WITH_DATES_OF_THEIR_OWN = frozenset({Reason.CONTRACT_ENDED, Reason.SESSION_MAY_BE_OPEN})


def shown_people(plan: Plan, only: Verdict | None) -> tuple[Decision, ...]:
    """Return all decisions of a plan, or those with one verdict, in the plan's order."""
    if only is None:
        return plan.decisions
    return tuple(decision for decision in plan.decisions if decision.decision is only)


def people_with(plan: Plan, verdict: Verdict) -> tuple[Decision, ...]:
    """Return the decisions with that verdict, the longest idle first."""
    chosen = (decision for decision in plan.decisions if decision.decision is verdict)
    return tuple(sorted(chosen, key=_longest_idle_first))


def reasons_of(plan: Plan, verdict: Verdict) -> tuple[tuple[Reason, int], ...]:
    """Return how many got the verdict for each reason, the most frequent first."""
    counts = Counter(d.reason for d in plan.decisions if d.decision is verdict)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0].value)))


def count_of(summary: PlanSummary, verdict: Verdict) -> int:
    """Return how many got the verdict."""
    return int(getattr(summary, verdict.value.replace("-", "_")))


def people_decided_on(plan: Plan) -> int:
    """Return how many people were decided on, without guests that are only reported."""
    return sum(one.reason is not Reason.UNKNOWN_GUEST for one in plan.decisions)


def headline(plan: Plan, context: PlanContext) -> str:
    """Return the plan's result, or that of the one decision shown, without a full stop."""
    everyone = people_decided_on(plan)
    if not everyone:
        return "There is nobody on the roster"
    people = f"of {counted(everyone, 'contractor')}"
    if context.only not in (None, Verdict.DISABLE):
        count = count_of(plan.summary, context.only)
        return f"{number(count)} {people} {_SHOWN_ALONE[context.only]}"
    if plan.summary.disable and context.applied_by and not context.left:
        were = "was" if plan.summary.disable == 1 else "were"
        return f"{number(plan.summary.disable)} {people} {were} to be disabled: carried out"
    if plan.summary.disable:
        return f"{number(plan.summary.disable)} {people} to be disabled"
    if plan.summary.hold:
        return f"Nobody to be disabled, {number(plan.summary.hold)} {people} on hold"
    return f"Nobody {people} to be disabled"


def says_more(decision: Decision, policy: Policy) -> bool:
    """Return whether the explanation adds to what date, kind and number of days show."""
    if decision.decision is Verdict.SIGN_OUT:  # the section's title says what is done, and why
        return False
    return decision.reason not in _SHOWN_BY_COLUMNS or policy.contract_end == "report"


def shared_explanations(decisions: Iterable[Decision], policy: Policy) -> dict[str, int]:
    """Return the explanations to be shown that several people share, and how many they are."""
    counts = Counter(
        one.explanation
        for one in decisions
        if not one.clears_at
        and one.reason not in _WITH_DATES_OF_THEIR_OWN
        and says_more(one, policy)
    )
    return {text: count for text, count in counts.most_common() if count > 1}


def idle_since_registration(decision: Decision) -> bool:
    """Return whether the days idle count from the registration, for lack of any sighting."""
    return decision.last_seen_by is SeenBy.REGISTRATION


def words_for_no_sighting(decision: Decision, now: Instant) -> str | None:
    """Return what stands in the place of the date; None if there is a date to show."""
    if decision.reason is Reason.NEVER_SEEN:
        return "never"
    if decision.last_seen_at is None or _may_have_been_seen(decision, now):
        return unseen(decision)
    return "no sighting" if idle_since_registration(decision) else None


def _may_have_been_seen(decision: Decision, now: Instant) -> bool:
    """Return whether a sighting may lie between the registration and the known part of the logs."""
    return idle_since_registration(decision) and idle_for_longer(decision, now)


def _longest_idle_first(decision: Decision) -> tuple[tuple[float, float], str, str]:
    return (
        by_idle_time(decision),
        (decision.display_name or "").casefold(),
        decision.email or decision.user_id or "",
    )
