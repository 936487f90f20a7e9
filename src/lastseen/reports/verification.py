"""Whether a journal is as it was written, as a sentence for people or as JSON."""

import msgspec

from lastseen.model.journal_entry import ChainViolation
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.terminal import TableWriter, printed

VERIFICATION_SCHEMA = "lastseen.verification/1"
"""The name and version of a verification's JSON form."""

_DEFAULT = Screen()


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What checking a journal found."""

    schema: str = VERIFICATION_SCHEMA
    """Name and version of the JSON form."""
    portal: str
    """Whose journal it is."""
    whole: bool
    """Whether every entry is as it was written, and none is missing."""
    head: str | None
    """Hash of the newest entry; null where there is none."""
    broken: ChainViolation | None = None
    """The first wrong entry; null where none is."""


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


def _lines(verification: Verification) -> tuple[str, ...]:
    if verification.broken is not None:
        return (f"The journal is broken: {verification.broken.explanation}.",)
    if verification.head is None:
        return ("The journal is empty.",)
    return ("The journal is whole.", f"Head: {verification.head}")
