"""`lastseen review`: decide on everyone of the roster and write the plan. Changes nobody."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import Invocation, invocation, run_async
from lastseen.cli.options import (
    Dates,
    DatesOption,
    NowOption,
    OutputOption,
    PlanFormatOption,
    StrictOption,
    read_now,
)
from lastseen.cli.output import Destination, destination
from lastseen.cli.progress import watched
from lastseen.model.errors import ExitCode

if TYPE_CHECKING:
    from lastseen.api import Instant, Plan, Session, Settings


def review(
    context: typer.Context,
    output: OutputOption = None,
    form: PlanFormatOption = None,
    strict: StrictOption = False,
    now: NowOption = None,
    dates: DatesOption = Dates.SOME,
) -> int:
    """Decide who is to be disabled, and write a plan.

    Changes nothing on the portal. Without -o the plan goes to standard output; `-o plan.json`
    makes one that `apply` carries out.
    """
    called = invocation(context)
    pretended = read_now(now)
    where = plan_destination(output, form)
    settings = called.settings()
    plan = run_async(_reviewed(called, settings, pretended, all_dates=dates is Dates.ALL))
    deliver_plan(plan, where, called)
    if pretended is None:
        tell_guardrail(plan, settings)
    return review_exit_code(plan, strict=strict)


def plan_destination(output: Path | None, form: str | None) -> Destination:
    """Return where a plan goes; raises UsageError for a format that no report has."""
    from lastseen.reports import format_of, plan_formats

    return destination(output, form, offered=plan_formats(), by_ending=format_of)


def deliver_plan(plan: "Plan", where: Destination, called: Invocation) -> None:
    """Write the plan where it goes."""
    from lastseen.reports import render_plan

    screen = where.screen(verbose=called.verbosity > 0)
    where.deliver(render_plan(plan, where.format, screen=screen), summary=_summary(plan))


def review_exit_code(plan: "Plan", *, strict: bool) -> ExitCode:
    """Return 4 when anyone is on hold and that matters, or when nobody could be decided; else 0."""
    counts = plan.summary
    nobody_decided = counts.hold > 0 and counts.disable + counts.keep == 0
    if nobody_decided or (strict and counts.hold > 0):
        return ExitCode.INCOMPLETE
    return ExitCode.DONE


async def reviewed(
    session: "Session",
    called: Invocation,
    pretended: "Instant | None",
    *,
    all_dates: bool = False,
) -> "Plan":
    """Review with an open session, watched as the invocation asks for."""
    from lastseen.api import review, system_clock

    with watched(called) as progress:
        return await review(
            session.portal,
            session.roster,
            ledger=session.ledger,
            policy=session.settings.policy,
            clock=system_clock,
            now=pretended,
            reconcile=session.settings.roster.reconcile,
            all_dates=all_dates,
            progress=progress,
        )


async def _reviewed(
    called: Invocation, settings: "Settings", pretended: "Instant | None", *, all_dates: bool
) -> "Plan":
    from lastseen.api import open_session

    async with open_session(settings) as session:
        return await reviewed(session, called, pretended, all_dates=all_dates)


def tell_guardrail(plan: "Plan", settings: "Settings") -> None:
    """Say that a guardrail would stop the plan, and the ways on, where that is so."""
    from lastseen.api import guardrail_ahead, open_portal_ledger, system_clock

    with open_portal_ledger(settings) as ledger:
        stopped = guardrail_ahead(
            plan, ledger=ledger, guardrails=settings.guardrails, now=system_clock()
        )
    if stopped is not None:
        attempted = stopped.attempted[0].upper() + stopped.attempted[1:]
        remedy = stopped.remedy[0].upper() + stopped.remedy[1:]
        print_line(f"A guardrail would stop this. {attempted}: {stopped.found}.\n{remedy}.")


def _summary(plan: "Plan") -> str:
    counts = plan.summary
    return (
        f"Plan {plan.plan_id}: {counts.disable} to disable, {counts.keep} to keep, "
        f"{counts.hold} on hold, {counts.skip} skipped."
    )
