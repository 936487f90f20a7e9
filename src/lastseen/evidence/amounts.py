"""How much of a log was read, is not yet written down, and is still to come.

Counts and estimates: nothing here proves anything.
"""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from lastseen.docspace.interface import EventPage
from lastseen.instant import EPOCH, Instant
from lastseen.ledger import Covered
from lastseen.progress import Progress

PAGES_A_WRITE = 1000
"""Pages after which what was read is written down at the latest."""
SECONDS_A_WRITE = timedelta(seconds=2)
"""The same in time: so much of an interrupted reading is lost at most."""
DAY_SECONDS = 86_400.0
"""The least time after which the entries counted tell of the next ones."""
RECKONED_EVERY = 20
"""Pages after which the end of a reading is reckoned anew."""


class WholeReading:
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


class Telling:
    """Tells how far a log has been read, one stage after the other."""

    def __init__(self, progress: Progress, stage: str) -> None:
        """`stage` is what the first is called."""
        self._progress = progress
        self._stage = stage
        self._before = 0
        self._whole = WholeReading()

    def begin(self, stage: str, *, read: int) -> None:
        """Begin another stage after so many pages."""
        self._stage, self._before = stage, read

    def reckon(self, pages_left: Callable[[], float]) -> None:
        """From now on tell how far there is to go: `pages_left()` estimates it."""
        self._whole = WholeReading(pages_left)

    def tell(self, read: int) -> None:
        """Tell that so many pages have been read, those of earlier stages counted in."""
        whole = self._whole.pages_after(read)
        total = None if whole is None else whole - self._before
        self._progress.step(self._stage, read - self._before, total)

    def end(self, read: int) -> None:
        """Tell that after so many pages no more are wanted for now."""
        self._whole = WholeReading()
        if read > self._before:
            self._progress.step(self._stage, read - self._before, read - self._before)


def density(earlier: Sequence[Covered]) -> float | None:
    """Return how many entries a second earlier readings met, where they went over a whole day."""
    counted = [covered for covered in earlier if covered.events]
    seconds = sum((c.interval.until - c.interval.since).total_seconds() for c in counted)
    return sum(c.events for c in counted) / seconds if seconds >= DAY_SECONDS else None


class Unwritten:
    """How much was read since something was last written down."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.pages = 0
        self.events = 0
        self.first = 0
        self.last = 0
        self._since = EPOCH

    def add(self, page: EventPage) -> None:
        """Count a page."""
        start = page.query.start
        if not self.pages:
            self.first, self._since = start, page.answered_at
        self.pages += 1
        self.events += len(page.events)
        self.first = min(self.first, start)
        self.last = max(self.last, start + page.query.count)

    def is_due(self, now: Instant) -> bool:
        """Say whether it is time to write."""
        return self.pages >= PAGES_A_WRITE or now - self._since >= SECONDS_A_WRITE
