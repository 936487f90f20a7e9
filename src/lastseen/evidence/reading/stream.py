"""Reading a portal's log newest first, as a stream of overlapping pages, until enough is proven.

What a page shows is kept as it is read, what it proves is woven together with what the ledger
knows, and the gaps that are left are read again. `filling` asks for the pages.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.actions import EventAccumulator
from lastseen.evidence.proof.coverage import Coverage
from lastseen.evidence.proof.offsets import OffsetIndex
from lastseen.evidence.proof.page_proof import SECOND, PageProof, PageView
from lastseen.evidence.proof.quorum import agreed_page
from lastseen.evidence.reading.amounts import PendingWrite, density
from lastseen.evidence.reading.gap_reader import SHORTEST_SEGMENT, GapReader
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.request_cost import STEP, Search
from lastseen.evidence.reading.same_log import is_same_log, newest_of, shows
from lastseen.evidence.reading.seek import beginning
from lastseen.evidence.reading.stage_progress import StageProgress
from lastseen.ledger import EvidenceStore, Reading
from lastseen.model.errors import PortalError, PortalRefused, PortalUnreadable
from lastseen.model.instant import EPOCH, Instant, Interval, instant
from lastseen.model.progress import Progress
from lastseen.model.sighting import Sighting

ATTEMPTS = 12
"""How often an unproven stretch is read again before it is given up."""
SEAM = timedelta(seconds=5)
"""A gap up to so long is a place where pages meet."""
STALLED = 300
"""Answers in a row that prove nothing new, after which a reading is given up."""
MISPLACED = 3
"""Answers that show the newest events at another place, after which a reading is given up."""
RIGHTS = frozenset({401, 402, 403})
"""Answers that no further asking changes."""


class Stream:
    """One log, being read."""

    def __init__(
        self,
        log: Log,
        *,
        store: EvidenceStore,
        accumulator: EventAccumulator,
        concurrency: Callable[[], int],
        is_unsteady: Callable[[], bool],
        progress: Progress,
    ) -> None:
        """`store`: where what is read is kept; `concurrency`: requests allowed at once.

        `is_unsteady`: whether the portal has shown any fault during this run.
        """
        self.log = log
        self.accumulator = accumulator
        self.pages = 0
        self.broken: PortalError | None = None
        self.top: Instant | None = None
        self.search = Search(())
        self.read_at = EPOCH
        self.contradicted = False
        self._store = store
        self._concurrency = concurrency
        self._is_unsteady = is_unsteady
        self._weave = PageProof()
        self._earlier = store.coverage(log.kind)
        self._before = Coverage(tuple(covered.interval for covered in self._earlier))
        self.density = density(self._earlier)
        self.sightings = store.newest_sightings(log.kind)
        self._anchor = newest_of(self.sightings.values())
        self.is_anchored = False
        self.is_another_history = False
        self._kept = Coverage()
        self._unwritten = PendingWrite()
        self._telling = StageProgress(progress, log.name)
        self._stalled = 0
        self._head: set[int] = set()
        self._head_at: datetime | None = None
        self._misplaced = 0
        self._floor: Instant | None = None
        self._end: Instant | None = None

    async def take(self, page: EventPage, *, shows_at_most: int | None = None) -> EventPage:
        """Take in a page that was read: what it shows, and what it proves; returns what counts.

        A page shorter than asked for is asked for again first; `shows_at_most` is as in
        `agreed_page`. Raises PortalError.
        """
        if len(page.events) >= page.query.count or (page.query.start and not page.events):
            self.take_full(page)
            return page
        agreed = await agreed_page(
            page,
            self.log.fetch,
            self._is_unsteady,
            kept_since=self.log.kept_since,
            shows_at_most=shows_at_most,
        )
        self.contradicted |= agreed.contradicted
        for answer in agreed.answers:
            self._look_at(answer)
        if agreed.is_believed:
            self._prove(self.log.view(agreed.page))
        if agreed.ends_log:
            self._prove(await self.log.view_of_end(agreed.page))
        self._after_a_page()
        return agreed.page

    def take_full(self, page: EventPage) -> None:
        """Take in a page of which it is known that nothing is missing from it."""
        self._look_at(page)
        self._prove(self.log.view(page))
        self._after_a_page()

    def _look_at(self, page: EventPage) -> None:
        """Take in what an answer shows: a sighting counts in whatever page it comes."""
        self.pages += 1
        self.read_at = page.answered_at
        self.accumulator.take(page.events)
        if self._anchor is not None and not self.is_anchored:
            self.is_anchored = shows(page, self._anchor)
        self._unwritten.add(page)
        self._stalled += 1
        if page.query.start == 0:
            # Answers take differently long, and the portal tells whole seconds: what all of them
            # reach is the top of this reading.
            known_until = Instant(self.log.known_until(page) - SECOND)
            self.top = known_until if self.top is None else min(self.top, known_until)
            self._head = {e.id for e in page.events if e.at == page.events[0].at}
            self._head_at = page.events[0].at if page.events else None
        elif page.query.start >= len(self._head) and self._may_be_head(page):
            self._misplaced += not self._head.isdisjoint([event.id for event in page.events])

    def _may_be_head(self, page: EventPage) -> bool:
        newest = page.events[0].at if page.events else None
        return newest is not None and self._head_at is not None and newest >= self._head_at

    def _prove(self, view: PageView) -> None:
        """Take in what a page proves."""
        if self._weave.add(view):
            self._stalled = 0
        if view.ends_log:
            # Its floor is that of what the end proves; entries before it may be there to be read.
            self._end = instant(view.events[-1].at) if view.events else view.known_until
        else:
            self._floor = view.floor if self._floor is None else max(self._floor, view.floor)

    def _after_a_page(self) -> None:
        self.search.page(self.accumulator.met_since(self.search.since))
        if self._unwritten.is_due(self.read_at):
            self.write()
        self._telling.tell(self.pages)

    def begin_stage(self, name: str) -> None:
        """Have progress speak of what is read from now on by this name."""
        self._telling.begin(name, read=self.pages)

    def covered(self) -> Coverage:
        """Return what is proven of the log: by this reading and by earlier ones."""
        return self._before.union(self._weave.covered())

    def covers(self, needed: Interval) -> bool:
        """Say whether all of `needed` is proven: by this reading or by earlier ones."""
        if not self._before.intervals or self._weave.covers(needed):
            return self._weave.covers(needed)
        return self.covered().covers(needed)

    def write(self) -> None:
        """Keep in the ledger what was read since the last time."""
        if not self._unwritten.pages:
            return
        proven = self._weave.covered()
        sightings = self.accumulator.sightings()
        self.notice(sightings)
        self._store.keep(
            Reading(
                kind=self.log.kind,
                user_id=None,
                intervals=tuple(g for i in proven.intervals for g in self._kept.gaps(i)),
                sightings=sightings,
                failures=self.accumulator.failures(),
                unrecognised=self.accumulator.unrecognised(),
                events=self._unwritten.events,
                proof=f"{self.pages} page{'' if self.pages == 1 else 's'} of the {self.log.name}, "
                f"the last at places {self._unwritten.first} to {self._unwritten.last}",
                read_at=self.read_at,
            )
        )
        self._kept = proven
        self._unwritten = PendingWrite()

    def notice(self, sightings: Iterable[Sighting]) -> None:
        """Take in sightings, whichever way they came: the newest of each person stays."""
        for seen in sightings:
            known = self.sightings.get(seen.user_id)
            if known is None or known.at < seen.at:
                self.sightings[seen.user_id] = seen

    def pages_left(self, needed: Interval) -> float:
        """Estimate how many pages are still to be read for `needed`."""
        left = 0.0
        for gap in self.covered().gaps(needed):
            places: float = self._weave.places.of(gap.since) - self._weave.places.of(gap.until)
            if self.density and not self._weave.places.reach(gap.since):
                places = self.density * (gap.until - gap.since).total_seconds()
            left += max(1.0, places / STEP)
        return left

    async def is_longer_than(self, pages: int, needed: Interval) -> bool:
        """Ask whether more than so many pages are still to be read for `needed`: one request.

        Where that fails the answer is a guess. Raises PortalRefused where a right is missing.
        """
        gaps = self.covered().gaps(needed)
        if not gaps:
            return False
        places = self._weave.places
        longest = max(gaps, key=lambda gap: gap.until - gap.since)
        passed = [c for c in self._earlier if needed.since <= c.interval.since < longest.until]
        left_out = sum(places.of(g.since) - places.of(g.until) for g in gaps if g != longest)
        read = places.of(longest.until) - left_out + sum(covered.events for covered in passed)
        place = max(0, read) + pages * STEP
        try:
            page = await self.log.fetch(EventQuery(start=place, count=1))
        except PortalError as error:
            if isinstance(error, PortalRefused) and error.status in RIGHTS:
                raise
            return self.pages_left(needed) > pages
        if not page.events:
            return False
        moment = instant(page.events[0].at)
        places.add(moment, place)
        return moment >= needed.since

    async def read(
        self,
        needed: Interval,
        *,
        enough: Callable[[], bool],
        ahead: Callable[[], int],
    ) -> None:
        """Read until `needed` is proven, `enough()` says so, or it can't be proven.

        `ahead()` says how many pages may be under way before it is known that they are wanted.
        Raises PortalRefused where a right is missing; any other trouble ends the reading and is
        left in `broken`.
        """
        tries: dict[Instant, int] = {}
        self._telling.reckon(lambda: self.pages_left(needed))
        while not self.broken and not enough():
            gaps = self.covered().gaps(needed)
            open_gaps = [
                g for g in gaps if tries.get(g.until, 0) < ATTEMPTS and self._can_be_read(g)
            ]
            if not open_gaps:
                break
            # The seconds that a pass has left open, all at once; else the newest stretches.
            seams = [gap for gap in open_gaps if gap.until - gap.since <= SEAM]
            chosen = seams or open_gaps[-max(1, ahead() // SHORTEST_SEGMENT) :]
            await self._fill(
                chosen, tries, enough=enough, ahead=partial(_shared, ahead, among=len(chosen))
            )
        if not self.broken and self._before.intervals and not await self._goes_on():
            self.is_another_history = True
            self.forget_earlier()
            self._store.forget_coverage()
            self._kept = Coverage()
            await self.read(needed, enough=enough, ahead=ahead)
        self.write()
        self._telling.end(self.pages)

    async def _fill(
        self,
        gaps: Sequence[Interval],
        tries: dict[Instant, int],
        *,
        enough: Callable[[], bool],
        ahead: Callable[[], int],
    ) -> None:
        """Read each of `gaps` once, side by side; `tries` counts how often each was, by its end."""

        async def fill(gap: Interval) -> None:
            attempt = tries.get(gap.until, 0)
            tries[gap.until] = attempt + 1
            frontier = await beginning(self, gap, attempt, earlier=self._earlier)
            filling = GapReader(
                self, gap, enough=enough, ahead=ahead, concurrency=self._concurrency
            )
            await filling.run(frontier)

        tasks = [asyncio.ensure_future(fill(gap)) for gap in gaps]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def forget_earlier(self) -> None:
        """Count no more on what earlier readings proved."""
        self._before = Coverage()
        self._earlier = ()

    async def _goes_on(self) -> bool:
        """Say whether this is still the log of which earlier readings know."""
        anchor = self._anchor
        if anchor is None or anchor.at < self.kept_since:
            return True
        return await is_same_log(self, anchor)

    @property
    def kept_since(self) -> Instant:
        """Before this the portal may be deleting: nothing there can be proven."""
        return self._floor or EPOCH

    def proven(self) -> Coverage:
        """Return what this reading alone has proven."""
        return self._weave.covered()

    def place_near(self, moment: Instant) -> int:
        """Guess the place of the entries at `moment`."""
        return self._weave.places.of(moment)

    async def page(self, place: int) -> EventPage | None:
        """Read the page at `place`; None where that failed (see `broken`)."""
        try:
            page = await self.take(await self.log.fetch(EventQuery(start=place)))
        except PortalError as error:
            if isinstance(error, PortalRefused) and error.status in RIGHTS:
                raise
            self.broken = error
            return None
        if self._stalled >= STALLED or self._misplaced >= MISPLACED:
            self.broken = self._not_moving()
            return None
        return page

    @property
    def places(self) -> OffsetIndex:
        """Where pages were seen to begin and to end."""
        return self._weave.places

    @property
    def end(self) -> Instant | None:
        """When the log's oldest event happened, where its end is proven."""
        return self._end

    def pages_between(self, place: int, moment: Instant) -> float:
        """Estimate how many pages lie between `place` and the events at `moment`."""
        return (self._weave.places.of(moment) - place) / STEP

    def _can_be_read(self, gap: Interval) -> bool:
        """Say whether the portal may still have entries in `gap`."""
        if self._floor is not None and gap.until <= self._floor:
            return False
        return self._end is None or gap.until > self._end

    def _not_moving(self) -> PortalError:
        return PortalUnreadable(
            attempted=f"reading the {self.log.name} of the portal",
            found="page after page brought nothing new",
            meaning="the portal ignores which page is asked for, or events arrive faster than they "
            "can be read",
            remedy="run `lastseen doctor`, and try again at a quieter hour",
        )


def _shared(ahead: Callable[[], int], among: int) -> int:
    return max(1, ahead() // among)
