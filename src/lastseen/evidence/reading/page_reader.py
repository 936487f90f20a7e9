"""Reading one log page by page: what a page shows goes into the log's state and the ledger."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.proof.coverage import Coverage, covering
from lastseen.evidence.proof.page_proof import PageView
from lastseen.evidence.proof.quorum import agreed_page
from lastseen.evidence.reading.log import is_right_missing
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.request_cost import Search
from lastseen.evidence.reading.shown_entries import shown_entries
from lastseen.ledger import EvidenceStore, Reading, proof_line
from lastseen.model.concurrency import repeated
from lastseen.model.counting import counted
from lastseen.model.errors import PortalError, PortalUnreadable
from lastseen.model.instant import EPOCH, Instant, Interval
from lastseen.model.progress import Progress

PAGES_A_WRITE = 1000
"""Pages after which results are written to the ledger at the latest."""
TIME_A_WRITE = timedelta(seconds=2)
"""The same in time: an interrupted reading loses no more."""
STALLED = 300
"""Answers in a row that prove nothing new, after which a reading is given up."""
MISPLACED = 3
"""Answers that show the newest events at another offset, after which a reading is given up."""
ESTIMATED_EVERY = 20
"""Pages after which the end of a reading is estimated again."""


class PageReader:
    """Reads pages of one log."""

    def __init__(
        self,
        state: LogState,
        *,
        store: EvidenceStore,
        concurrency: Callable[[], int],
        is_unsteady: Callable[[], bool],
        progress: Progress,
    ) -> None:
        """Read into `state` and keep what was read in `store`.

        `concurrency()`: requests allowed at once; `is_unsteady()`: whether the portal has shown any
        fault during this run.
        """
        self.state = state
        self.concurrency = concurrency
        self.broken: PortalError | None = None
        """What ended the reading, if anything."""
        self.search = Search(())
        """The people looked for on the pages, kept up to date."""
        self._store = store
        self._is_unsteady = is_unsteady
        # What earlier runs kept is not kept again, or its entries would be counted twice.
        self._kept = state.covered()
        self._begun_at: Instant | None = None
        self._pages_written = 0
        self._unwritten = _Unwritten()
        self._stall = _StallDetector()
        self._progress = _PageProgress(progress, state.log.name)

    async def page(self, offset: int) -> EventPage | None:
        """Read the page at `offset`; None if that failed (see `broken`).

        Raises PortalRefused if a right is missing.
        """
        try:
            page = await self.take(await self.state.log.fetch(EventQuery(start=offset)))
        except PortalError as error:
            if is_right_missing(error):
                raise
            self.broken = error
            return None
        if self._stall.is_stalled:
            self.broken = self._not_moving()
            return None
        return page

    async def take(self, page: EventPage, *, shows_at_most: int | None = None) -> EventPage:
        """Take a page that was read: what it shows and what it proves; return what counts.

        A page shorter than requested is requested again first; `shows_at_most` is as in
        `agreed_page`. Raises PortalError.
        """
        if len(page.events) >= page.query.count or (page.query.start and not page.events):
            self.take_full(page)
            return page
        log = self.state.log
        agreed = await agreed_page(
            page,
            lambda query, times: repeated(partial(log.fetch, query), times),
            self._is_unsteady,
            kept_since=log.kept_since,
            shows_at_most=shows_at_most,
        )
        self.state.contradicted |= agreed.contradicted
        for answer in agreed.answers:
            self._look_at(answer)
        if agreed.is_believed:
            self._prove(log.view(agreed.page))
        if agreed.ends_log:
            self._prove(await log.view_of_end(agreed.page))
        self._after_a_page()
        return agreed.page

    def take_full(self, page: EventPage) -> None:
        """Take a page that is known to be complete."""
        self._look_at(page)
        self._prove(self.state.log.view(page))
        self._after_a_page()

    def write(self) -> None:
        """Write to the ledger what was read since the last time."""
        unwritten, state, pages = self._unwritten, self.state, self._pages_read
        if not unwritten.pages:
            return
        proven = state.proven()
        sightings = state.accumulator.sightings()
        state.notice(sightings)
        self._begun_at = self._begun_at or state.read_at
        reading = Reading(
            kind=state.log.kind,
            user_id=None,
            intervals=tuple(gap for i in proven.intervals for gap in self._kept.gaps(i)),
            sightings=sightings,
            failures=state.accumulator.failures(),
            unrecognised=state.accumulator.unrecognised(),
            events=unwritten.events,
            proof=proof_line(
                self._begun_at,
                f"{counted(pages, 'page')} of the {state.log.name}; the last one had the entries "
                f"{unwritten.first} to {unwritten.last}, counted from the newest",
            ),
            read_at=state.read_at,
        )
        shown = covering(state.log.shown()).intervals
        self._store.keep_all((reading, shown_entries(state.log.kind, shown, state.read_at)))
        self._kept = state.covered()
        self._pages_written, self._unwritten = pages, _Unwritten()

    def forget_earlier(self) -> None:
        """Disregard what earlier runs proved, and remove it from the ledger."""
        self.state.forget_earlier()
        self._store.forget_coverage()
        self._kept = Coverage()

    def begin_stage(self, name: str) -> None:
        """Let progress call what is read from now on by this name."""
        self._progress.begin(name, self._pages_read)

    def begin_reading(self, needed: Interval) -> None:
        """Let progress show from now on how much is left for `needed`."""
        self._progress.estimate = lambda: self.state.pages_left(needed)

    def end_reading(self) -> None:
        """Write what is not written yet; no more pages are needed for now."""
        self.write()
        self._progress.end(self._pages_read)

    @property
    def _pages_read(self) -> int:
        return self._pages_written + self._unwritten.pages

    def _look_at(self, page: EventPage) -> None:
        self._unwritten.add(page, self.state.uncounted(page))
        self._stall.take(page)
        self.state.take(page)

    def _prove(self, view: PageView) -> None:
        if self.state.prove(view):
            self._stall.proved()

    def _after_a_page(self) -> None:
        self.search.page(self.state.accumulator.met_since(self.search.since))
        if self._unwritten.is_due(self.state.read_at):
            self.write()
        self._progress.show(self._pages_read)

    def _not_moving(self) -> PortalError:
        return PortalUnreadable(
            attempted=f"reading the {self.state.log.name} of the portal",
            found="page after page showed nothing new",
            meaning="the portal ignores which page is asked for, or events arrive faster than they "
            "can be read",
            remedy="run `lastseen doctor`, and try again at a quieter hour",
        )


class _Unwritten:
    """How much was read since the last write."""

    def __init__(self) -> None:
        self.pages = self.events = self.first = self.last = 0
        self._since = EPOCH

    def add(self, page: EventPage, uncounted: int) -> None:
        start = page.query.start
        if not self.pages:
            self.first, self._since = start, page.answered_at
        self.pages += 1
        self.events += uncounted
        self.first = min(self.first, start)
        self.last = max(self.last, start + page.query.count)

    def is_due(self, now: Instant) -> bool:
        return self.pages >= PAGES_A_WRITE or now - self._since >= TIME_A_WRITE


class _StallDetector:
    """Notices a portal that returns the same events whatever page is requested."""

    def __init__(self) -> None:
        self._without_news = 0
        self._misplaced = 0
        self._head: set[int] = set()
        self._head_at: datetime | None = None

    @property
    def is_stalled(self) -> bool:
        return self._without_news >= STALLED or self._misplaced >= MISPLACED

    def take(self, page: EventPage) -> None:
        self._without_news += 1
        events = page.events
        if not events:
            return  # whatever was asked for
        if page.query.start == 0:
            self._head = {event.id for event in events if event.at == events[0].at}
            self._head_at = events[0].at
        elif (
            self._head_at is not None
            and page.query.start >= len(self._head)
            and events[0].at >= self._head_at
        ):
            self._misplaced += not self._head.isdisjoint([event.id for event in events])

    def proved(self) -> None:
        self._without_news = 0


class _PageProgress:
    """Shows how far a log has been read, one stage after the other. Estimates prove nothing."""

    def __init__(self, progress: Progress, stage: str) -> None:
        self.estimate: Callable[[], float] | None = None
        self._progress = progress
        self._stage = stage
        self._before = 0
        self._estimated_at = -ESTIMATED_EVERY
        self._total = 0

    def begin(self, stage: str, pages: int) -> None:
        self._stage, self._before = stage, pages

    def show(self, pages: int) -> None:
        if self.estimate is None:
            self._progress.step(self._stage, pages - self._before, None)
            return
        if pages - self._estimated_at >= ESTIMATED_EVERY or pages >= self._total:
            self._estimated_at = pages
            self._total = pages + math.ceil(self.estimate())
        self._progress.step(self._stage, pages - self._before, self._total - self._before)

    def end(self, pages: int) -> None:
        self.estimate, self._estimated_at = None, -ESTIMATED_EVERY
        read = pages - self._before
        if read:
            self._progress.step(self._stage, read, read)
