"""What Lastseen found and did, told to people and to programs: one file a format.

A plan can be a table, JSON, CSV or HTML, or any format that somebody registered under the entry
point group `lastseen.reports`; what else there is to show, a table or JSON. Everything returns
bytes; who asked for them writes them.
"""

from importlib.metadata import EntryPoint, entry_points
from pathlib import PurePath

from lastseen.model.errors import UsageError
from lastseen.model.plan import Plan
from lastseen.model.receipt import Receipt
from lastseen.reports.interface import PlanFormat, Screen, screen_of

__all__ = [
    "PlanFormat",
    "Screen",
    "format_of",
    "plan_formats",
    "render_plan",
    "render_receipt",
    "screen_of",
]

_BUILT_IN = ("table", "json", "csv", "html")
_GROUP = "lastseen.reports"
_DEFAULT = Screen()


def plan_formats() -> tuple[str, ...]:
    """Return the names of the formats that a plan can be given here, the built-in ones first."""
    return (*_BUILT_IN, *sorted(_registered()))


def render_plan(plan: Plan, format: str, *, screen: Screen = _DEFAULT) -> bytes:
    """Return the plan as a document in one of `plan_formats()`.

    `screen` says how wide, coloured and full a table is. Raises UsageError for an unknown format
    and for one of somebody else's that can't be loaded.
    """
    return _plan_format(format).render(plan, screen)


def render_receipt(receipt: Receipt, format: str, *, screen: Screen = _DEFAULT) -> bytes:
    """Return the receipt as `table` or `json`; raises UsageError for another format."""
    match format:
        case "table":
            from lastseen.reports.receipt import receipt_table

            return receipt_table(receipt, screen)
        case "json":
            from lastseen.model.receipt import encode_receipt

            return encode_receipt(receipt)
    raise unknown_format(format, ("table", "json"))


def format_of(path: str | PurePath) -> str:
    """Return the plan format that a file's ending asks for, in any case.

    Raises UsageError when no format has that ending.
    """
    ending = PurePath(path).suffix.lower()
    for name in plan_formats():
        if ending in _plan_format(name).endings:
            return name
    raise UsageError(
        attempted=f"choosing the format of {path}",
        found=f"the ending {ending!r}" if ending else "a name without an ending",
        meaning="no format of a report has that ending",
        remedy=f"say --format, one of {', '.join(plan_formats())}, or end the name in .json, "
        ".csv, .html or .txt",
    )


def unknown_format(format: str, offered: tuple[str, ...]) -> UsageError:
    """Return the error that says which formats there are instead of `format`."""
    return UsageError(
        attempted="choosing the format of a report",
        found=f"{format!r}",
        meaning="there is no such format for this document",
        remedy=f"say one of {', '.join(offered)}",
    )


def _plan_format(name: str) -> PlanFormat:
    match name:
        case "table":
            from lastseen.reports.table import TablePlan

            return TablePlan()
        case "json":
            from lastseen.reports.json import JsonPlan

            return JsonPlan()
        case "csv":
            from lastseen.reports.csv import CsvPlan

            return CsvPlan()
        case "html":
            from lastseen.reports.html import HtmlPlan

            return HtmlPlan()
    entry = _registered().get(name)
    if entry is None:
        raise unknown_format(name, plan_formats())
    return _load(entry)


def _registered() -> dict[str, EntryPoint]:
    others = entry_points(group=_GROUP)
    return {entry.name: entry for entry in others if entry.name not in _BUILT_IN}


def _load(entry: EntryPoint) -> PlanFormat:
    attempted = f"loading the report format {entry.name!r} from {entry.value}"
    remedy = "repair or remove the package that registers it"
    try:
        loaded = entry.load()
    except Exception as error:
        raise UsageError(
            attempted=attempted,
            found=f"{type(error).__name__}: {error}",
            meaning="the package that brings the format can't be used",
            remedy=remedy,
        ) from error
    if not isinstance(loaded, PlanFormat):
        raise UsageError(
            attempted=attempted,
            found=f"a {type(loaded).__name__} without `endings` and `render`",
            meaning="it is not a format of a plan (see `lastseen.reports.interface`)",
            remedy=remedy,
        )
    return loaded
