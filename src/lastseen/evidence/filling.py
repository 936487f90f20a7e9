"""One pass through a stretch of a newest-first log: segments of pages, read side by side.

Within a segment each page is asked for after the one before was answered, as the proof in `paging`
wants; where segments meet they overlap by more. Only the asking is done here; what a page shows
and proves is the stream's.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from lastseen.docspace.interface import EventPage
from lastseen.evidence.planning import STEP
from lastseen.instant import Instant, Interval

SEAM = 5
"""By how many events more than one neighbouring segments overlap."""
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


class Filling:
    """One pass through a gap, shared by its segments."""

    def __init__(self, stream: PagedLog, gap: Interval, enough: Callable[[], bool]) -> None:
        """`gap`: the time that is to be proven; `enough()`: whether no more is wanted."""
        self._stream = stream
        self._gap = gap
        self._enough = enough
        self._over = False
        self._bottom: int | None = None

    async def run(
        self, frontier: int, ahead: Callable[[], int], concurrency: Callable[[], int]
    ) -> None:
        """Read segments side by side from `frontier` down to the gap's oldest second."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                wanted = int(self._stream.pages_between(frontier, self._gap.since)) + 1
                allowed = max(1, min(ahead(), wanted))
                beside = max(1, min(concurrency(), allowed // SHORTEST_SEGMENT))
                length = max(SHORTEST_SEGMENT, min(LONGEST_SEGMENT, allowed // beside))
                while len(running) < beside and self._is_wanted(frontier):
                    end = frontier + length * STEP
                    running.add(asyncio.ensure_future(self._segment(frontier, end)))
                    frontier = max(frontier + 1, end - SEAM)
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            self._over = True
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _is_wanted(self, place: int) -> bool:
        return not self._over and (self._bottom is None or place < self._bottom)

    def _lies_at_bottom(self, place: int) -> None:
        self._bottom = place if self._bottom is None else min(self._bottom, place)

    async def _segment(self, place: int, end: int) -> None:
        """Read pages one after the other from `place` until `end` or the bottom."""
        begun = place
        empties = idle = 0
        while place < end and self._is_wanted(place):
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
                place += len(page.events) - 1

    def _is_last(self, page: EventPage) -> bool:
        """Say whether nothing older than this page is wanted, or exists."""
        oldest = Instant(page.events[-1].at)
        end = self._stream.end
        if oldest < self._gap.since or (end is not None and oldest <= end):
            return True
        return self._stream.covers(Interval(self._gap.since, max(self._gap.since, oldest)))
