"""Reads the file of a roster: a regular file, within a limit. What it holds is not known here."""

import os
import stat
from pathlib import Path

from lastseen.model.errors import UsageError
from lastseen.rosters.interface import RosterOptions

LARGEST_FILE = 128 * 1024 * 1024
"""Bytes; a million contractors in CSV need less."""


def required_path(options: RosterOptions) -> Path:
    """Return `roster.path`; raises UsageError where it isn't set."""
    if options.path is None:
        raise UsageError(
            attempted=f"opening the roster {options.source}",
            found="roster.path is not set",
            meaning=f"the source {options.source} reads a file",
            remedy="set roster.path in the configuration, or LASTSEEN_ROSTER__PATH",
        )
    return options.path


def read_file(path: Path) -> bytes:
    """Return what the file holds; raises UsageError where that can't be read."""
    try:
        # Opened without waiting: a FIFO would never answer. The open file is checked, so that it
        # can't be replaced in between.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise unreadable_file(path, "it is not a regular file")
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise unreadable_file(path, reason.lower()) from None
    if len(content) > LARGEST_FILE:
        raise unreadable_file(path, f"it is larger than {LARGEST_FILE // 1024 // 1024} MB")
    return content


def unreadable_file(path: Path, found: str) -> UsageError:
    """Return the error of a file that can't be read."""
    return UsageError(
        attempted=f"reading the roster {path.absolute()}",
        found=found,
        meaning="without it nobody knows who the contractors are",
        remedy="correct roster.path, or the file's permissions",
    )
