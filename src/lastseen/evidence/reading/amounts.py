"""How much of a log was read, and how much of that is not yet written down.

Counts: nothing here proves anything.
"""

from collections.abc import Sequence
from datetime import timedelta

from lastseen.docspace.interface import EventPage
from lastseen.ledger import Covered
from lastseen.model.instant import EPOCH, Instant

PAGES_A_WRITE = 1000
"""Pages after which what was read is written down at the latest."""
SECONDS_A_WRITE = timedelta(seconds=2)
"""The same in time: so much of an interrupted reading is lost at most."""
DAY_SECONDS = 86_400.0
"""The least time after which the entries counted tell of the next ones."""


def density(earlier: Sequence[Covered]) -> float | None:
    """Return how many entries a second earlier readings met, where they went over a whole day."""
    counted = [covered for covered in earlier if covered.events]
    seconds = sum((c.interval.until - c.interval.since).total_seconds() for c in counted)
    return sum(c.events for c in counted) / seconds if seconds >= DAY_SECONDS else None


class PendingWrite:
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
