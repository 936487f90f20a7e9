"""`lastseen run`: review and apply in one go, for a scheduler. No decision is made here."""

from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.documents import (
    RUN_RESULT_SCHEMA,
    deliver_plan,
    plan_context,
    plan_destinations,
    print_guardrail_warning,
    print_undo_command,
)
from lastseen.cli.errors import print_line
from lastseen.cli.invocation import Invocation, invocation, run_async
from lastseen.cli.metrics_file import MetricsFileOption, check_metrics_file, metrics_written
from lastseen.cli.options import (
    MaxDisableOption,
    NowOption,
    OutputOption,
    PlanFormatOption,
    SamePortalOption,
    StrictOption,
    YesOption,
    read_now,
)
from lastseen.cli.output import Destination, Destinations, Summary
from lastseen.cli.progress import watched
from lastseen.cli.prompts import agreed_to, can_be_asked, nobody_to_ask, wrapped
from lastseen.cli.review import ReviewRequest, review_exit_code, reviewed
from lastseen.cli.same_portal import follow_portal
from lastseen.cli.signals import stop_when_asked
from lastseen.model.counting import people
from lastseen.model.errors import ExitCode, most_severe

if TYPE_CHECKING:
    from lastseen.api import Instant, RunOptions, RunResult, Settings


def run(
    context: typer.Context,
    output: OutputOption = None,
    form: PlanFormatOption = None,
    yes: YesOption = False,
    strict: StrictOption = False,
    first_run_applies: Annotated[
        bool,
        typer.Option(
            "--first-run-applies", help="Let the first run on a portal do more than report."
        ),
    ] = False,
    max_disable: MaxDisableOption = None,
    now: NowOption = None,
    same_portal: SamePortalOption = False,
    metrics_file: MetricsFileOption = None,
) -> int:
    """Review and apply in one go, within the guardrails.

    For a scheduler, with --yes. Without --yes it asks before it reviews; without a terminal it only
    reports. So does the first run on a portal, and any with --now. JSON holds plan and receipt, csv
    and html the plan.
    """
    from lastseen.api import RunOptions

    called = invocation(context)
    pretended = read_now(now)
    where = plan_destinations(output, form)
    settings = called.settings()
    check_metrics_file(metrics_file)
    if pretended is not None:
        return run_async(_pretended(called, settings, pretended, where, strict=strict))
    if same_portal:
        run_async(follow_portal(settings, called))
    can_ask = can_be_asked()
    only_reports = not (yes or can_ask)
    if can_ask and not yes:
        if not first_run_applies and _is_first(settings):
            only_reports = True
            print_line(
                wrapped(f"The first run on {settings.portal.url} only reports: nobody is changed."),
                event="first-run",
                portal=settings.portal.url,
            )
        elif not _agreed(settings, max_disable):
            return ExitCode.DONE
    options = RunOptions(
        guardrails=settings.guardrails,
        max_disable=max_disable,
        first_run_applies=first_run_applies,
        only_report=only_reports,
        reconcile=settings.roster.reconcile,
    )
    with metrics_written(metrics_file, portal=settings.portal.url) as recorder:
        result = recorder.result(run_async(_run(called, settings, options, where)))
    _deliver(result, where, called, settings, max_disable=max_disable)
    if not (result.applied or where.shows_table or called.quiet):
        print_guardrail_warning(result.plan, settings, max_disable=max_disable)
    if _is_refused(result):
        raise nobody_to_ask("running review and apply in one go")
    return _exit_code(result, strict=strict)


def _is_first(settings: "Settings") -> bool:
    """Return whether no run has reported and no plan was applied on this portal yet."""
    from lastseen.api import open_portal_ledger, reported_before

    with open_portal_ledger(settings) as ledger:
        return not reported_before(ledger.runs.all())


def _agreed(settings: "Settings", max_disable: int | None) -> bool:
    limits = settings.guardrails
    at_most = f"{people(limits.max_disable)} and {limits.max_disable_share:.0%} of the roster"
    if max_disable is not None:
        at_most = f"{people(max_disable)}, whatever the guardrails say"
    return agreed_to(
        f"Review {settings.portal.url} and disable everyone found inactive, at most {at_most}.",
        yes=False,
        attempted="running review and apply in one go",
    )


async def _run(
    called: Invocation, settings: "Settings", options: "RunOptions", where: Destinations
) -> "RunResult":
    from lastseen.api import GuardrailStopped, open_session, run, system_clock

    with stop_when_asked() as stop:
        async with open_session(settings) as session:
            try:
                with watched(called) as progress:
                    return await run(
                        session.portal,
                        session.roster,
                        ledger=session.ledger,
                        policy=settings.policy,
                        options=options,
                        clock=system_clock,
                        progress=progress,
                        stop=stop,
                    )
            except GuardrailStopped as stopped:
                if stopped.plan is not None:  # what has to be looked through
                    deliver_plan(stopped.plan, where, called, settings=settings)
                raise


async def _pretended(
    called: Invocation,
    settings: "Settings",
    pretended: "Instant",
    where: Destinations,
    *,
    strict: bool,
) -> int:
    from lastseen.api import open_session

    async with open_session(settings) as session:
        plan = await reviewed(session, called, ReviewRequest(now=pretended))
    deliver_plan(plan, where, called, settings=session.settings)
    print_line(
        "Nothing was carried out: with --now a run only shows what it would decide.",
        event="pretended",
        plan_id=plan.plan_id,
    )
    return review_exit_code(plan, strict=strict)


def _deliver(
    result: "RunResult",
    where: Destinations,
    called: Invocation,
    settings: "Settings",
    *,
    max_disable: int | None,
) -> None:
    from msgspec.structs import replace

    from lastseen.reports import render_plan, render_receipt

    known = plan_context(result.plan, settings, max_disable=max_disable)

    def render(place: Destination) -> bytes:
        if place.format == "json":
            return _document(result)
        context = replace(known, screen=place.screen())
        plan = render_plan(result.plan, place.format, context=context)
        if place.format != "table" or result.receipt is None:
            return plan
        receipt = render_receipt(result.receipt, "table", screen=context.screen, plan=result.plan)
        return plan + b"\n" + receipt

    where.deliver(render, _summary(result), called=called)
    if result.receipt is not None:
        print_undo_command(result.receipt, where, called)
    is_told = called.log_format == "json" or _is_refused(result)  # by summary or error
    if result.receipt is None and where.only_screen and not is_told:
        print_line(_summary(result).text)


def _is_refused(result: "RunResult") -> bool:
    """Return whether the run would have disabled somebody, and nobody could be asked."""
    from lastseen.api import NotApplied

    return result.cause is NotApplied.NOT_AGREED and bool(result.plan.to_disable())


def _document(result: "RunResult") -> bytes:
    import msgspec

    from lastseen.reports.json import json_document

    return json_document({"schema": RUN_RESULT_SCHEMA, **msgspec.structs.asdict(result)})


def _summary(result: "RunResult") -> Summary:
    from lastseen.api import NotApplied
    from lastseen.cli.documents import level_of, plan_summary, receipt_summary

    finished = [f"Finished an earlier run. {receipt_summary(one).text}" for one in result.finished]
    if result.receipt is None:
        found = plan_summary(result.plan).text
        text = f"Nothing was carried out: {result.why_not}. {found}"
        return Summary(
            text="\n".join([*finished, text]),
            event="run",
            level="error" if result.cause is NotApplied.GUARDRAIL else level_of(*result.finished),
            fields={"plan_id": result.plan.plan_id, "applied": False, "why_not": result.why_not},
        )
    done = receipt_summary(result.receipt)
    return Summary(
        text="\n".join([*finished, done.text]),
        event="run",
        level=level_of(*result.finished, result.receipt),
        fields={**done.fields, "applied": True},
    )


def _exit_code(result: "RunResult", *, strict: bool) -> ExitCode:
    """Return the most serious of the exit codes of the review and the receipts."""
    from lastseen.api import NotApplied, receipt_exit_code

    receipts = [*result.finished, *([result.receipt] if result.receipt else [])]
    stopped = result.cause is NotApplied.GUARDRAIL
    return most_severe(
        review_exit_code(result.plan, strict=strict),
        ExitCode.GUARDRAIL if stopped else ExitCode.DONE,
        *map(receipt_exit_code, receipts),
    )
