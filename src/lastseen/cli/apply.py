"""`lastseen apply`: carry out a plan after a question. No decision is made here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.documents import deliver_receipt, print_undo_command, read_plan
from lastseen.cli.errors import print_line
from lastseen.cli.invocation import Invocation, invocation, run_async
from lastseen.cli.key_rights import require_changing_key
from lastseen.cli.options import (
    MaxDisableOption,
    OutputOption,
    YesOption,
    named_people,
)
from lastseen.cli.output import Destinations, Summary, record_destinations, short_destinations
from lastseen.cli.progress import watched
from lastseen.cli.prompts import NAMED, agreed
from lastseen.cli.signals import stop_when_asked
from lastseen.model.counting import people
from lastseen.model.errors import ExitCode

if TYPE_CHECKING:
    from lastseen.api import ApplyOptions, ApplyPreview, DryRun, Plan, Receipt, Settings


_LONGEST_LIST = 400
"""Characters of a list of people that a message repeats."""


def apply(
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", hidden=True)],
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="WHO",
            help="Disable only WHO. Repeat it, or separate several with commas.",
        ),
    ] = None,
    except_: Annotated[
        list[str] | None,
        typer.Option(
            "--except",
            metavar="WHO",
            help="Leave WHO out. Repeat it, or separate several with commas.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=1,
            help="Only N people, the longest known to be idle first.",
        ),
    ] = None,
    max_disable: MaxDisableOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Make every check and recheck everyone; change nothing."),
    ] = False,
    trust_plan_file: Annotated[
        bool,
        typer.Option(
            "--trust-plan-file",
            help="Accept a plan that this ledger did not make: everyone in it is decided again.",
        ),
    ] = False,
    yes: YesOption = False,
    output: OutputOption = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, json, csv or html; with --dry-run table or json. Default: from FILE's "
            "ending, else table.",
        ),
    ] = None,
) -> int:
    """Carry out PLAN, rechecking each person first.

    PLAN is a file that `review -o plan.json` wrote. WHO is an id or an e-mail address in any case.
    If the command is killed, run it again: it finishes the job.
    """
    from lastseen.api import ApplyOptions, GuardrailStopped, Selection, receipt_exit_code

    called = invocation(context)
    where = (
        short_destinations(output, form, writer="apply --dry-run")
        if dry_run
        else record_destinations(output, form)
    )
    decided = read_plan(plan)
    settings = called.settings()
    options = ApplyOptions(
        guardrails=settings.guardrails,
        selection=Selection(
            only=named_people(only, "--only"), except_=named_people(except_, "--except")
        ),
        limit=limit,
        max_disable=max_disable,
        trust_plan_file=trust_plan_file,
        reconcile=settings.roster.reconcile,
    )
    try:
        if dry_run:
            return _rehearse(decided, called, settings, options, where)
        if not _agreed(decided, settings, options, where, yes=yes):
            return 0
        receipt = run_async(_applied(decided, called, settings, options))
    except GuardrailStopped as stopped:
        raise stopped.naming(str(plan), *_choosing(options), limit=limit) from None
    deliver_receipt(receipt, where, called, settings)
    print_undo_command(receipt, where, called)
    return receipt_exit_code(receipt)


def _choosing(options: "ApplyOptions") -> list[str]:
    """Return the options that chose the people, but for the limit; a long list is just `WHO`."""
    selection = options.selection
    named = [("--only", ",".join(selection.only)), ("--except", ",".join(selection.except_))]
    chosen = [
        word
        for option, who in named
        if who
        for word in (option, who if len(who) <= _LONGEST_LIST else "WHO")
    ]
    return [*chosen, *(["--trust-plan-file"] if options.trust_plan_file else [])]


def _agreed(
    plan: "Plan", settings: "Settings", options: "ApplyOptions", where: Destinations, *, yes: bool
) -> bool:
    """Ask, once it is known that the plan may be carried out at all.

    A plan that changes nobody begins no run where only the screen is told. With `--yes` nothing is
    asked, and the run itself checks everything.
    """
    if yes and (plan.to_disable() or plan.to_sign_out()):
        return True
    preview = _preview(plan, settings, options)
    concerned = (*preview.to_disable, *preview.to_sign_out)
    if not concerned:
        if where.only_screen and not (plan.to_disable() or plan.to_sign_out()):
            print_line(
                f"Nothing to apply: the plan {plan.plan_id} changes nobody.",
                event="nothing-to-apply",
                plan_id=plan.plan_id,
            )
            return False
        return True
    if preview.to_disable:
        require_changing_key(settings, attempted=f"applying the plan {plan.plan_id}")
    return agreed(
        _announcement(preview, plan, options),
        [one.email or str(one.user_id) for one in concerned],
        yes=yes,
        attempted=f"applying the plan {plan.plan_id}",
    )


def _preview(plan: "Plan", settings: "Settings", options: "ApplyOptions") -> "ApplyPreview":
    """Return what would be done; the portal is asked only where a guardrail would stop it."""
    from lastseen.api import GuardrailStopped, open_portal_ledger, preview_apply, system_clock

    try:
        with open_portal_ledger(settings) as ledger:
            return preview_apply(plan, ledger=ledger, options=options, now=system_clock())
    except GuardrailStopped:
        return run_async(_previewed_on_portal(plan, settings, options))


async def _previewed_on_portal(
    plan: "Plan", settings: "Settings", options: "ApplyOptions"
) -> "ApplyPreview":
    from lastseen.api import open_session, preview_on_portal, system_clock

    async with open_session(settings) as session:
        return await preview_on_portal(
            plan, session.portal, ledger=session.ledger, options=options, now=system_clock()
        )


def _announcement(preview: "ApplyPreview", plan: "Plan", options: "ApplyOptions") -> str:
    """Return the announcement that the question shows, with every number that matters."""
    disabled, signed_out = len(preview.to_disable), len(preview.to_sign_out)
    parts = [f"disable {people(disabled)}"] if disabled or not signed_out else []
    if signed_out:
        parts.append(f"end the sessions of {people(signed_out)}")
    announcement = f"{' and '.join(parts)} on {plan.portal}"
    if preview.kept_by_new_review:
        announcement = f"review again and, among the people in this file, {announcement} at most"
    notes = []
    marked = sum(one.session_may_be_open for one in preview.to_disable)
    if marked:
        notes.append(f"{people(marked)} may still be signed in")
    if disabled + signed_out > NAMED:
        notes.append(f"`lastseen show {plan.plan_id} --all` lists them")
    if options.max_disable is not None:
        notes.append(f"--max-disable {options.max_disable} lifts the guardrails")
    announcement = announcement[0].upper() + announcement[1:]
    return f"{announcement} ({'; '.join(notes)})" if notes else announcement


async def _applied(
    plan: "Plan", called: Invocation, settings: "Settings", options: "ApplyOptions"
) -> "Receipt":
    from lastseen.api import apply, open_session, system_clock

    with stop_when_asked() as stop:
        async with open_session(settings) as session:
            with watched(called) as progress:
                return await apply(
                    plan,
                    session.portal,
                    ledger=session.ledger,
                    options=options,
                    clock=system_clock,
                    roster=session.roster,
                    policy=settings.policy,
                    progress=progress,
                    stop=stop,
                )


def _rehearse(
    plan: "Plan",
    called: Invocation,
    settings: "Settings",
    options: "ApplyOptions",
    where: Destinations,
) -> ExitCode:
    """Show what applying would do; exit with 4 if somebody could not be rechecked."""
    from lastseen.api import OutcomeKind
    from lastseen.reports.dry_run import render_dry_run

    found = run_async(_rehearsed(plan, called, settings, options))
    due = len(found.would_disable)
    where.deliver(
        lambda place: render_dry_run(found, place.format, screen=place.screen()),
        Summary(
            text=f"Plan {found.plan_id}: {people(due)} would be disabled.",
            event="dry-run",
            fields={"plan_id": found.plan_id, "would_disable": due},
        ),
        called=called,
    )
    failed = any(one.outcome is OutcomeKind.FAILED for one in found.outcomes)
    return ExitCode.INCOMPLETE if failed else ExitCode.DONE


async def _rehearsed(
    plan: "Plan", called: Invocation, settings: "Settings", options: "ApplyOptions"
) -> "DryRun":
    from lastseen.api import dry_run, open_session, system_clock

    async with open_session(settings) as session:
        with watched(called) as progress:
            return await dry_run(
                plan,
                session.portal,
                ledger=session.ledger,
                options=options,
                clock=system_clock,
                roster=session.roster,
                policy=settings.policy,
                progress=progress,
            )
