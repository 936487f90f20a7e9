"""Who is exempt, as a table for people or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from lastseen.model.counting import times
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.terminal import WIDE, TableWriter, printed
from lastseen.reports.text import day

if TYPE_CHECKING:
    from lastseen.model.exemption import Exemption

EXEMPTIONS_SCHEMA = "lastseen.exemptions/1"
"""The name and version of the JSON form of a list of exemptions."""

_DEFAULT = Screen()


def render_exemptions(
    exemptions: Sequence[Exemption], format: str, *, screen: Screen = _DEFAULT
) -> bytes:
    """Return the exemptions in the order given as `table` or `json`.

    Raises UsageError for another format.
    """
    match format:
        case "table":
            return printed(screen, _pieces(exemptions, TableWriter(screen)))
        case "json":
            return json_document({"schema": EXEMPTIONS_SCHEMA, "exemptions": tuple(exemptions)})
    raise unknown_format(format, ("table", "json"))


def _pieces(exemptions: Sequence[Exemption], writer: TableWriter) -> Iterator[RenderableType]:
    if not exemptions:
        yield writer.text("Nobody is exempt on this portal.")
    elif writer.screen.width < WIDE:
        yield writer.cards(
            (
                writer.text((exemption.who, "bold"), f"  until {exemption.until}"),
                writer.text(_why(exemption)),
                writer.text((f"{exemption.added_by}, {day(exemption.added_at)}", "dim")),
            )
            for exemption in exemptions
        )
    else:
        table = writer.table(("Who", "Until", "Why", "By", "Since"))
        for exemption in exemptions:
            table.add_row(
                writer.text((exemption.who, "bold")),
                writer.text(str(exemption.until)),
                writer.text(_why(exemption)),
                writer.text((exemption.added_by, "dim")),
                writer.text((day(exemption.added_at), "dim")),
            )
        table.columns[1].no_wrap = table.columns[4].no_wrap = True
        yield table


def _why(exemption: Exemption) -> str:
    """Return the reason, with the details that are known."""
    more = [
        *([f"ticket {exemption.ticket}"] if exemption.ticket else []),
        *([f"approved by {exemption.approved_by}"] if exemption.approved_by else []),
        *([f"renewed {times(exemption.renewals)}"] if exemption.renewals else []),
    ]
    return f"{exemption.reason} ({', '.join(more)})" if more else exemption.reason
