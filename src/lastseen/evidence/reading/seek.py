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
PLAIN_ATTEMPTS = 2
"""How often a second is taken to be a short one that begins where it was first met."""


async def seek(reader: PageReader, gap: Interval, attempt: int) -> int:
    """Return the offset from which reading covers the gap's newest second.

    `attempt`: how often the gap was read before.
    """
    state = reader.state
    offsets = state.proof.offsets
    if state.watermark is None or gap.until >= state.watermark:
        return 0 if attempt else offsets.newer(gap.until)
    edge = Instant(gap.until - SECOND)
    exact = offsets.at(edge)
    is_short = bool(exact) and exact[-1] - exact[0] < MOST_A_PAGE // 2
    if is_short and attempt < PLAIN_ATTEMPTS:
        # Start from something newer, so that one page shows the whole second.
        return max(0, exact[0] - 1 - 2 * attempt)
    if exact:
        return exact[-1] if attempt == 0 else _before_second(exact, offsets.newer(gap.until))
    return await _corrected(reader, edge, _guess(offsets, edge, state.counted))


def _before_second(exact: Sequence[int], newer: int) -> int:
    """Return where the last entry before a crowded second may be, closing in on it by halves.

    `exact`: offsets within the second; `newer`: of something newer. Only a page that begins just
    before the second shows all of it, if it nearly fills a page.
    """
    earliest = max(0, newer, exact[-1] - MOST_A_PAGE + 2)
    return earliest if exact[0] - earliest <= 1 else (earliest + exact[0]) // 2


async def _corrected(reader: PageReader, edge: Instant, offset: int) -> int:
    """Return an offset on a page that shows `edge`, starting from the guess `offset`."""
    offsets = reader.state.proof.offsets
    for _ in range(MOST_LOOKS):
        page = await reader.page(offset)
        if page is None:
            return offset
        if not page.events:
            if offset - offsets.deepest <= STEP:
                return max(0, offset - STEP)
            offset = offsets.deepest + (offset - offsets.deepest) // 2  # back from beyond the end
            continue
        last = offset + len(page.events) - 1
        if page.events[0].at < edge and offset > 0:
            offset = max(0, min(offset - STEP, offsets.of(edge)))
        elif page.events[-1].at > edge:
            offset = max(last, offsets.of(edge))
        else:
            return last
    return offset


def _guess(offsets: OffsetIndex, edge: Instant, counted: Sequence[Covered]) -> int:
    """Guess the offset of `edge`, skipping what earlier runs have counted."""
    passed = [covered for covered in counted if covered.interval.since >= edge]
    if not passed:
        return offsets.of(edge)
    newest = max(covered.interval.until for covered in passed)
    return offsets.of(newest) + sum(covered.events for covered in passed)


class Bracket:
    """Closes in on an instant whose offset in the log may be guessed badly.

    A log whose traffic has changed recently has its older entries much nearer or further than its
    newest pages suggest.
    """

    def __init__(self, offsets: OffsetIndex, moment: Instant) -> None:
        """Look for `moment`; what pages show meanwhile is read from `offsets`."""
        self._offsets = offsets
        self._moment = moment
        self._looks = 0
        self._beyond: int | None = None

    def next_offset(self) -> int:
        """Return where to begin the next page: at the guess, or half-way every other time.

        Beyond everything known, at least twice as far with each try.
        """
        offsets, moment = self._offsets, self._moment
        self._looks += 1
        newer, guess = offsets.newer(moment), offsets.of(moment)
        ends = [end for end in (offsets.older(moment), self._beyond) if end is not None]
        if not ends:
            return max(guess - STEP // 2, newer + STEP * ((1 << self._looks - 1) - 1))
        older = max(newer, min(ends))
        is_straight = self._looks % 2 and newer <= guess <= older
        middle = guess if is_straight else (newer + older) // 2
        return max(0, middle - STEP // 2)

    def ends_before(self, offset: int) -> None:
        """Note that the log has no entry at `offset`."""
        self._beyond = offset if self._beyond is None else min(self._beyond, offset)
