"""`lastseen history`: the runs, one run, the journal's check and its export.

Reads only the ledger.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.invocation import Invocation, invocation
from lastseen.cli.options import OutputOption
from lastseen.cli.output import (
    Destinations,
    Summary,
    destinations,
    record_destinations,
    short_destinations,
)
from lastseen.model.counting import counted
from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from lastseen.api import PortalLedger

_KINDS = ("review", "apply", "run", "undo")


def history(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(metavar="RUN", hidden=True)] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Check that journal, records and evidence are as they were written."
        ),
    ] = False,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="HASH",
            help="With --verify: a journal_head kept elsewhere, which must be in the journal.",
        ),
    ] = None,
    export: Annotated[
        bool, typer.Option("--export", help="Write the journal as JSON Lines.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Only the newest N runs.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Only review, apply, run or undo."),
    ] = None,
    output: OutputOption = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, json, csv or html; with --verify table or json, with --export json. "
            "Default: from FILE's ending, else table.",
        ),
    ] = None,
) -> None:
    """Show the runs on the portal, or one of them in detail.

    RUN is a run id or its beginning. --verify exits with 2 if anything was changed.
    """
    from lastseen.api import open_portal_ledger

    called = invocation(context)
    _refuse_contradictions(run, verify=verify, head=head, export=export)
    _check_kind(kind)
    where = _destinations(output, form, verify=verify, export=export)
    with open_portal_ledger(called.settings()) as ledger:
        if verify:
            _verify(ledger, where, called, head)
        elif export:
            _export(ledger, where, called)
        elif run is not None:
            show_run(ledger, where, called, run)
        else:
            _show_runs(ledger, where, called, kind, limit)


def show_run(ledger: "PortalLedger", where: Destinations, called: Invocation, run_id: str) -> None:
    """Write one run in detail; raises UsageError if the ledger has no such run."""
    from lastseen.reports.history import RunDetail, render_run

    run = ledger.runs.find(run_id)
    detail = RunDetail(
        run=run,
        plan=ledger.runs.plan(run.run_id),
        receipt=ledger.runs.receipt(run.run_id),
        entries=tuple(ledger.journal.entries(run.run_id)),
    )
    where.deliver(
        lambda place: render_run(detail, place.format, ledger=ledger.place, screen=place.screen()),
        Summary(text=f"Run {run.run_id}.", event="run-detail", fields={"run_id": run.run_id}),
        called=called,
    )


def _show_runs(
    ledger: "PortalLedger",
    where: Destinations,
    called: Invocation,
    kind: str | None,
    limit: int | None,
) -> None:
    from lastseen.reports.history import render_runs

    known = ledger.runs.all(limit=None if kind else limit)
    runs = tuple(run for run in known if kind in (None, run.kind))[:limit]
    nothing = f"None of the {counted(len(known), 'run')} on this portal is of the kind {kind}."
    failures = {
        run.run_id: str(entry.content.get("found", ""))
        for run in runs
        if run.state == "failed"
        for entry in ledger.journal.entries(run.run_id)
        if entry.kind == "failure"
    }
    where.deliver(
        lambda place: render_runs(
            runs,
            place.format,
            screen=place.screen(),
            portal=ledger.url,
            ledger=ledger.place,
            failures=failures,
            nothing=nothing if known else "No run yet on this portal.",
        ),
        Summary(text=f"{counted(len(runs), 'run')}.", event="history", fields={"runs": len(runs)}),
        called=called,
    )


def _export(ledger: "PortalLedger", where: Destinations, called: Invocation) -> None:
    from lastseen.model.json_text import escaped

    lines = [escaped(line) for line in ledger.journal.export()]
    entries = counted(len(lines), "entry", "entries")
    where.deliver(
        lambda _place: b"".join(lines),
        Summary(text=f"{entries}.", event="journal-export", fields={"entries": len(lines)}),
        called=called,
    )


def _verify(
    ledger: "PortalLedger", where: Destinations, called: Invocation, head: str | None
) -> None:
    from lastseen.api import require_whole, verify
    from lastseen.reports.verification import render_verification

    verification = verify(ledger, expected_head=head)
    whole = verification.whole
    if where.only_screen and sys.stdout.isatty():
        require_whole(verification)  # on a terminal the error says it all
    where.deliver(
        lambda place: render_verification(verification, place.format, screen=place.screen()),
        Summary(
            text="The ledger is whole." if whole else "The ledger is not whole.",
            event="verification",
            fields={"whole": whole},
        ),
        called=called,
    )
    require_whole(verification)


def _destinations(
    files: Sequence[Path] | None, form: str | None, *, verify: bool, export: bool
) -> Destinations:
    if verify:
        return short_destinations(files, form, writer="history --verify")
    if not export:
        return record_destinations(files, form)
    return destinations(
        files,
        form,
        offered=("json",),
        by_ending=lambda _file: "json",
        writer="history --export",
    )


def _check_kind(kind: str | None) -> None:
    if kind in (None, *_KINDS):
        return
    raise UsageError(
        attempted=f"reading --kind {kind}",
        found=f"there is no kind of run {kind!r}",
        meaning=f"runs are of the kinds {', '.join(_KINDS)}",
        remedy="name one of them",
    )


def _refuse_contradictions(
    run: str | None, *, verify: bool, head: str | None, export: bool
) -> None:
    if sum((run is not None, verify, export)) <= 1 and (head is None or verify):
        return
    raise UsageError(
        attempted="reading the history",
        found="--head without --verify" if head else "more than one of RUN, --verify and --export",
        meaning="they exclude one another; --head belongs to --verify",
        remedy="give one of them",
    )
