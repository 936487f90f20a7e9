"""The options that several commands share, each described once.

Only declarations and parsing; what an option means is decided where it is used.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from lastseen.model.instant import Instant


_FIRST_YEAR, _LAST_YEAR = 1970, 2999
"""The years of `--now`."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class LogForm(StrEnum):
    """Log format."""

    TEXT = "text"
    JSON = "json"


class Dates(StrEnum):
    """Which last-seen dates a review looks up."""

    SOME = "some"
    ALL = "all"


OutputOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to FILE (mode 0600), and a summary to the screen. May be repeated.",
    ),
]
PlanFormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, json, csv or html. Default: from FILE's ending, else table.",
    ),
]
RecordFormatOption = PlanFormatOption
ShortFormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table or json. Default: from FILE's ending, else table.",
    ),
]
ExplanationFormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, json or html. Default: from FILE's ending, else table.",
    ),
]
YesOption = Annotated[
    bool,
    typer.Option("--yes", help="Don't ask. Without it and without a terminal, change nothing."),
]
SamePortalOption = Annotated[
    bool,
    typer.Option(
        "--same-portal",
        help="Confirm that the portal has moved to this address: the ledger follows it.",
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
    typer.Option("--strict", help="Exit with 4 if anyone is on hold."),
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
        help="Decide as if it were that time (2026-11-01T10:30Z). Can't be applied.",
    ),
]
AllOption = Annotated[
    bool,
    typer.Option("--all", help="In a table, list everyone, including those kept and skipped."),
]


def read_now(text: str | None) -> "Instant | None":
    """Return the instant in `--now`; raises UsageError if it can't be read."""
    if text is None:
        return None
    from lastseen.model.instant import parse_instant

    try:
        moment = parse_instant(text)
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise ValueError("days before or after it may have no date")
        return moment
    except (ValueError, OverflowError):
        raise _unreadable("--now", text, "an instant", "2026-11-01 or 2026-11-01T10:30Z") from None


def read_date(text: str, option: str) -> "date":
    """Return the date in an option; raises UsageError if it can't be read."""
    from datetime import date

    try:
        if not _DATE.fullmatch(text.strip()):
            raise ValueError("not as people write dates")
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _unreadable(option, text, "a date", "2026-12-31") from None


def named_people(values: Iterable[str] | None, option: str) -> tuple[str, ...]:
    """Return everyone named, in order and once; one value may name several, separated by commas.

    Raises UsageError for a value that names nobody, such as a variable that isn't set: it would
    count as if the option were not there, and everyone would be meant.
    """
    named: dict[str, None] = {}
    for value in values or ():
        names = [name.strip() for name in value.split(",") if name.strip()]
        if not names:
            raise UsageError(
                attempted=f"reading {option}",
                found=f"{value!r} names nobody",
                meaning=f"{option} takes ids or e-mail addresses; nothing was started",
                remedy=f"name somebody, or leave {option} out to mean everyone",
            )
        named |= dict.fromkeys(names)
    return tuple(named)


def _unreadable(option: str, text: str, wanted: str, example: str) -> UsageError:
    return UsageError(
        attempted=f"reading {option} {text}",
        found="it can't be read",
        meaning=f"{option} takes {wanted} in ISO 8601; nothing was started",
        remedy=f"write it as {example}",
    )
