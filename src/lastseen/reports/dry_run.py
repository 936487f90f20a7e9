"""What applying a plan would do, as a table or JSON."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import people
from lastseen.model.decision import Decision
from lastseen.model.dry_run import DryRun
from lastseen.model.instant import Instant
from lastseen.model.receipt import Outcome
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.receipt import remark_pieces, remarks_of
from lastseen.reports.sections import words_for_no_sighting
from lastseen.reports.terminal import TableWriter, printed
from lastseen.reports.words import date_in_words, outcome_of, reason_in_words


def render_dry_run(found: DryRun, format: str, *, screen: Screen) -> bytes:
    """Return the dry run as `table` or `json`; raises UsageError for another format."""
    match format:
        case "table":
            return printed(screen, _pieces(found, TableWriter(screen)))
        case "json":
            return json_document(found)
    raise unknown_format(format, ("table", "json"))


def _pieces(found: DryRun, writer: TableWriter) -> Iterator[RenderableType]:
    yield writer.text(("Nothing was changed.", "bold"))
    yield from _decisions("would be disabled", found.would_disable, found.now, writer)
    yield from _decisions("would be signed out", found.would_sign_out, found.now, writer)
    yield from _outcomes(found.outcomes, writer)


def _decisions(
    what: str, decisions: Sequence[Decision], now: Instant, writer: TableWriter
) -> Iterator[RenderableType]:
    if not decisions:
        return
    yield Text()
    yield writer.text((f"{people(len(decisions))} {what}", "bold"))
    table = writer.table(("Who", "Last seen", "Why"))
    for one in decisions:
        seen = words_for_no_sighting(one, now) or date_in_words(one, now)
        table.add_row(
            writer.text((one.email or str(one.user_id), "bold")),
            writer.text(seen),
            writer.text(reason_in_words(one.reason)),
        )
    yield table


def _outcomes(outcomes: Sequence[Outcome], writer: TableWriter) -> Iterator[RenderableType]:
    if not outcomes:
        return
    yield Text()
    yield writer.text((f"{people(len(outcomes))} would be left as they are", "bold"))
    remarks = remarks_of(outcomes)
    table = writer.table(("Who", "Outcome", "Remark"))
    for one in outcomes:
        table.add_row(
            writer.text((one.email or one.user_id, "bold")),
            writer.text(outcome_of(one)),
            writer.text(str(remarks[one.error].number) if one.error else ""),
        )
    yield table
    yield from remark_pieces(remarks, writer)
