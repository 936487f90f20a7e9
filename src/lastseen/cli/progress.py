"""Progress of long work: a bar on a terminal, log lines elsewhere, nothing with `-q`.

Everything goes to standard error, never to standard output.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lastseen.cli.invocation import Invocation
from lastseen.config.logging import printable
from lastseen.model.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_log = logging.getLogger("lastseen.progress")
_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def watched(invocation: Invocation) -> Iterator[Progress]:
    """Yield progress shown on standard error; a bar disappears when the block ends.

    A terminal gets a bar. Elsewhere steps are log lines at intervals, which `-v` shows, and notes
    are warnings, which are always shown, except with `-q`.
    """
    if invocation.quiet:
        yield Silent()
        return
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
        """Start with nothing logged."""
        self._logged: dict[str, float] = {}

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """Log how far `stage` is: at its end, and before that at intervals."""
        now = time.monotonic()
        ended = total is not None and done >= total
        if not ended and now - self._logged.get(stage, float("-inf")) < _SECONDS_BETWEEN_LINES:
            return
        self._logged[stage] = now
        _log.info(
            "%s: %d%s%s",
            stage,
            done,
            "" if total is None else f" of {total}",
            _unit(stage),
            extra={"event": "progress", "stage": stage, "done": done, "total": total},
        )

    def note(self, text: str) -> None:
        """Log `text`."""
        _log.warning("%s", text, extra={"event": "note"})


def _unit(stage: str) -> str:
    """Return what is counted while a log is read; other stages count people."""
    if not stage.startswith(("sign-in log", "activity trail")):
        return ""
    return " people" if stage.endswith("person by person") else " pages"


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
        line = printable(" ".join(text.splitlines()))
        self._bars.console.print(line, markup=False, highlight=False)


def _on_a_terminal() -> bool:
    return bool(sys.stderr and sys.stderr.isatty())
