"""Whether a ledger is as it was written, as sentences for people or as JSON."""

from collections.abc import Iterator

from lastseen.model.verification import Verification
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.terminal import TableWriter, printed

_DEFAULT = Screen()


def render_verification(
    verification: Verification, format: str, *, screen: Screen = _DEFAULT
) -> bytes:
    """Return the verification as `table` or `json`; raises UsageError for another format."""
    match format:
        case "table":
            writer = TableWriter(screen)
            return printed(screen, (writer.text(line) for line in _lines(verification)))
        case "json":
            return json_document(verification)
    raise unknown_format(format, ("table", "json"))


def _lines(verification: Verification) -> Iterator[str]:
    if verification.broken is not None:
        yield f"The journal is broken: {verification.broken.explanation}."
    elif verification.missing_head is not None:
        yield f"The journal has no entry with the hash {verification.missing_head}."
    elif verification.head is None:
        yield "The journal is empty."
    else:
        yield "The journal is intact."
        yield f"Head: {verification.head}"
    if verification.damage:
        yield "The ledger is damaged:"
        yield from (f"  {one}" for one in verification.damage)
    else:
        yield "Records and evidence are as they were written."
