"""Whether a portal's log is still the one that the ledger has read before.

A portal that was moved, restored or made anew answers under the same address with another history.
What the ledger knows to be complete was complete of the old one, and proves nothing of the new.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from lastseen.docspace.interface import EventPage
from lastseen.evidence.proof.coverage import Coverage
from lastseen.evidence.reading.request_cost import STEP
from lastseen.model.instant import Instant, Interval, after
from lastseen.model.sighting import Sighting

MOST_PAGES = 8
"""Pages looked through for the newest entry that the ledger knows."""


class Readable(Protocol):
    """A log being read: what `Stream` offers for this."""

    is_anchored: bool
    """Whether the newest entry that the ledger knows was met."""

    async def page(self, place: int) -> EventPage | None:
        """Read the page at `place`."""

    def place_near(self, moment: Instant) -> int:
        """Guess the place of the entries at `moment`."""

    def proven(self) -> Coverage:
        """Return what this reading alone has proven."""


def newest_of(sightings: Iterable[Sighting]) -> Sighting | None:
    """Return the newest of `sightings`, if there is any."""
    return max(sightings, key=lambda sighting: (sighting.at, sighting.event_id), default=None)


def shows(page: EventPage, anchor: Sighting) -> bool:
    """Say whether `anchor` is on `page`: the same number at the same second."""
    return any(event.id == anchor.event_id and event.at == anchor.at for event in page.events)


async def is_same_log(log: Readable, anchor: Sighting) -> bool:
    """Say whether `log` still holds `anchor`, the newest entry that the ledger knows.

    Asks for nothing where it was met already, which is so whenever only what is new was read.
    """
    second = Interval(anchor.at, after(anchor.at, timedelta(seconds=1)))
    for _ in range(MOST_PAGES):
        if log.is_anchored:
            return True
        if log.proven().covers(second):
            return False
        page = await log.page(max(0, log.place_near(anchor.at) - STEP // 2))
        if page is None or not page.events:
            break
    return log.is_anchored
