"""The table that the measurements end in, and how a figure is written."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import msgspec

WITHOUT_DATES = "lookback_days = inactive_days"
"""The configuration of rows that look no further back than decisions need."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure."""

    figure: str
    """What was measured."""
    measured: str
    """What came out."""
    goal: str = ""
    """What was to come out; empty where nothing was asked for."""
    met: bool | None = None
    """Whether it did; None where nothing was asked for."""


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown, which a terminal shows as well."""
    head = ("figure", "measured", "goal", "")
    lines = [(row.figure, row.measured, row.goal, _MET[row.met]) for row in rows]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    shown = [head, tuple("-" * width for width in widths), *lines]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in shown
    )


def machine() -> str:
    """Name the machine in general words."""
    cores = os.cpu_count() or 1
    return (
        f"{cores} core{'s' if cores > 1 else ''} ({platform.machine()}{_clock()}), "
        f"{_memory()}{platform.system()}, {platform.python_implementation()} "
        f"{platform.python_version()}"
    )


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return ""
    return f"{size / 2**30:.0f} GB of memory, "


def _clock() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "cpu MHz":
            return f", {float(value) / 1000:.1f} GHz"
    return ""


_MET = {True: "met", False: "MISSED", None: ""}
