"""What a scheduler runs: review, guardrails and apply in one go, under one lock.

An interrupted run is finished first; the first run on a portal only reports.
"""

import asyncio
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext, Pace
from lastseen.execution.preflight import check_plan
from lastseen.execution.recovery import carries_out_any, resumes_none, settle
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import user_id
from lastseen.model.errors import LastseenError, LedgerError, PlanRefused
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt
from lastseen.model.run import Run
from lastseen.rosters import Roster
from lastseen.workflows.carry_out import carry_out
from lastseen.workflows.review import failure, review


class NotApplied(StrEnum):
    """Why a run changed nothing, for programs."""

    FIRST_RUN = "first-run"
    NOT_AGREED = "not-agreed"
    GUARDRAIL = "guardrail"


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a run."""

    guardrails: Guardrails = Guardrails()
    """The limits beyond which nothing is changed at all."""
    max_disable: int | None = None
    """How many people this run may disable, whatever the guardrails say; None: they apply."""
    first_run_applies: bool = False
    """Whether the first run on a portal changes anything; otherwise it only reports."""
    only_report: bool = False
    """Whether to change nothing because nobody has agreed to changes."""
    pace: Pace = Pace()
    """How many people one request disables, and how long to wait for answers."""
    reconcile: bool = True
    """Whether an outside roster is compared with the portal's guests (`[roster] reconcile`)."""


_IN_WORDS = {
    NotApplied.FIRST_RUN: "this is the first run on this portal, so it only reports; the next "
    "`run --yes` disables whom it then finds inactive, within the guardrails",
    NotApplied.NOT_AGREED: "there is no terminal to ask on, and no --yes",
}


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run decided and did."""

    plan: Plan
    """What the review decided."""
    receipt: Receipt | None
    """What applying the plan did; None if it was not applied."""
    applied: bool
    """Whether the plan was applied."""
    why_not: str | None
    """Why it was not applied, in a sentence; None if it was."""
    cause: NotApplied | None = None
    """The same for programs."""
    finished: tuple[Receipt, ...] = ()
    """What finishing an earlier, interrupted run did."""


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
    """Review the roster and apply the plan at once, within the guardrails.

    An interrupted apply or run is finished first, if its plan may still be applied. `stop` and
    cancellations are as for `apply`. Raises GuardrailStopped with nobody in the new plan changed;
    the plan is then in the ledger. If an earlier run was finished first, the result says so
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
        first = not reported_before(ledger.runs.all())
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
            return _only_reported(plan, why_not, ledger, finished)
        return await _carried_out(plan, context, options, finished)


def _only_reported(
    plan: Plan, why: NotApplied, ledger: PortalLedger, finished: tuple[Receipt, ...]
) -> RunResult:
    """Record a run that reviews only, and return its result."""
    reported = ledger.runs.begin("run", plan_id=plan.plan_id)
    summary = msgspec.to_builtins(plan.summary)
    ledger.runs.finish(reported.run_id, state="done", summary=summary, exit_code=0)
    return RunResult(
        plan=plan,
        receipt=None,
        applied=False,
        why_not=_IN_WORDS[why],
        cause=why,
        finished=finished,
    )


async def _carried_out(
    plan: Plan, context: ExecutionContext, options: RunOptions, finished: tuple[Receipt, ...]
) -> RunResult:
    """Apply the plan and return the result.

    A guardrail's stop is raised, or is the result where an earlier run was finished first.
    """
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
    except LedgerError:
        raise
    except LastseenError as refused:
        _note_refusal(context.ledger, plan, refused)
        if not finished or not isinstance(refused, GuardrailStopped):
            raise
        return RunResult(
            plan=plan,
            receipt=None,
            applied=False,
            why_not=refused.found,
            cause=NotApplied.GUARDRAIL,
            finished=finished,
        )
    return RunResult(plan=plan, receipt=receipt, applied=True, why_not=None, finished=finished)


def _note_refusal(ledger: PortalLedger, plan: Plan, error: LastseenError) -> None:
    """Record a run that was refused before it began, and why; one that began records itself."""
    if any((one.kind, one.plan_id) == ("run", plan.plan_id) for one in ledger.runs.all()):
        return
    run = ledger.runs.begin("run", plan_id=plan.plan_id)
    ledger.journal.append("failure", run_id=run.run_id, content=failure(error))
    ledger.runs.finish(run.run_id, state="failed", summary={}, exit_code=error.exit_code)


def _why_only_reported(options: RunOptions, *, first: bool) -> NotApplied | None:
    if first and not options.first_run_applies:
        return NotApplied.FIRST_RUN
    return NotApplied.NOT_AGREED if options.only_report else None


async def _finish_earlier(context: ExecutionContext, options: RunOptions) -> tuple[Receipt, ...]:
    """Resume the newest interrupted apply or run; close those that may not be resumed."""
    earlier = await settle(context, resumed=carries_out_any)
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
        context.progress.note(f"run {earlier.run.run_id} is not resumed: {refused.found}")
        await settle(context, resumed=resumes_none)
        return ()


def reported_before(runs: Iterable[Run]) -> bool:
    """Return whether a run has reported, or a plan was applied: the next run acts."""
    return any(
        run.kind in ("run", "apply") and run.state not in ("running", "failed") for run in runs
    )
