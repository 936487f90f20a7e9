"""Where in a newest-first log the reading of a gap begins.

A place that pages have shown is taken; else it is guessed, and looked whether the guess is right.
Nothing is proven here: a wrong place only costs requests.
"""

from collections.abc import Sequence
from typing import Protocol

from lastseen.docspace.interface import EventPage
from lastseen.evidence.proof.offsets import OffsetIndex
from lastseen.evidence.proof.page_proof import SECOND
from lastseen.evidence.reading.request_cost import PAGE, STEP
from lastseen.ledger import Covered
from lastseen.model.instant import Instant, Interval

MOST_LOOKS = 12
"""How often a guess is mended before reading begins from it as it is."""


class Placed(Protocol):
    """A log being read: what `Stream` offers for this."""

    top: Instant | None
    """Up to where this reading reaches; None before its newest page."""

    @property
    def places(self) -> OffsetIndex:
        """Where pages were seen to begin and to end."""

    async def page(self, place: int) -> EventPage | None:
        """Read the page at `place`; None where that failed."""


async def beginning(log: Placed, gap: Interval, attempt: int, *, earlier: Sequence[Covered]) -> int:
    """Return the place from which reading covers the gap's newest second.

    `attempt`: how often the gap was read before; `earlier`: what earlier readings have counted.
    """
    places = log.places
    if log.top is None or gap.until >= log.top:
        return 0 if attempt else places.newer(gap.until)
    edge = Instant(gap.until - SECOND)
    exact = places.at(edge)
    if exact and exact[-1] - exact[0] < PAGE // 2:
        # From something newer on, so that one page shows the whole second.
        return max(0, exact[0] - 1 - 2 * attempt)
    if exact:
        return exact[-1] if attempt == 0 else max(0, exact[0] - 2 * attempt)
    return await _looked_for(log, edge, _guess(places, edge, earlier))


async def _looked_for(log: Placed, edge: Instant, place: int) -> int:
    """Return a place on a page that shows `edge`, looked for from the guess `place` on."""
    for _ in range(MOST_LOOKS):
        page = await log.page(place)
        if page is None:
            return place
        if not page.events:
            known = log.places.deepest
            if place - known <= STEP:
                return max(0, place - STEP)
            place = known + (place - known) // 2  # back from beyond the log's end
            continue
        last = place + len(page.events) - 1
        if page.events[0].at < edge and place > 0:
            place = max(0, min(place - STEP, log.places.of(edge)))
        elif page.events[-1].at > edge:
            place = max(last, log.places.of(edge))
        else:
            return last
    return place


def _guess(places: OffsetIndex, edge: Instant, earlier: Sequence[Covered]) -> int:
    """Guess the place of `edge`, passing over what earlier readings have counted."""
    passed = [covered for covered in earlier if covered.interval.since >= edge]
    if not passed:
        return places.of(edge)
    newest = max(covered.interval.until for covered in passed)
    return places.of(newest) + sum(covered.events for covered in passed)
