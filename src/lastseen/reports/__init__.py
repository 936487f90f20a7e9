"""Plans, receipts and other results as documents for people and programs: one file a format.

A plan can be a table, JSON, CSV, HTML, or a format that another package registers under the entry
point group `lastseen.reports`. Everything returns bytes; the caller writes them.
"""

from importlib.metadata import EntryPoint, entry_points
from pathlib import PurePath

from lastseen.model.errors import UsageError
from lastseen.model.plan import Plan
from lastseen.model.receipt import Receipt
from lastseen.reports.interface import PlanContext, PlanFormat, Screen, screen_of

__all__ = [
    "PlanContext",
    "PlanFormat",
    "Screen",
    "format_of",
    "plan_formats",
    "render_plan",
    "render_receipt",
    "screen_of",
]

_ENDINGS = {
    "table": (".txt",),
    "json": (".json",),
    "csv": (".csv",),
    "html": (".html", ".htm"),
}
"""The endings of each built-in format, so that none has to be loaded to be recognised."""
_BUILT_IN = tuple(_ENDINGS)
_GROUP = "lastseen.reports"
_CONTEXT = PlanContext()
_SCREEN = Screen()


def plan_formats() -> tuple[str, ...]:
    """Return the names of all formats for plans, the built-in ones first."""
    return (*_BUILT_IN, *sorted(_registered()))


def render_plan(plan: Plan, format: str, *, context: PlanContext = _CONTEXT) -> bytes:
    """Return the plan as a document in one of `plan_formats()`.

    Raises UsageError for an unknown format, and for one of another package that can't be loaded or
    fails.
    """
    entry = _registered().get(format)
    if entry is None:
        return _built_in(format).render(plan, context)
    return _rendered_elsewhere(entry, plan, context)


def render_receipt(
    receipt: Receipt, format: str, *, screen: Screen = _SCREEN, plan: Plan | None = None
) -> bytes:
    """Return the receipt as `table`, `json`, `csv` or `html`; raises UsageError for another format.

    `plan` adds names and reasons to all but JSON.
    """
    match format:
        case "table":
            from lastseen.reports.receipt import receipt_table

            return receipt_table(receipt, screen, plan)
        case "json":
            from lastseen.model.receipt import encode_receipt

            return encode_receipt(receipt)
        case "csv":
            from lastseen.reports.csv import receipt_csv

            return receipt_csv(receipt, plan)
        case "html":
            from lastseen.reports.record_html import receipt_html

            return receipt_html(receipt, plan)
    raise unknown_format(format, _BUILT_IN)


def format_of(path: str | PurePath) -> str:
    """Return the plan format that a file's ending selects, in any case.

    Raises UsageError if no format has that ending.
    """
    ending = PurePath(path).suffix.lower()
    for name, endings in _ENDINGS.items():
        if ending in endings:
            return name
    for name, entry in sorted(_registered().items()):
        if ending in _load(entry).endings:
            return name
    raise UsageError(
        attempted=f"choosing the format of {path}",
        found=f"the ending {ending!r}" if ending else "a name without an ending",
        meaning="no report format has that ending",
        remedy=f"give --format, one of {', '.join(plan_formats())}, or a name that ends in .json, "
        ".csv, .html or .txt",
    )


def unknown_format(format: str, offered: tuple[str, ...]) -> UsageError:
    """Return the error that names the formats there are instead of `format`."""
    return UsageError(
        attempted="choosing the format of a report",
        found=f"{format!r}",
        meaning="this document does not come in that format",
        remedy=f"choose one of {', '.join(offered)}",
    )


def _built_in(name: str) -> PlanFormat:
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
    raise unknown_format(name, plan_formats())


def _registered() -> dict[str, EntryPoint]:
    others = entry_points(group=_GROUP)
    return {entry.name: entry for entry in others if entry.name not in _BUILT_IN}


def _load(entry: EntryPoint) -> PlanFormat:
    attempted = f"loading the report format {entry.name!r} from {entry.value}"
    try:
        loaded = entry.load()
    except Exception as error:
        raise _foreign_fault(entry, attempted, f"{type(error).__name__}: {error}") from error
    if not isinstance(loaded, PlanFormat):
        found = f"a {type(loaded).__name__} without `endings` and `render`"
        raise _foreign_fault(entry, attempted, found)
    return loaded


def _rendered_elsewhere(entry: EntryPoint, plan: Plan, context: PlanContext) -> bytes:
    attempted = f"writing the plan in the format {entry.name!r} of {entry.value}"
    try:
        document = _load(entry).render(plan, context)
    except UsageError:
        raise
    except Exception as error:
        raise _foreign_fault(entry, attempted, f"{type(error).__name__}: {error}") from error
    if not isinstance(document, bytes):
        raise _foreign_fault(entry, attempted, f"it returned {type(document).__name__}, not bytes")
    return document


def _foreign_fault(entry: EntryPoint, attempted: str, found: str) -> UsageError:
    package = f" {entry.dist.name} {entry.dist.version}" if entry.dist else ""
    return UsageError(
        attempted=attempted,
        found=found,
        meaning=f"the fault is in the package{package} that provides the format, not in Lastseen",
        remedy="repair, update or remove that package, or choose another format",
    )
