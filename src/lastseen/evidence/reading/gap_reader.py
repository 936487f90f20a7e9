"""One pass over a gap in a newest-first log: segments of pages, read concurrently.

Within a segment each page is requested after the one before was answered, as `page_proof` needs;
where segments meet they overlap by more.
"""

import asyncio
from collections.abc import Callable

from lastseen.docspace.interface import MOST_A_PAGE, EventPage
from lastseen.evidence.proof.page_proof import trailing
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.evidence.reading.request_cost import STEP
from lastseen.model.concurrency import task_group
from lastseen.model.instant import Instant, Interval

SEAM = 4
"""By how many events neighbouring segments should overlap; half of them will do."""
SHORTEST_SEGMENT, LONGEST_SEGMENT = 5, 32
"""Fewest and most pages in a segment: each seam costs events, each segment takes its time."""
READ_FOR_EACH = 8
"""Pages read for each page of a segment: how much is left is hardly known before, and a segment
that is too long is still being read when all others have ended."""
PAGES_AHEAD_EACH = 2
"""Pages in flight per segment that may turn out not to be needed."""
EMPTY_AGREEING = 4
"""How many answers in a row may hold nothing where something should be."""


class GapReader:
    """One pass through a gap, shared by its segments."""

    def __init__(
        self,
        reader: PageReader,
        gap: Interval,
        *,
        enough: Callable[[], bool],
        ahead: Callable[[], int],
    ) -> None:
        """`gap`: the time to be proven; `enough()`: whether no more is needed.

        `ahead()`: how many pages may be in flight before it is known that they are needed.
        """
        self._reader = reader
        self._gap = gap
        self._enough = enough
        self._ahead = ahead
        self._running = self._read = 0
        self._frontier = 0
        self._over = False
        self._bottom: int | None = None
        self._usual_overlap = 1.0

    async def run(self, frontier: int) -> None:
        """Read segments concurrently from `frontier` down to the gap's oldest second."""
        self._frontier = frontier
        async with task_group() as group:
            self._begin_segments(group)

    def _begin_segments(self, group: asyncio.TaskGroup) -> None:
        """Start as many segments as make sense now; called after every page."""
        most = max(1, self._reader.concurrency())
        if self._running >= most:
            return
        width = max(1, min(most, self._ahead() // PAGES_AHEAD_EACH))
        offsets = self._reader.state.proof.offsets
        while self._running < width and self._is_wanted(self._frontier):
            left = (offsets.of(self._gap.since) - self._frontier) / STEP
            if self._running and left < 0:
                return  # the bottom seems to be in flight
            # Half of each one's share if as many run concurrently as are allowed, so that all end
            # at about the same time.
            share = min(int(left / (2 * most)), self._read // READ_FOR_EACH)
            length = max(SHORTEST_SEGMENT, min(LONGEST_SEGMENT, share))
            end = self._frontier + int(length * (MOST_A_PAGE - self._usual_overlap))
            self._running += 1
            group.create_task(self._segment(self._frontier, end, group))
            self._frontier = max(self._frontier + 1, end - SEAM)

    def _is_wanted(self, offset: int) -> bool:
        return not self._over and (self._bottom is None or offset < self._bottom)

    def _note_bottom(self, offset: int) -> None:
        self._bottom = offset if self._bottom is None else min(self._bottom, offset)

    async def _segment(self, offset: int, end: int, group: asyncio.TaskGroup) -> None:
        """Read pages one after the other from `offset` until `end` or the bottom."""
        begun = reached = offset
        empties = idle = 0
        while reached < end - SEAM // 2 and self._is_wanted(offset):
            page = await self._reader.page(offset)
            self._read += 1
            if page is None or self._enough():
                self._over = True
            elif not page.events:
                empties += 1
                if offset == 0 or offset == begun or empties >= EMPTY_AGREEING:
                    # Beyond the log's end, or its end was just deleted.
                    self._note_bottom(offset)
            else:
                idle = idle + 1 if len(page.events) == 1 else 0
                if self._is_last(page) or idle >= EMPTY_AGREEING:
                    self._note_bottom(page.query.start)
                reached = offset + len(page.events)
                offset = reached - self._overlap(page)
            del page  # don't keep a hundred events while the next ones come
            self._begin_segments(group)
        self._running -= 1
        self._begin_segments(group)

    def _overlap(self, page: EventPage) -> int:
        """Return how many of a page's events the next one should repeat.

        All those of the last second, so that the next page has that second complete in any order;
        but only one of a second that would fill the page.
        """
        last = trailing(page.events)
        if last >= MOST_A_PAGE // 2 or last == len(page.events):
            return 1
        self._usual_overlap += (last - self._usual_overlap) / MOST_A_PAGE
        return last

    def _is_last(self, page: EventPage) -> bool:
        """Return whether nothing older than this page is needed, or exists."""
        oldest = Instant(page.events[-1].at)
        end = self._reader.state.end
        if oldest < self._gap.since or (end is not None and oldest <= end):
            return True
        return self._reader.state.covers(Interval(self._gap.since, oldest))
