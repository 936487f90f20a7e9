"""How long work looks while it goes on: a bar on a terminal, log lines elsewhere, or nothing.

Only shows; everything goes to standard error, never to standard output.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lastseen.cli.invocation import Invocation
from lastseen.model.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_log = logging.getLogger("lastseen.progress")
_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def watched(invocation: Invocation) -> Iterator[Progress]:
    """Yield the progress that suits where standard error goes; what is shown ends with the block.

    A terminal gets a bar. Elsewhere steps are log lines at intervals, which `-v` shows, and notes
    are warnings, which are always shown.
    """
    if invocation.log_format == "json" or not _on_a_terminal():
        yield LoggedProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield BarProgress(bars)


class LoggedProgress:
    """Progress as log lines, at most one every few seconds a stage."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._said: dict[str, float] = {}

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """Log how far `stage` is: when it ends, and else at intervals."""
        now = time.monotonic()
        ended = total is not None and done >= total
        if not ended and now - self._said.get(stage, float("-inf")) < _SECONDS_BETWEEN_LINES:
            return
        self._said[stage] = now
        _log.info("%s: %d%s", stage, done, "" if total is None else f" of {total}")

    def note(self, text: str) -> None:
        """Log `text`."""
        _log.warning("%s", text)


class BarProgress:
    """Progress as one bar a stage on a terminal."""

    def __init__(self, bars: "Bars") -> None:
        """Show on `bars`, which is running."""
        self._bars = bars
        self._stages: dict[str, TaskID] = {}

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """Move the stage's bar."""
        if stage not in self._stages:
            self._stages[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._stages[stage], completed=done, total=total)

    def note(self, text: str) -> None:
        """Print `text` above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)


def _on_a_terminal() -> bool:
    return bool(sys.stderr and sys.stderr.isatty())
