"""`lastseen review`: decide on everyone on the roster and write the plan. Changes nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.documents import deliver_plan, plan_destinations
from lastseen.cli.invocation import Invocation, invocation, load_the_rest, run_async
from lastseen.cli.options import (
    AllOption,
    Dates,
    DatesOption,
    NowOption,
    OutputOption,
    PlanFormatOption,
    SamePortalOption,
    StrictOption,
    read_now,
)
from lastseen.cli.output import Destinations, writable_file, write_file
from lastseen.cli.progress import watched
from lastseen.cli.same_portal import follow_portal
from lastseen.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from lastseen.api import Instant, Plan, Session, Settings, Verdict
    from lastseen.workflows.first_answers import FirstAnswers


@dataclass(frozen=True, kw_only=True)
class ReviewRequest:
    """The options of a review, other than those for its documents."""

    now: "Instant | None" = None
    """The instant to pretend; None for the present one."""
    all_dates: bool = False
    """Whether every date to show is looked up."""
    soon_days: int | None = None
    """Within how many days people who will be due are listed; None lists nobody."""
    cohort: str | None = None
    """The cohort to review; None for everyone."""
    on_roster: Callable[[bytes], None] | None = None
    """Receives the roster as a document."""


def review(
    context: typer.Context,
    output: OutputOption = None,
    form: PlanFormatOption = None,
    strict: StrictOption = False,
    now: NowOption = None,
    dates: DatesOption = Dates.SOME,
    everyone: AllOption = False,
    same_portal: SamePortalOption = False,
    only_decision: Annotated[
        str | None,
        typer.Option(
            "--only-decision",
            metavar="DECISION",
            help="Show only disable, sign-out, keep, hold or skip.",
        ),
    ] = None,
    soon: Annotated[
        int | None,
        typer.Option(
            "--soon",
            metavar="DAYS",
            min=1,
            max=36500,
            help="Also list who will be due within DAYS days if nothing is seen of them.",
        ),
    ] = None,
    cohort: Annotated[
        str | None,
        typer.Option("--cohort", metavar="NAME", help="Only the people of this cohort."),
    ] = None,
    roster_out: Annotated[
        Path | None,
        typer.Option(
            "--roster-out",
            metavar="FILE",
            help="Write the roster as CSV; the plan has its SHA-256.",
        ),
    ] = None,
) -> int:
    """Decide who is to be disabled, and write a plan.

    Changes nothing on the portal. `-o plan.json -o report.html` writes the plan that `apply`
    carries out, and the same plan as a report.
    """
    from lastseen.model.cohort import require_cohort

    called = invocation(context)
    pretended = read_now(now)
    where = plan_destinations(output, form)
    only = read_verdict(only_decision, where)
    if roster_out:
        roster_out = writable_file(roster_out, option="--roster-out")
    settings = called.settings()
    require_cohort(settings.policy, cohort)
    roster: list[bytes] = []
    asked = ReviewRequest(
        now=pretended,
        all_dates=dates is Dates.ALL,
        soon_days=soon,
        cohort=cohort,
        on_roster=roster.append if roster_out else None,
    )
    if same_portal:
        run_async(follow_portal(settings, called))
    plan = run_async(_reviewed(called, settings, asked), loads_the_rest=True)
    if roster_out:
        write_file(roster_out, roster[0])
    deliver_plan(plan, where, called, settings=settings, everyone=everyone, only=only)
    return review_exit_code(plan, strict=strict)


def read_verdict(text: str | None, where: Destinations) -> "Verdict | None":
    """Return the decision in `--only-decision`; raises UsageError if it can't be used."""
    if text is None:
        return None
    from lastseen.api import Verdict

    attempted = f"reading --only-decision {text}"
    try:
        verdict = Verdict(text.strip().lower())
    except ValueError:
        raise UsageError(
            attempted=attempted,
            found=f"there is no decision {text!r}",
            meaning="a plan decides " + ", ".join(Verdict),
            remedy="name one of them",
        ) from None
    if "json" in where.formats:
        raise UsageError(
            attempted=attempted,
            found="the plan is to be written as JSON",
            meaning="a plan in JSON is always whole, since its digest covers everyone",
            remedy="leave --only-decision out, or write a table, csv or html",
        )
    return verdict


def review_exit_code(plan: "Plan", *, strict: bool) -> ExitCode:
    """Return 4 if someone is on hold and `strict`, or if nobody could be decided; else 0.

    People who were signed out and still have time to return do not count as held.
    """
    counts = plan.summary
    held = bool(plan.unresolved_holds())
    if held and (strict or counts.disable + counts.sign_out + counts.keep == 0):
        return ExitCode.INCOMPLETE
    return ExitCode.DONE


async def reviewed(
    session: "Session",
    called: Invocation,
    asked: ReviewRequest,
    *,
    first: "FirstAnswers | None" = None,
) -> "Plan":
    """Review with an open session, with the progress that the invocation asks for.

    `first`: what the portal was asked already.
    """
    from lastseen.api import review, system_clock

    with watched(called) as progress:
        return await review(
            session.portal,
            session.roster,
            ledger=session.ledger,
            policy=session.settings.policy,
            clock=system_clock,
            now=asked.now,
            reconcile=session.settings.roster.reconcile,
            cohort=asked.cohort,
            on_roster=asked.on_roster,
            all_dates=asked.all_dates,
            soon_days=asked.soon_days,
            log_silence_days=session.settings.guardrails.log_silence_days,
            progress=progress,
            first=first,
        )


async def _reviewed(called: Invocation, settings: "Settings", asked: ReviewRequest) -> "Plan":
    """Review; the portal answers the first requests while the database library is loaded."""
    from lastseen.workflows.first_answers import first_answers
    from lastseen.workflows.opening import open_portal_and_roster

    async with (
        open_portal_and_roster(settings) as opened,
        first_answers(opened.portal, opened.roster) as first,
    ):
        await load_the_rest()
        from lastseen.api import open_session

        async with open_session(settings, opened=opened) as session:
            return await reviewed(session, called, asked, first=first)
