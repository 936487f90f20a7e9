"""The options that several commands share, each described once.

Only declarations for the command line; what an option means is decided where it is used.
"""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from lastseen.model.instant import Instant


class LogForm(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class Dates(StrEnum):
    """Which last-seen dates a review looks up."""

    SOME = "some"
    ALL = "all"


OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the document to FILE, readable by you only; a summary goes to the screen.",
    ),
]
PlanFormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, json, csv or html. Default: by FILE's ending, else table.",
    ),
]
ShortFormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table or json. Default: by FILE's ending, else table.",
    ),
]
YesOption = Annotated[
    bool,
    typer.Option(
        "--yes",
        help="Ask nothing. Without it, and without a terminal to ask on, nothing is changed.",
    ),
]
MaxDisableOption = Annotated[
    int | None,
    typer.Option(
        "--max-disable",
        metavar="N",
        min=1,
        help="Let this run disable up to N people, whatever the guardrails say.",
    ),
]
StrictOption = Annotated[
    bool,
    typer.Option("--strict", help="End with 4 if anyone is on hold."),
]
DatesOption = Annotated[
    Dates,
    typer.Option(
        "--dates",
        help="Look up all last-seen dates, or some: as many as cost no more than deciding did. "
        "The next reviews look up the rest.",
    ),
]
NowOption = Annotated[
    str | None,
    typer.Option(
        "--now",
        metavar="ISO",
        help="Pretend that it is then, as 2026-11-01T10:30Z. Such a plan can't be applied.",
    ),
]


def read_now(text: str | None) -> "Instant | None":
    """Return the instant in `--now`; raises UsageError when it is none."""
    if text is None:
        return None
    from lastseen.model.instant import parse_instant

    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        raise _unreadable("--now", text, "an instant", "2026-11-01 or 2026-11-01T10:30Z") from None


def read_date(text: str, option: str) -> "date":
    """Return the day in an option; raises UsageError when it is none."""
    from datetime import date

    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _unreadable(option, text, "a day of the calendar", "2026-12-31") from None


def named_people(values: Iterable[str] | None) -> tuple[str, ...]:
    """Return everyone named, in order and once; one value may name several, separated by commas."""
    names = (name.strip() for value in values or () for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _unreadable(option: str, text: str, wanted: str, example: str) -> UsageError:
    return UsageError(
        attempted=f"reading {option} {text}",
        found="it can't be read",
        meaning=f"{option} takes {wanted} in ISO 8601; nothing was begun",
        remedy=f"write it as {example}",
    )
