"""Carrying out a plan: look again, disable those who are still to be disabled, write a receipt.

Reads as its sentence; what each step does is told in `execution`. Nobody is decided on anew: a plan
says whom to disable, and a last look only ever spares.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.record import decode_record
from lastseen.execution.context import ExecutionContext, identify_actor
from lastseen.execution.disable import disable
from lastseen.execution.eligibility import Target
from lastseen.execution.preflight import (
    check_age,
    check_guardrails,
    check_plan,
    people_on_roster,
)
from lastseen.execution.recheck import Candidate, DecisionBasis
from lastseen.execution.recovery import cut_off_run, settle
from lastseen.execution.run_record import RunRecord
from lastseen.execution.selection import Selection, select
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, AccountType, UserId, user_id
from lastseen.model.decision import Decision
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Clock
from lastseen.model.plan import Plan
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt


class ApplyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan is to be carried out."""

    guardrails: Guardrails = Guardrails()
    """The limits beyond which nothing is done at all."""
    selection: Selection = Selection()
    """Which of the people whom the plan disables are to be disabled this time."""


async def apply(
    plan: Plan,
    portal: Portal,
    *,
    ledger: PortalLedger,
    options: ApplyOptions,
    clock: Clock,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
) -> Receipt:
    """Disable the people whom `plan` disables, as far as nothing has changed, and say what came.

    Guardrails count those whom this run would disable, after `options.selection`, before anything
    is asked of the portal. An earlier run of the same plan that was cut off is carried on: the
    receipt is then the whole run's. When `stop` is set the batch in flight is finished and
    verified, the others fail as not attempted, and the same command goes on from there; None:
    nobody will ask. A cancellation does the same, and is raised after the receipt is in the
    ledger. `receipt_exit_code` says how a command should end.

    Raises PlanRefused, GuardrailStopped, LockHeld and UsageError before anything is changed;
    PortalError when the people can't be looked at again, with nobody changed since the call;
    LedgerError when the ledger can't be written, where the same command goes on later.
    """
    check_plan(plan, portal_url=portal.url)
    chosen = chosen_decisions(plan, options.selection)
    context = ExecutionContext(
        portal=portal, ledger=ledger, clock=clock, progress=progress or Silent(), stop=stop
    )
    with ledger.lock("apply"):
        earlier = cut_off_run(ledger, plan_id=plan.plan_id)
        await settle(context, continued=earlier)
        return await carry_out(plan, chosen, context, options=options, kind="apply")


async def carry_out(
    plan: Plan,
    chosen: Sequence[Decision],
    context: ExecutionContext,
    *,
    options: ApplyOptions,
    kind: Literal["apply", "run"],
) -> Receipt:
    """Disable those of `chosen`, decisions of `plan`, for whom that still holds.

    Called with the portal's lock held and with earlier runs settled; carries on a run of the same
    plan that was cut off, or begins one of this `kind`. Raises what `apply` does.
    """
    earlier = cut_off_run(context.ledger, plan_id=plan.plan_id)
    record = None if earlier is None else RunRecord(context.ledger.journal, earlier)
    done = frozenset[UserId]() if record is None else record.done
    types = _account_types(plan, context.ledger)
    candidates = [_candidate(decision, types) for decision in chosen]
    check_age(plan, now=context.clock(), guardrails=options.guardrails)
    check_guardrails(
        len(done.union(one.target.user_id for one in candidates)),
        roster=people_on_roster(plan.decisions),
        guardrails=options.guardrails,
    )
    own = await identify_actor(context)
    runs = context.ledger.runs
    record = record or RunRecord(context.ledger.journal, runs.begin(kind, plan_id=plan.plan_id))
    if runs.plan(plan.plan_id) is None:  # it was made with another ledger
        runs.keep_plan(record.run.run_id, plan, b"")
    record.begin([one.target for one in candidates], AccountStatus.TERMINATED)
    decided = DecisionBasis(at=plan.now, seen_since=plan.now, policy=plan.policy)
    waiting = [one for one in candidates if one.target.user_id not in done]
    return await disable(waiting, record, context, basis=decided, own=own)


def chosen_decisions(plan: Plan, selection: Selection) -> tuple[Decision, ...]:
    """Return whom `plan` disables and `selection` leaves; raises UsageError for a strange name."""
    return select(
        plan.to_disable(),
        selection,
        attempted=f"choosing whom of the plan {plan.plan_id} to disable",
        among="the people whom the plan disables",
    )


def _candidate(decision: Decision, types: Mapping[UserId, AccountType]) -> Candidate:
    person = user_id(decision.user_id or "")
    target = Target(user_id=person, email=decision.email, type=types.get(person))
    return Candidate(target=target, decision=decision)


def _account_types(plan: Plan, ledger: PortalLedger) -> Mapping[UserId, AccountType]:
    """Return what those to be disabled were at the review; empty for another ledger's plan."""
    document = ledger.runs.evidence_record(plan.plan_id)
    try:
        return decode_record(document).account_types if document else {}
    except msgspec.MsgspecError:
        return {}
