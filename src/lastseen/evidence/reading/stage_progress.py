"""What a reading tells of itself: how far it has come, and how far it has to go.

Estimates: nothing here proves anything.
"""

import math
from collections.abc import Callable

from lastseen.model.progress import Progress

RECKONED_EVERY = 20
"""Pages after which the end of a reading is reckoned anew."""


class PageEstimate:
    """How many pages a reading will have had when it has reached its end, reckoned now and then."""

    def __init__(self, pages_left: Callable[[], float] | None = None) -> None:
        """`pages_left()` estimates what is still to come; None: that can't be told."""
        self._pages_left = pages_left
        self._reckoned_at = -RECKONED_EVERY
        self._pages = 0

    def pages_after(self, read: int) -> int | None:
        """Return the number, of which `read` have been read."""
        if self._pages_left is None:
            return None
        if read - self._reckoned_at >= RECKONED_EVERY or read >= self._pages:
            self._reckoned_at = read
            self._pages = read + math.ceil(self._pages_left())
        return self._pages


class StageProgress:
    """Tells how far a log has been read, one stage after the other."""

    def __init__(self, progress: Progress, stage: str) -> None:
        """`stage` is what the first is called."""
        self._progress = progress
        self._stage = stage
        self._before = 0
        self._whole = PageEstimate()

    def begin(self, stage: str, *, read: int) -> None:
        """Begin another stage after so many pages."""
        self._stage, self._before = stage, read

    def reckon(self, pages_left: Callable[[], float]) -> None:
        """From now on tell how far there is to go: `pages_left()` estimates it."""
        self._whole = PageEstimate(pages_left)

    def tell(self, read: int) -> None:
        """Tell that so many pages have been read, those of earlier stages counted in."""
        whole = self._whole.pages_after(read)
        total = None if whole is None else whole - self._before
        self._progress.step(self._stage, read - self._before, total)

    def end(self, read: int) -> None:
        """Tell that after so many pages no more are wanted for now."""
        self._whole = PageEstimate()
        if read > self._before:
            self._progress.step(self._stage, read - self._before, read - self._before)
