"""A review: load the roster, match it to the portal, collect evidence, decide, write the plan.

The heart of Lastseen, without HTTP, SQL or formatting.
"""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.record import EvidenceRecord, encode_record
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import require_cohort
from lastseen.model.concurrency import task_group
from lastseen.model.errors import LastseenError, PortalError
from lastseen.model.instant import Clock, Instant
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent, run_at_work
from lastseen.rosters import Roster
from lastseen.workflows.first_answers import FirstAnswers, awaited, first_answers
from lastseen.workflows.plan_making import evidence_record, make_plan
from lastseen.workflows.review_context import LOG_SILENCE_DAYS, ReviewContext
from lastseen.workflows.review_evidence import ReviewEvidence
from lastseen.workflows.subjects import Reviewed, load_subjects


async def review(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    policy: Policy,
    clock: Clock,
    now: Instant | None = None,
    reconcile: bool = True,
    cohort: str | None = None,
    on_roster: Callable[[bytes], None] | None = None,
    all_dates: bool = False,
    log_silence_days: float = LOG_SILENCE_DAYS,
    soon_days: int | None = None,
    progress: Progress | None = None,
    first: FirstAnswers | None = None,
) -> Plan:
    """Decide on everyone of `roster` and return the plan; it is kept in `ledger` as well.

    `now`: decide for another instant than the present one; such a plan can't be applied.
    `reconcile`: for rosters outside the portal, also list the guests that are on none. `cohort`:
    only the people of this cohort. `on_roster` is given the roster as a document whose SHA-256 is
    in the plan's population. `all_dates`: read on until the date of everyone to be disabled is
    known; else looking for dates takes a first review no more requests than deciding did, and the
    next ones read on from there, some at a time. `soon_days`: the plan also lists who will be due
    within that many days. `first`: what was asked before the ledger was open; None: nothing yet.
    Raises PortalError, RosterError, UsageError and LedgerError; an
    interrupted review keeps what it has read.
    """
    context = ReviewContext(
        portal=portal,
        ledger=ledger,
        policy=policy,
        clock=clock,
        now=now,
        progress=progress or Silent(),
        all_dates=all_dates,
        log_silence_days=log_silence_days,
        soon_days=soon_days,
    )
    require_cohort(policy, cohort)
    run = ledger.runs.begin("review")
    run_at_work.set(run.run_id)
    try:
        outcome = await _outcome(
            context,
            run.run_id,
            roster,
            reconcile=reconcile,
            cohort=cohort,
            on_roster=on_roster,
            first=first,
        )
    except LastseenError as error:
        ledger.journal.append("failure", run_id=run.run_id, content=failure(error))
        ledger.runs.finish(run.run_id, state="failed", summary={}, exit_code=error.exit_code)
        raise
    except asyncio.CancelledError:
        ledger.runs.finish(run.run_id, state="interrupted", summary={}, exit_code=None)
        raise
    plan = outcome.plan
    ledger.runs.keep_plan(run.run_id, plan, encode_record(outcome.record))
    summary = msgspec.to_builtins(plan.summary)
    ledger.runs.finish(run.run_id, state="done", summary=summary, exit_code=0)
    return plan


class ReviewOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a review found: the plan, and the evidence behind it."""

    plan: Plan
    """The decisions."""
    record: EvidenceRecord
    """Which intervals of the logs they are based on."""


async def review_unrecorded(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    policy: Policy,
    clock: Clock,
    log_silence_days: float,
    now: Instant | None = None,
    reconcile: bool = True,
    progress: Progress | None = None,
) -> ReviewOutcome:
    """Decide as `review` does, without recording a run: for questions about single people.

    `log_silence_days` is that of the guardrails, so that both decide alike. What was read from the
    logs is kept. Raises what `review` does.
    """
    context = ReviewContext(
        portal=portal,
        ledger=ledger,
        policy=policy,
        clock=clock,
        now=now,
        log_silence_days=log_silence_days,
        progress=progress or Silent(),
    )
    return await _outcome(context, "", roster, reconcile=reconcile, cohort=None, on_roster=None)


def failure(error: LastseenError) -> dict[str, str]:
    """Return why a review failed, as stored in its journal entry."""
    return {"attempted": error.attempted, "found": error.found, "remedy": error.remedy}


async def _outcome(
    context: ReviewContext,
    plan_id: str,
    roster: Roster,
    *,
    reconcile: bool,
    cohort: str | None,
    on_roster: Callable[[bytes], None] | None,
    first: FirstAnswers | None = None,
) -> ReviewOutcome:
    """Load the roster, collect evidence, decide each, write the plan."""
    asked = nullcontext(first) if first else first_answers(context.portal, roster)
    async with asked as answers:
        evidence = ReviewEvidence(context, answers)
        reviewed = await _reviewed(
            context, answers, roster, now=evidence.now, reconcile=reconcile, cohort=cohort
        )
        if on_roster is not None:
            on_roster(reviewed.roster)
        subjects = reviewed.subjects
        await evidence.collect(subjects)
    await evidence.collect_circumstances(subjects)
    plan = make_plan(
        context, evidence, [evidence.decide(one) for one in subjects], reviewed, plan_id=plan_id
    )
    return ReviewOutcome(plan=plan, record=evidence_record(evidence, plan, subjects))


async def _reviewed(
    context: ReviewContext,
    first: FirstAnswers,
    roster: Roster,
    *,
    now: Instant,
    reconcile: bool,
    cohort: str | None,
) -> Reviewed:
    """Load the people to decide on at `now`; a release that is too old comes before all else."""
    async with task_group() as group:
        group.create_task(awaited(first.supported))
        try:
            return await load_subjects(
                context.portal,
                roster,
                first=first,
                ledger=context.ledger,
                policy=context.policy,
                now=now,
                noted_at=None if context.now else context.clock(),
                reconcile=reconcile,
                cohort=cohort,
                progress=context.progress,
            )
        except PortalError:
            await first.supported
            raise
