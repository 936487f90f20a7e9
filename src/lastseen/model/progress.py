"""How long-running work reports its progress; the surfaces decide how that looks."""

from typing import Protocol


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
