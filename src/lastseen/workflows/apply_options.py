"""How to apply a plan, and which of its people that selects."""

from collections.abc import Sequence

import msgspec

from lastseen.execution.context import Pace
from lastseen.execution.history import read_history
from lastseen.execution.selection import Selection, longest_idle, select
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId, user_id
from lastseen.model.decision import Decision, Verdict
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind
from lastseen.model.run import UNFINISHED


class ApplyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to apply a plan."""

    guardrails: Guardrails = Guardrails()
    """The limits beyond which nothing is changed at all."""
    selection: Selection = Selection()
    """Which of the people in the plan to change this time."""
    limit: int | None = None
    """At most this many of them, the longest idle first; None: all."""
    max_disable: int | None = None
    """How many people this run may disable, whatever the guardrails say; None: they apply."""
    trust_plan_file: bool = False
    """Whether to accept a plan that this ledger did not make, deciding everyone in it again."""
    reconcile: bool = True
    """Whether deciding again also lists the guests on no outside roster."""
    pace: Pace = Pace()
    """How many people one request disables, and how long to wait for answers."""


def chosen_of(plan: Plan, options: ApplyOptions, ledger: PortalLedger) -> tuple[Decision, ...]:
    """Return whom `plan` changes and `options` select; raises UsageError for unknown names."""
    chosen = select(
        actions_of(plan),
        options.selection,
        attempted=f"choosing people of the plan {plan.plan_id}",
        among="the people whom the plan disables or signs out",
    )
    if options.limit is None:
        return chosen
    done = _done_before(ledger)
    return longest_idle([one for one in chosen if id_of(one) not in done], options.limit)


def actions_of(plan: Plan) -> tuple[Decision, ...]:
    """Return the decisions of a plan that change something, in the plan's order."""
    return (*plan.to_disable(), *plan.to_sign_out())


def with_verdict(decisions: Sequence[Decision], verdict: Verdict) -> tuple[Decision, ...]:
    """Return those of `decisions` with this verdict."""
    return tuple(one for one in decisions if one.decision is verdict)


def ids_of(decisions: Sequence[Decision]) -> list[UserId]:
    """Return the people of `decisions`."""
    return [id_of(one) for one in decisions]


def id_of(decision: Decision) -> UserId:
    """Return the person of a decision; checked plans give the id of everyone they change."""
    return user_id(decision.user_id or "")


def _done_before(ledger: PortalLedger) -> frozenset[UserId]:
    """Return whom finished runs disabled or signed out: a limit skips them."""
    history = read_history(ledger.journal.entries())
    unfinished = {run.run_id for run in ledger.runs.all() if run.state in UNFINISHED}
    disabled = (
        who
        for who, change in history.changes.items()
        if change.outcome is OutcomeKind.DISABLED and change.run_id not in unfinished
    )
    return frozenset(disabled).union(history.signed_out)
