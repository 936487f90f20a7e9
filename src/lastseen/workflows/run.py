"""What a scheduler runs: review, guardrails and apply in one go, under one lock.

Reads as its sentence. What was cut off is finished first; the first run on a portal only reports.
"""

import asyncio
from enum import StrEnum

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext, Pace
from lastseen.execution.preflight import check_plan
from lastseen.execution.recovery import disables, nothing, settle
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import user_id
from lastseen.model.errors import PlanRefused
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt
from lastseen.rosters import Roster
from lastseen.workflows.carry_out import carry_out
from lastseen.workflows.review import review


class NotApplied(StrEnum):
    """Why a run changed nothing, for programs."""

    FIRST_RUN = "first-run"
    NOT_AGREED = "not-agreed"
    GUARDRAIL = "guardrail"


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a run goes about it."""

    guardrails: Guardrails = Guardrails()
    """The limits beyond which nothing is done at all."""
    max_disable: int | None = None
    """How many people this run may disable, whatever the guardrails say; None: they hold."""
    first_run_applies: bool = False
    """Whether the first run on a portal changes anything; otherwise it only reports."""
    only_report: bool = False
    """Whether nothing is to be changed, since nobody has agreed to it."""
    pace: Pace = Pace()
    """How many people one request disables, and how long answers are waited for."""
    reconcile: bool = True
    """Whether an outside roster is compared with the portal's guests (`[roster] reconcile`)."""


_IN_WORDS = {
    NotApplied.FIRST_RUN: "this is the first run on this portal, so it only reports: look through"
    " the plan, and the next run carries out what it decides",
    NotApplied.NOT_AGREED: "there is no terminal to ask on, and no --yes",
}


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run decided and did."""

    plan: Plan
    """What the review decided."""
    receipt: Receipt | None
    """What carrying it out did; None where it was not carried out."""
    applied: bool
    """Whether the plan was carried out."""
    why_not: str | None
    """Why it was not, in a sentence; None where it was."""
    cause: NotApplied | None = None
    """The same for programs."""
    finished: tuple[Receipt, ...] = ()
    """What finishing an earlier run that was cut off did."""


async def run(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    policy: Policy,
    options: RunOptions,
    clock: Clock,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
) -> RunResult:
    """Review the roster and carry the plan out at once, inside the guardrails.

    An apply or run that was cut off is finished first, as far as its plan still may be. `stop` and
    cancellations are as for `apply`. Raises GuardrailStopped with nobody of the new plan changed;
    the plan is in the ledger then. Where an earlier run was finished first, the result says so
    instead. Raises what `review` and `apply` do.
    """
    context = ExecutionContext(
        portal=portal,
        ledger=ledger,
        roster=roster,
        policy=policy,
        clock=clock,
        progress=progress or Silent(),
        stop=stop,
        pace=options.pace,
    )
    with ledger.lock("run"):
        finished: tuple[Receipt, ...] = ()
        if not options.only_report:
            finished = await _finish_earlier(context, options)
        first = not _reported_before(ledger)
        plan = await review(
            portal,
            roster,
            ledger=ledger,
            policy=policy,
            clock=clock,
            reconcile=options.reconcile,
            log_silence_days=options.guardrails.log_silence_days,
            progress=context.progress,
        )
        why_not = _why_only_reported(options, first=first)
        if why_not is not None:
            reported = ledger.runs.begin("run", plan_id=plan.plan_id)
            summary = msgspec.to_builtins(plan.summary)
            ledger.runs.finish(reported.run_id, state="done", summary=summary, exit_code=0)
            return RunResult(
                plan=plan,
                receipt=None,
                applied=False,
                why_not=_IN_WORDS[why_not],
                cause=why_not,
                finished=finished,
            )
        try:
            receipt = await carry_out(
                plan,
                (*plan.to_disable(), *plan.to_sign_out()),
                context,
                guardrails=options.guardrails,
                max_disable=options.max_disable,
                kind="run",
                earlier=None,
            )
        except GuardrailStopped as stopped:
            if not finished:
                raise
            return RunResult(
                plan=plan,
                receipt=None,
                applied=False,
                why_not=stopped.found,
                cause=NotApplied.GUARDRAIL,
                finished=finished,
            )
        return RunResult(plan=plan, receipt=receipt, applied=True, why_not=None, finished=finished)


def _why_only_reported(options: RunOptions, *, first: bool) -> NotApplied | None:
    if first and not options.first_run_applies:
        return NotApplied.FIRST_RUN
    return NotApplied.NOT_AGREED if options.only_report else None


async def _finish_earlier(context: ExecutionContext, options: RunOptions) -> tuple[Receipt, ...]:
    """Carry on the newest apply or run that was cut off; close those that may not be carried on."""
    earlier = await settle(context, resumed=disables)
    plan_id = None if earlier is None else earlier.run.plan_id
    plan = None if plan_id is None else context.ledger.runs.plan(plan_id)
    if earlier is None or plan is None:
        return ()
    actions = (*plan.to_disable(), *plan.to_sign_out())
    chosen = [one for one in actions if user_id(one.user_id or "") in earlier.scope]
    try:
        check_plan(plan, portal_url=context.portal.url)
        return (
            await carry_out(
                plan,
                chosen,
                context,
                guardrails=options.guardrails,
                max_disable=earlier.max_disable,
                kind="run",
                earlier=earlier,
            ),
        )
    except (PlanRefused, GuardrailStopped) as refused:
        context.progress.note(f"run {earlier.run.run_id} is not carried on: {refused.found}")
        await settle(context, resumed=nothing)
        return ()


def _reported_before(ledger: PortalLedger) -> bool:
    """Say whether a run has reported, or a plan was carried out, on this portal before."""
    return any(
        run.kind in ("run", "apply") and run.state not in ("running", "failed")
        for run in ledger.runs.all()
    )
