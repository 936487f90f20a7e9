"""How long work tells what it is doing; the surfaces decide how that looks."""

from typing import Protocol


class Progress(Protocol):
    """Hears of work under way; must be cheap, since it is called for every page."""

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """`done` units of `stage` are finished, of `total` where that can be told."""

    def note(self, text: str) -> None:
        """Something worth a line of its own happened."""


class Silent:
    """Progress that nobody watches."""

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """Hear and forget."""

    def note(self, text: str) -> None:
        """Hear and forget."""
