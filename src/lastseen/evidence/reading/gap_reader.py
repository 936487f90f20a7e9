"""One pass through a stretch of a newest-first log: segments of pages, read side by side.

Within a segment each page is asked for after the one before was answered, as the proof in `paging`
wants; where segments meet they overlap by more. Only the asking is done here; what a page shows
and proves is the stream's.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from lastseen.docspace.interface import EventPage
from lastseen.evidence.proof.page_proof import trailing
from lastseen.evidence.reading.request_cost import PAGE
from lastseen.model.instant import Instant, Interval

SEAM = 6
"""By how many events neighbouring segments are to overlap; half of them will do."""
SHORTEST_SEGMENT, LONGEST_SEGMENT = 4, 32
"""Pages in a segment at least and at most: each seam costs events, each segment takes its time."""
EMPTY_AGREEING = 4
"""How many answers in a row may hold nothing where something should be."""


class PagedLog(Protocol):
    """A log being read: what `Stream` offers for this."""

    @property
    def end(self) -> Instant | None:
        """When the log's oldest event happened, where its end is proven."""

    async def page(self, place: int) -> EventPage | None:
        """Read the page at `place`; None where that failed."""

    def pages_between(self, place: int, moment: Instant) -> float:
        """Estimate how many pages lie between `place` and the events at `moment`."""

    def covers(self, needed: Interval) -> bool:
        """Say whether the log is known without a gap over `needed`."""


class GapReader:
    """One pass through a gap, shared by its segments."""

    def __init__(
        self,
        stream: PagedLog,
        gap: Interval,
        *,
        enough: Callable[[], bool],
        ahead: Callable[[], int],
        concurrency: Callable[[], int],
    ) -> None:
        """`gap`: the time that is to be proven; `enough()`: whether no more is wanted.

        `ahead()`: how many pages may be under way before it is known that they are wanted;
        `concurrency()`: how many requests should be, at most.
        """
        self._stream = stream
        self._gap = gap
        self._enough = enough
        self._ahead = ahead
        self._concurrency = concurrency
        self._running: set[asyncio.Task[None]] = set()
        self._frontier = 0
        self._over = False
        self._bottom: int | None = None
        self._usual_overlap = 1.0

    async def run(self, frontier: int) -> None:
        """Read segments side by side from `frontier` down to the gap's oldest second."""
        self._frontier = frontier
        self._begin_segments()
        try:
            while self._running:
                done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                self._running -= done
                for task in done:
                    task.result()
                self._begin_segments()
        finally:
            self._over = True
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _begin_segments(self) -> None:
        """Begin as many segments as make sense just now; asked after every page."""
        most = max(1, self._concurrency())
        if len(self._running) >= most:
            return
        beside = max(1, min(most, self._ahead() // SHORTEST_SEGMENT))
        while len(self._running) < beside and self._is_wanted(self._frontier):
            left = self._stream.pages_between(self._frontier, self._gap.since)
            if self._running and left < 0:
                return  # the bottom seems to be under way
            # Half of what would be each one's share, so that all end at about the same time.
            share = int(left / (2 * beside))
            length = max(SHORTEST_SEGMENT, min(LONGEST_SEGMENT, share))
            end = self._frontier + int(length * (PAGE - self._usual_overlap))
            self._running.add(asyncio.ensure_future(self._segment(self._frontier, end)))
            self._frontier = max(self._frontier + 1, end - SEAM)

    def _is_wanted(self, place: int) -> bool:
        return not self._over and (self._bottom is None or place < self._bottom)

    def _lies_at_bottom(self, place: int) -> None:
        self._bottom = place if self._bottom is None else min(self._bottom, place)

    async def _segment(self, place: int, end: int) -> None:
        """Read pages one after the other from `place` until `end` or the bottom."""
        begun = reached = place
        empties = idle = 0
        while reached < end - SEAM // 2 and self._is_wanted(place):
            page = await self._stream.page(place)
            if page is None or self._enough():
                self._over = True
            elif not page.events:
                empties += 1
                if place == 0 or place == begun or empties >= EMPTY_AGREEING:
                    # Nothing there at all, beyond the log's end, or its end was just deleted.
                    self._lies_at_bottom(place)
            else:
                idle = idle + 1 if len(page.events) == 1 else 0
                if self._is_last(page) or idle >= EMPTY_AGREEING:
                    self._lies_at_bottom(page.query.start)
                reached = place + len(page.events)
                place = reached - self._overlap(page)
            del page  # a hundred events that need not be kept while the next ones come
            self._begin_segments()

    def _overlap(self, page: EventPage) -> int:
        """Return how many of a page's events the next one is to bring once more.

        All those of the last second, so that the next page has that second whole, in whatever
        order; but one of a second that would fill the page.
        """
        last = trailing(page.events)
        if last >= PAGE // 2 or last == len(page.events):
            return 1
        self._usual_overlap += (last - self._usual_overlap) / PAGE
        return last

    def _is_last(self, page: EventPage) -> bool:
        """Say whether nothing older than this page is wanted, or exists."""
        oldest = Instant(page.events[-1].at)
        end = self._stream.end
        if oldest < self._gap.since or (end is not None and oldest <= end):
            return True
        return self._stream.covers(Interval(self._gap.since, oldest))
