"""How long-running work reports its progress; the surfaces decide how that looks."""

from contextvars import ContextVar
from typing import Protocol

run_at_work: ContextVar[str | None] = ContextVar("run_at_work", default=None)
"""The id of the run whose lines are logged now; a review's is also its plan's."""


class Progress(Protocol):
    """Receives progress; must be cheap, since it is called for every page."""

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """`done` units of `stage` are finished, of `total` if that is known."""

    def note(self, text: str) -> None:
        """Something worth a line of its own happened."""


class Silent:
    """Progress that nobody watches."""

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
