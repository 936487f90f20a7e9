"""What a scheduler runs: review, guardrails and apply in one go, under one lock.

Reads as its sentence. What was cut off is finished first; the first run on a portal only reports.
"""

import asyncio

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext
from lastseen.execution.preflight import check_plan
from lastseen.execution.recovery import cut_off_runs, settle
from lastseen.execution.run_record import RunRecord
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import user_id
from lastseen.model.errors import GuardrailStopped, PlanRefused
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt
from lastseen.rosters import Roster
from lastseen.workflows.apply import ApplyOptions, carry_out
from lastseen.workflows.review import review


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a run goes about it."""

    guardrails: Guardrails = Guardrails()
    """The limits beyond which nothing is done at all."""
    first_run_applies: bool = False
    """Whether the first run on a portal changes anything; otherwise it only reports."""
    only_report: bool = False
    """Whether nothing is to be changed, since nobody has agreed to it."""
    reconcile: bool = True
    """Whether an outside roster is compared with the portal's guests (`[roster] reconcile`)."""


FIRST_RUN = (
    "this is the first run on this portal, so it only reports: look through the plan, and the next"
    " run carries out what it decides"
)
"""Why a first run changes nothing."""
NOBODY_AGREED = "there is no terminal to ask on, and no --yes"
"""Why a run that was to report only changes nothing."""


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
    lacks_agreement: bool = False
    """Whether only somebody's agreement was missing."""
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
    the plan is in the ledger then. Raises what `review` and `apply` do.
    """
    context = ExecutionContext(
        portal=portal, ledger=ledger, clock=clock, progress=progress or Silent(), stop=stop
    )
    with ledger.lock("run"):
        finished: tuple[Receipt, ...] = ()
        if not options.only_report:
            finished = await _finish_earlier(context, options.guardrails)
        first = not _reported_before(ledger)
        plan = await review(
            portal,
            roster,
            ledger=ledger,
            policy=policy,
            clock=clock,
            reconcile=options.reconcile,
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
                why_not=why_not,
                lacks_agreement=why_not == NOBODY_AGREED,
                finished=finished,
            )
        receipt = await carry_out(
            plan,
            plan.to_disable(),
            context,
            options=ApplyOptions(guardrails=options.guardrails),
            kind="run",
        )
        return RunResult(plan=plan, receipt=receipt, applied=True, why_not=None, finished=finished)


def _why_only_reported(options: RunOptions, *, first: bool) -> str | None:
    if first and not options.first_run_applies:
        return FIRST_RUN
    return NOBODY_AGREED if options.only_report else None


async def _finish_earlier(context: ExecutionContext, guardrails: Guardrails) -> tuple[Receipt, ...]:
    """Carry on the newest apply or run that was cut off; close those that may not be carried on."""
    earlier = next((r for r in cut_off_runs(context.ledger) if r.kind != "undo"), None)
    await settle(context, continued=earlier)
    plan = context.ledger.runs.plan(earlier.plan_id) if earlier and earlier.plan_id else None
    if earlier is None or plan is None:
        return ()
    scope = RunRecord(context.ledger.journal, earlier).scope
    chosen = [one for one in plan.to_disable() if user_id(one.user_id or "") in scope]
    try:
        check_plan(plan, portal_url=context.portal.url)
        options = ApplyOptions(guardrails=guardrails)
        return (await carry_out(plan, chosen, context, options=options, kind="run"),)
    except (PlanRefused, GuardrailStopped) as refused:
        context.progress.note(f"the run {earlier.run_id} is not carried on: {refused.found}")
        await settle(context, continued=None)
        return ()


def _reported_before(ledger: PortalLedger) -> bool:
    """Say whether a run has reported, or a plan was carried out, on this portal before."""
    return any(
        run.kind in ("run", "apply") and run.state not in ("running", "failed")
        for run in ledger.runs.all()
    )
