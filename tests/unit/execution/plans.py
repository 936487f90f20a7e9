"""Plans and ledgers for tests of carrying out."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from lastseen.execution.context import Pace
from lastseen.execution.selection import Selection
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import EvidenceSummary, Plan, Policy, summarise
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import Outcome, OutcomeKind, Receipt
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from tests.unit.execution.fake_portal import FakePortal

GENEROUS = Guardrails(max_disable=100_000, max_disable_share=1.0)
AT_ONCE = Pace(pauses=(0.0, 0.0, 0.0))
"""No pauses."""
COMPLETE = EvidenceSummary(
    complete=True,
    covered_since=None,
    filters="before-window",
    retention_days=180,
    requests=0,
    events=0,
)
"""The evidence of a plan whose logs are not the test's subject."""


def batches_of(size: int) -> Pace:
    """Return a pace of small batches without pauses."""
    return msgspec.structs.replace(AT_ONCE, batch=size)


def plan_for(
    portal: FakePortal,
    people: Sequence[UserId],
    *,
    plan_id: str = "plan-1",
    reason: Reason = Reason.INACTIVE,
    verdict: Verdict = Verdict.DISABLE,
    kept: int = 0,
    skipped: Sequence[Reason] = (),
    policy: Policy | None = None,
    **of_each: Any,
) -> Plan:
    """Return a plan that disables `people`, made now; `of_each` are fields of their decisions."""
    now = portal.clock()
    decisions = tuple(
        Decision(
            user_id=who,
            email=portal.accounts[who].email,
            display_name=portal.accounts[who].display_name,
            decision=verdict,
            reason=reason,
            explanation="Not seen for long.",
            **of_each,
        )
        for who in people
    ) + tuple(
        Decision(
            user_id=UserId(f"other-{index}"),
            email=None,
            display_name=None,
            decision=Verdict.SKIP if why is not Reason.ACTIVE else Verdict.KEEP,
            reason=why,
            explanation="Left alone.",
        )
        for index, why in enumerate((*[Reason.ACTIVE] * kept, *skipped))
    )
    return sealed(
        Plan(
            plan_id=plan_id,
            portal=portal.url,
            created_at=now,
            now=now,
            policy=policy or Policy(),
            evidence=COMPLETE,
            decisions=decisions,
            summary=summarise(decisions),
        )
    )


def know(plan: Plan, ledger: PortalLedger) -> None:
    """Let the ledger have made the plan."""
    if ledger.runs.plan(plan.plan_id) is None:
        ledger.runs.keep_plan(f"review of {plan.plan_id}", plan, b"")


def carry_out(
    plan: Plan,
    portal: FakePortal,
    ledger: PortalLedger,
    *,
    guardrails: Guardrails = GENEROUS,
    only: tuple[str, ...] = (),
    except_: tuple[str, ...] = (),
    pace: Pace = AT_ONCE,
    limit: int | None = None,
    max_disable: int | None = None,
    **more: Any,
) -> Receipt:
    """Apply `plan`, as if this ledger had made it, and return the receipt."""
    know(plan, ledger)
    selection = Selection(only=only, except_=except_)
    options = ApplyOptions(
        guardrails=guardrails,
        selection=selection,
        pace=pace,
        limit=limit,
        max_disable=max_disable,
    )
    return asyncio.run(
        apply(plan, portal, ledger=ledger, options=options, clock=portal.clock, **more)
    )


def outcomes(receipt: Receipt) -> dict[UserId, OutcomeKind]:
    """Return what became of each."""
    return {UserId(one.user_id): one.outcome for one in receipt.outcomes}


def outcome(receipt: Receipt, who: UserId) -> Outcome:
    """Return what became of one."""
    return next(one for one in receipt.outcomes if one.user_id == who)
