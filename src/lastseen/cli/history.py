"""`lastseen history`: the runs, one run, the journal's check and its export.

Reads the ledger only; asks the portal nothing.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.invocation import invocation
from lastseen.cli.options import OutputOption, ShortFormatOption
from lastseen.cli.output import Destination, destination, short_destination
from lastseen.model.counting import counted
from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from lastseen.api import PortalLedger


def history(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", hidden=True),
    ] = None,
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
            help="With --verify: the journal_head of a receipt kept elsewhere, to be found.",
        ),
    ] = None,
    export: Annotated[
        bool, typer.Option("--export", help="Write the journal as JSON Lines.")
    ] = False,
    output: OutputOption = None,
    form: ShortFormatOption = None,
) -> None:
    """Show the runs on the portal, or one of them in detail.

    RUN is an id or its beginning. --verify exits with 2 when anything was changed.
    """
    from lastseen.api import open_portal_ledger

    called = invocation(context)
    _refuse_contradictions(run, verify=verify, head=head, export=export)
    where = _lines(output, form) if export else short_destination(output, form)
    with open_portal_ledger(called.settings()) as ledger:
        if verify:
            _verify(ledger, where, head)
        elif export:
            lines = list(ledger.journal.export())
            where.deliver(b"".join(lines), summary=counted(len(lines), "entry", "entries") + ".")
        elif run is not None:
            _show_run(ledger, where, run)
        else:
            _show_runs(ledger, where)


def _show_runs(ledger: "PortalLedger", where: Destination) -> None:
    from lastseen.reports.history import render_runs

    runs = ledger.runs.all()
    where.deliver(
        render_runs(runs, where.format, screen=where.screen()),
        summary=counted(len(runs), "run") + ".",
    )


def _show_run(ledger: "PortalLedger", where: Destination, prefix: str) -> None:
    from lastseen.reports.history import RunDetail, render_run

    run = ledger.runs.find(prefix)
    detail = RunDetail(
        run=run,
        plan=ledger.runs.plan(run.run_id),
        receipt=ledger.runs.receipt(run.run_id),
        entries=tuple(ledger.journal.entries(run.run_id)),
    )
    where.deliver(
        render_run(detail, where.format, screen=where.screen()), summary=f"Run {run.run_id}."
    )


def _verify(ledger: "PortalLedger", where: Destination, head: str | None) -> None:
    from lastseen.api import require_whole, verify
    from lastseen.reports.verification import render_verification

    verification = verify(ledger, expected_head=head)
    summary = "The ledger is whole." if verification.whole else "The ledger is not whole."
    where.deliver(
        render_verification(verification, where.format, screen=where.screen()), summary=summary
    )
    require_whole(verification)


def _lines(output: Path | None, form: str | None) -> Destination:
    return destination(output, form, offered=("json",), by_ending=lambda _file: "json")


def _refuse_contradictions(
    run: str | None, *, verify: bool, head: str | None, export: bool
) -> None:
    if sum((run is not None, verify, export)) <= 1 and (head is None or verify):
        return
    raise UsageError(
        attempted="reading the history",
        found="--head without --verify"
        if head is not None
        else "more than one of RUN, --verify and --export",
        meaning="only one of them can be answered at a time; --head belongs to --verify",
        remedy="give one of them",
    )
