"""Carrying out a plan: look again, disable the people still to be disabled, write a receipt.

Reads as its sentence; the steps are in `execution`. Nobody is added to what the plan says: the last
look only ever spares.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.record import decode_record
from lastseen.execution.context import ExecutionContext, Pace, identify_actor
from lastseen.execution.disable import disable
from lastseen.execution.guardrails import check_guardrails
from lastseen.execution.preflight import check_age, check_plan
from lastseen.execution.recheck import Candidate, DecisionBasis
from lastseen.execution.recovery import carries_out, settle
from lastseen.execution.run_record import RunRecord
from lastseen.execution.selection import Selection, select
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, AccountType, UserId, user_id
from lastseen.model.decision import Decision
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Clock, Instant
from lastseen.model.plan import Plan
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt


class ApplyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan is to be carried out."""

    guardrails: Guardrails = Guardrails()
    """The limits beyond which nothing is done at all."""
    selection: Selection = Selection()
    """Which of the people whom the plan disables are to be disabled this time."""
    pace: Pace = Pace()
    """How many people one request disables, and how long answers are waited for."""


class ApplyPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What applying a plan would set out to do, before anything is asked of the portal."""

    to_disable: tuple[Decision, ...]
    """The people chosen, in the plan's order."""


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
    """Disable the people whom `plan` disables, as far as nothing has changed; return the receipt.

    Guardrails count the people whom this run would disable, after `options.selection`, before
    anything is asked of the portal. An earlier run of the same plan that was cut off is carried on:
    the receipt is then the whole run's. When `stop` is set the batch in flight is finished and
    verified, the others fail as not attempted, and the same command goes on from there; None:
    the work runs to its end. A cancellation does the same, and is raised after the receipt is in
    the ledger. `receipt_exit_code` gives the exit code of a command.

    Raises PlanRefused, GuardrailStopped, LockHeld and UsageError before anything is changed;
    PortalError when the people can't be looked at again, with nobody changed since the call;
    LedgerError when the ledger can't be written, where the same command goes on later.
    """
    check_plan(plan, portal_url=portal.url)
    chosen = _chosen(plan, options.selection)
    context = ExecutionContext(
        portal=portal,
        ledger=ledger,
        clock=clock,
        progress=progress or Silent(),
        stop=stop,
        pace=options.pace,
    )
    with ledger.lock("apply"):
        earlier = await settle(context, resumed=carries_out(plan.plan_id))
        return await carry_out(
            plan, chosen, context, guardrails=options.guardrails, kind="apply", earlier=earlier
        )


def preview_apply(
    plan: Plan, *, portal_url: str, options: ApplyOptions, now: Instant
) -> ApplyPreview:
    """Return what `apply` with the same arguments would set out to do, so that it can be asked.

    Makes every check that needs neither the portal nor its lock, and raises as `apply` does:
    PlanRefused, GuardrailStopped, UsageError.
    """
    check_plan(plan, portal_url=portal_url)
    chosen = _chosen(plan, options.selection)
    check_age(plan, now=now, guardrails=options.guardrails)
    check_guardrails(len(chosen), plan=plan, guardrails=options.guardrails)
    return ApplyPreview(to_disable=chosen)


async def carry_out(
    plan: Plan,
    chosen: Sequence[Decision],
    context: ExecutionContext,
    *,
    guardrails: Guardrails,
    kind: Literal["apply", "run"],
    earlier: RunRecord | None,
) -> Receipt:
    """Disable the people of `chosen`, decisions of `plan`, for whom that still holds.

    Called with the portal's lock held and with earlier runs settled. `earlier` is the run of this
    plan that was cut off, to be carried on; None begins a run of this `kind`. Raises what `apply`
    does.
    """
    done = frozenset[UserId]() if earlier is None else earlier.done
    types = _account_types(plan, context.ledger)
    candidates = [_candidate(decision, types) for decision in chosen]
    check_age(plan, now=context.clock(), guardrails=guardrails)
    asked = done.union(one.target.user_id for one in candidates)
    check_guardrails(len(asked), plan=plan, guardrails=guardrails)
    own = await identify_actor(context)
    record = earlier or _begin(plan, context, kind)
    record.begin([one.target for one in candidates], AccountStatus.TERMINATED)
    basis = DecisionBasis(at=plan.now, seen_since=plan.now, policy=plan.policy)
    waiting = [one for one in candidates if one.target.user_id not in done]
    return await disable(waiting, record, context, basis=basis, own=own)


def _begin(plan: Plan, context: ExecutionContext, kind: Literal["apply", "run"]) -> RunRecord:
    runs = context.ledger.runs
    run = runs.begin(kind, plan_id=plan.plan_id)
    if runs.plan(plan.plan_id) is None:  # it was made with another ledger
        runs.keep_plan(run.run_id, plan, b"")
    return RunRecord(context.ledger.journal, run)


def _chosen(plan: Plan, selection: Selection) -> tuple[Decision, ...]:
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
