"""Reads the file of a roster: a regular file, within a size limit. It doesn't know the format."""

from pathlib import Path

from lastseen.model.errors import UsageError
from lastseen.regular_file import Unsuitable, read_regular_file, why_unreadable
from lastseen.rosters.interface import RosterOptions

LARGEST_FILE = 128 * 1024 * 1024
"""Bytes; a million contractors in CSV need less."""


def required_path(options: RosterOptions) -> Path:
    """Return `roster.path`; raises UsageError if it isn't set."""
    if options.path is None:
        raise UsageError(
            attempted=f"opening the roster {options.source}",
            found="roster.path is not set",
            meaning=f"the source {options.source} reads a file",
            remedy="set roster.path in the configuration, or LASTSEEN_ROSTER__PATH",
        )
    return options.path


def read_file(path: Path, *, largest: int = LARGEST_FILE) -> bytes:
    """Return the file's content; raises UsageError if it can't be read."""
    try:
        return read_regular_file(path, largest=largest)
    except (OSError, ValueError, Unsuitable) as error:
        raise unreadable_file(path, why_unreadable(error)) from None


def unreadable_file(path: Path, found: str, *, option: str = "roster.path") -> UsageError:
    """Return the error of a file that can't be read, which `option` names."""
    return UsageError(
        attempted=f"reading the roster {path.absolute()}",
        found=found,
        meaning="without it the contractors are not known",
        remedy=f"correct {option}, or the file's permissions",
    )
