"""The ledger's runs, all in a list or one in detail.

Nothing here opens a database.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from lastseen.model.instant import minute
from lastseen.model.journal_entry import JournalEntry
from lastseen.model.plan import Plan
from lastseen.model.receipt import Receipt
from lastseen.model.run import Run
from lastseen.reports import render_receipt, unknown_format
from lastseen.reports.csv import runs_csv
from lastseen.reports.interface import Screen
from lastseen.reports.journal import entry_in_words
from lastseen.reports.json import json_document
from lastseen.reports.receipt import outcome_pieces
from lastseen.reports.terminal import TableWriter, printed
from lastseen.reports.text import day, took
from lastseen.reports.words import policy_in_words, result_in_words, state_in_words

HISTORY_SCHEMA = "lastseen.history/1"
"""The name and version of the JSON form of a list of runs."""
RUN_SCHEMA = "lastseen.run/1"
"""The name and version of the JSON form of one run in detail."""

_DEFAULT = Screen()
_NONE_FAILED: Mapping[str, str] = {}
_LIST_FROM = 100
"""Below this many columns a run is shown as a card."""


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One run with the documents that it left."""

    run: Run
    """The run."""
    plan: Plan | None = None
    """The plan that it made or carried out, if the ledger has it."""
    receipt: Receipt | None = None
    """What it did, person by person; None if it changed nobody."""
    entries: tuple[JournalEntry, ...] = ()
    """The journal's entries about it, oldest first."""


def render_runs(
    runs: Sequence[Run],
    format: str,
    *,
    portal: str,
    failures: Mapping[str, str] = _NONE_FAILED,
    ledger: str = "",
    nothing: str = "No run yet on this portal.",
    screen: Screen = _DEFAULT,
) -> bytes:
    """Return the runs in the order given as `table`, `json`, `csv` or `html`.

    `failures` gives by run id why runs failed; a table names the `ledger`, and says `nothing` where
    there is no run. Raises UsageError for another format.
    """
    results = {run.run_id: _result(run, failures) for run in runs}
    match format:
        case "table":
            writer = TableWriter(screen)
            return printed(
                screen, [*_list(runs, results, writer, nothing), *_read_from(ledger, writer)]
            )
        case "json":
            return json_document(
                {"schema": HISTORY_SCHEMA, "runs": tuple(runs), "failures": dict(failures)}
            )
        case "csv":
            return runs_csv(runs, results)
        case "html":
            from lastseen.reports.record_html import runs_html

            return runs_html(runs, results, portal, nothing)
    raise unknown_format(format, ("table", "json", "csv", "html"))


def render_run(
    detail: RunDetail, format: str, *, ledger: str = "", screen: Screen = _DEFAULT
) -> bytes:
    """Return one run in detail as `table` or `json`; `csv` and `html` show its receipt.

    A table names the `ledger`. Raises UsageError for another format, and for `csv` and `html` of a
    run without a receipt.
    """
    match format:
        case "table":
            writer = TableWriter(screen)
            return printed(screen, [*_one(detail, writer), *_read_from(ledger, writer)])
        case "json":
            return json_document({"schema": RUN_SCHEMA, **msgspec.structs.asdict(detail)})
        case "csv" | "html" if detail.receipt is not None:
            return render_receipt(detail.receipt, format, plan=detail.plan)
    raise unknown_format(format, ("table", "json"))


def _result(run: Run, failures: Mapping[str, str]) -> str:
    why = failures.get(run.run_id)
    if why and state_in_words(run) == "stopped":
        return f"nobody changed: {why}"
    return why or result_in_words(run)


def _list(
    runs: Sequence[Run], results: Mapping[str, str], writer: TableWriter, nothing: str
) -> Iterator[RenderableType]:
    by_run = {run.plan_id: run.run_id for run in runs if run.kind == "run"}
    if not runs:
        yield writer.text(nothing)
    elif writer.screen.width < _LIST_FROM:
        yield writer.cards(
            (
                _title(run, writer, of_run=by_run.get(run.run_id)),
                writer.text(f"{minute(run.started_at)}{_duration(run)}, by {_by(run)}"),
                writer.text(results[run.run_id]),
            )
            for run in runs
        )
    else:
        table = writer.table(("Run", "What", "Started", "Took", "State", "Result", "By"))
        for column in table.columns[:5]:
            column.no_wrap = True
        for run in runs:
            table.add_row(
                writer.text((run.run_id, "bold")),
                writer.text(_kind(run, by_run.get(run.run_id))),
                writer.text(minute(run.started_at)),
                writer.text(took(run.started_at, run.finished_at) if run.finished_at else ""),
                _state(run, writer),
                writer.text(results[run.run_id]),
                writer.text((_by(run), "dim")),
            )
        yield table


def _read_from(ledger: str, writer: TableWriter) -> Iterator[RenderableType]:
    if ledger:
        yield Text()
        yield writer.text((f"Ledger: {ledger}", "dim"))


def _one(detail: RunDetail, writer: TableWriter) -> Iterator[RenderableType]:
    run = detail.run
    yield _title(run, writer)
    yield writer.pairs((name, writer.text(said)) for name, said in _facts(detail) if said)
    if detail.receipt is not None:
        yield from outcome_pieces(detail.receipt, detail.plan, writer)
    if detail.entries:
        yield writer.heading("Journal")
        yield writer.grid(_entry(entry, writer) for entry in detail.entries)


def _facts(detail: RunDetail) -> Iterator[tuple[str, str]]:
    run = detail.run
    yield "Started", f"{minute(run.started_at)}{_duration(run)}"
    yield "By", f"{_by(run)}, Lastseen {run.by.version}"
    yield "Result", result_in_words(run)
    for entry in detail.entries:
        if entry.kind == "failure":
            yield "Failed", f"{entry.content.get('attempted')}: {entry.content.get('found')}"
            yield "Remedy", str(entry.content.get("remedy"))
    yield "Exit code", "" if run.exit_code is None else str(run.exit_code)
    yield "Plan", run.plan_id or ""
    yield "Undoes", run.undone_run_id or ""
    if detail.plan is not None:
        yield "Portal", detail.plan.portal
        yield "Policy", policy_in_words(detail.plan.policy)[0]


def _entry(entry: JournalEntry, writer: TableWriter) -> tuple[Text, ...]:
    return (
        writer.text((str(entry.seq), "dim")),
        writer.text(f"{day(entry.at)} {entry.at:%H:%M:%S}"),
        writer.text(entry.kind),
        writer.text(entry_in_words(entry)),
    )


def _title(run: Run, writer: TableWriter, *, of_run: str | None = None) -> Text:
    return Text("  ").join(
        (
            writer.text((run.run_id, "bold")),
            writer.text(_kind(run, of_run)),
            _state(run, writer),
        )
    )


def _kind(run: Run, of_run: str | None) -> str:
    """Return what kind of run it is; a review that a run made names that run."""
    return f"{run.kind} of {of_run}" if of_run and run.kind == "review" else run.kind


def _duration(run: Run) -> str:
    return f", took {took(run.started_at, run.finished_at)}" if run.finished_at else ""


def _by(run: Run) -> str:
    return run.by.in_full


def _state(run: Run, writer: TableWriter) -> Text:
    return writer.text((state_in_words(run), _STATES[run.state]))


_STATES = {
    "running": "cyan",
    "done": "green",
    "partial": "bold yellow",
    "failed": "bold red",
    "interrupted": "bold yellow",
}
