"""What the doctor found, as a table for people or as JSON."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import counted
from lastseen.model.diagnosis import Diagnosis, Finding
from lastseen.model.instant import minute
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.terminal import TableWriter, printed

_DEFAULT = Screen()


def render_diagnosis(diagnosis: Diagnosis, format: str, *, screen: Screen = _DEFAULT) -> bytes:
    """Return the diagnosis as `table` or `json`; raises UsageError for another format."""
    match format:
        case "table":
            return printed(screen, _pieces(diagnosis, TableWriter(screen)))
        case "json":
            return json_document(diagnosis)
    raise unknown_format(format, ("table", "json"))


def _pieces(diagnosis: Diagnosis, writer: TableWriter) -> Iterator[RenderableType]:
    yield writer.text((diagnosis_in_words(diagnosis), _style(diagnosis)))
    yield writer.text((f"{diagnosis.portal}, {minute(diagnosis.at)}", "dim"))
    yield Text()
    for finding in sorted(diagnosis.findings, key=lambda one: _ORDER.index(one.state)):
        yield writer.grid([(writer.text(_SIGNS[finding.state]), _told(finding, writer))])


def diagnosis_in_words(diagnosis: Diagnosis) -> str:
    """Return `1 problem and 2 warnings.`, or that everything is as it should be."""
    problems, warnings = _count(diagnosis, "problem"), _count(diagnosis, "warning")
    if problems:
        also = f" and {counted(warnings, 'warning')}" if warnings else ""
        return f"{counted(problems, 'problem')}{also}."
    if warnings:
        return f"No problem, {counted(warnings, 'warning')}."
    return "Everything is as it should be."


def _style(diagnosis: Diagnosis) -> str:
    if _count(diagnosis, "problem"):
        return "bold red"
    return "bold yellow" if _count(diagnosis, "warning") else "bold green"


def _count(diagnosis: Diagnosis, state: str) -> int:
    return sum(finding.state == state for finding in diagnosis.findings)


def _told(finding: Finding, writer: TableWriter) -> Text:
    remedy = finding.state != "ok" and finding.remedy
    return writer.lines(
        writer.text((f"{finding.name}: ", "bold"), finding.value),
        writer.text(finding.meaning),
        writer.text(("Do: ", "bold"), finding.remedy or "") if remedy else None,
    )


_ORDER = ("problem", "warning", "ok")
_SIGNS = {
    "ok": ("ok     ", "green"),
    "warning": ("warning", "bold yellow"),
    "problem": ("problem", "bold red"),
}
