"""Finds the offset at which the reading of a gap begins.

An offset that pages have shown is used; otherwise it is guessed, and a page there corrects the
guess. Nothing is proven here: a wrong offset only costs requests.
"""

from collections.abc import Sequence

from lastseen.docspace.interface import MOST_A_PAGE
from lastseen.evidence.proof.offsets import OffsetIndex
from lastseen.evidence.proof.page_proof import SECOND
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.evidence.reading.request_cost import STEP
from lastseen.ledger import Covered
from lastseen.model.instant import Instant, Interval

MOST_LOOKS = 12
"""How often a guess is corrected before reading begins anyway."""


async def seek(reader: PageReader, gap: Interval, attempt: int) -> int:
    """Return the offset from which reading covers the gap's newest second.

    `attempt`: how often the gap was read before.
    """
    state = reader.state
    places = state.proof.places
    if state.watermark is None or gap.until >= state.watermark:
        return 0 if attempt else places.newer(gap.until)
    edge = Instant(gap.until - SECOND)
    exact = places.at(edge)
    if exact and exact[-1] - exact[0] < MOST_A_PAGE // 2:
        # Start from something newer, so that one page shows the whole second.
        return max(0, exact[0] - 1 - 2 * attempt)
    if exact:
        return exact[-1] if attempt == 0 else max(0, exact[0] - 2 * attempt)
    return await _corrected(reader, edge, _guess(places, edge, state.counted))


async def _corrected(reader: PageReader, edge: Instant, place: int) -> int:
    """Return an offset on a page that shows `edge`, starting from the guess `place`."""
    places = reader.state.proof.places
    for _ in range(MOST_LOOKS):
        page = await reader.page(place)
        if page is None:
            return place
        if not page.events:
            if place - places.deepest <= STEP:
                return max(0, place - STEP)
            place = places.deepest + (place - places.deepest) // 2  # back from beyond the end
            continue
        last = place + len(page.events) - 1
        if page.events[0].at < edge and place > 0:
            place = max(0, min(place - STEP, places.of(edge)))
        elif page.events[-1].at > edge:
            place = max(last, places.of(edge))
        else:
            return last
    return place


def _guess(places: OffsetIndex, edge: Instant, counted: Sequence[Covered]) -> int:
    """Guess the offset of `edge`, skipping what earlier runs have counted."""
    passed = [covered for covered in counted if covered.interval.since >= edge]
    if not passed:
        return places.of(edge)
    newest = max(covered.interval.until for covered in passed)
    return places.of(newest) + sum(covered.events for covered in passed)


class Bracket:
    """Closes in on an instant whose offset in the log may be guessed badly.

    A log whose traffic has changed recently has its older entries much nearer or further than its
    newest pages suggest.
    """

    def __init__(self, places: OffsetIndex, moment: Instant) -> None:
        """Look for `moment`; what pages show meanwhile is read from `places`."""
        self._places = places
        self._moment = moment
        self._looks = 0
        self._beyond: int | None = None

    def next_place(self) -> int:
        """Return where to begin the next page: at the guess, or half-way every other time.

        Beyond everything known, at least twice as far with each try.
        """
        places, moment = self._places, self._moment
        self._looks += 1
        newer, guess = places.newer(moment), places.of(moment)
        ends = [end for end in (places.older(moment), self._beyond) if end is not None]
        if not ends:
            return max(guess - STEP // 2, newer + STEP * ((1 << self._looks - 1) - 1))
        older = max(newer, min(ends))
        is_straight = self._looks % 2 and newer <= guess <= older
        middle = guess if is_straight else (newer + older) // 2
        return max(0, middle - STEP // 2)

    def ends_before(self, place: int) -> None:
        """Note that the log has no entry at `place`."""
        self._beyond = place if self._beyond is None else min(self._beyond, place)
