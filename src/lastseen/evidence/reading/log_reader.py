"""Finding people in one log: as a stream or one by one, whichever costs fewer requests."""

import math
from collections.abc import Callable, Mapping

from lastseen.docspace.interface import MOST_A_PAGE, EventPage, Portal
from lastseen.evidence.proof.page_proof import SECOND
from lastseen.evidence.proof.quorum import agreeing_on_nothing
from lastseen.evidence.reading.canary import Canary
from lastseen.evidence.reading.cutover import Cutover
from lastseen.evidence.reading.filter_detection import WITHOUT_OPTION
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.evidence.reading.per_user import PerUserReader
from lastseen.evidence.reading.request_cost import (
    DATED_SHARE,
    Search,
    cost_of_asking,
    is_stream_cheaper,
    is_stream_cheapest,
    pages_ahead_before_cutover,
)
from lastseen.evidence.reading.stream import is_longer_than, read_stream
from lastseen.ledger import EvidenceStore
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalError
from lastseen.model.instant import Instant, after, days
from lastseen.model.progress import Progress
from lastseen.model.sighting import EvidenceKind

EDGE = days(1)
"""How long before the end of its lifetime an entry no longer matters: the edge of the log moves
while it is read, and by a day until the next review."""
SHARE_A_STRETCH = 0.75
"""The share of the requests left for dates that is planned for one stretch, since plans err."""
LEAST_SHARE = 0.1
"""For less than this share of all requests for dates no stretch is begun: it hardly shows one."""
MOST_AHEAD = 80
"""Pages of a stretch that are requested concurrently; where requests run out, gaps remain."""
END_OF_LOG = 5
"""Requests that the end of a log takes: its short page and the empty one after it are repeated."""

Wanted = Mapping[UserId, Instant]
"""The people looked for, and since when the entries of each must be known."""


class LogReader:
    """Reads one log for people."""

    def __init__(
        self,
        log: Log,
        portal: Portal,
        *,
        store: EvidenceStore,
        nothing_after: Instant | None,
        is_unsteady: Callable[[], bool],
        progress: Progress,
    ) -> None:
        """Start with what `store` knows; `nothing_after` is as in `EventAccumulator`.

        `is_unsteady()`: whether the portal has shown any fault during this run.
        """
        self.state = LogState(log, store, nothing_after=nothing_after)
        self.is_another_history = False
        """Whether the log turned out not to be the one that earlier runs read."""
        self.trouble: PortalError | None = None
        """What ended the last reading early, if anything."""
        self._portal = portal
        self._store = store
        self._is_unsteady = is_unsteady
        self._progress = progress
        self._pages = PageReader(
            self.state,
            store=store,
            concurrency=lambda: portal.concurrency,
            is_unsteady=is_unsteady,
            progress=progress,
        )
        self._canary: Canary | None = None
        self._asker: PerUserReader | None = None
        self._on_newest: int | None = None
        """How many people looked for are on the newest page; None once more was read."""

    @property
    def events(self) -> int:
        """How many entries were read."""
        return self.state.accumulator.events + (self._asker.events if self._asker else 0)

    @property
    def begins(self) -> Instant:
        """The instant at which the log begins: older entries may be deleted at any moment."""
        return after(self.state.kept_since, EDGE)

    async def take_newest(self, page: EventPage, *, is_all: bool) -> None:
        """Take the log's newest page; `is_all`: the portal shows no other, whatever is asked.

        Raises PortalError.
        """
        if is_all and len(page.events) >= WITHOUT_OPTION:
            self._pages.take_full(page)
        else:
            await self._pages.take(page, shows_at_most=WITHOUT_OPTION if is_all else None)
        self._pages.write()

    def allow_asking(self, canary: Canary) -> None:
        """Allow per-user requests from now on: the portal filters first."""
        self._canary = canary
        self._asker = PerUserReader(
            self.state,
            store=self._store,
            canary=canary,
            concurrency=lambda: self._portal.concurrency,
            is_unsteady=self._is_unsteady,
            progress=self._progress,
        )

    async def find(
        self, wanted: Wanted, *, dates_follow: bool, most_pages_again: float = math.inf
    ) -> None:
        """Read until everyone of `wanted` is seen or proven absent, or no more can be proven.

        `dates_follow`: whether the dates of those absent will be needed as well;
        `most_pages_again`: pages of the stream that may be read for those whom per-user requests
        could not prove. Raises PortalRefused if a right is missing.
        """
        state = self.state
        seen = state.accumulator.seen
        self._on_newest = sum(who in seen and seen[who] >= at for who, at in wanted.items())
        # Including people whom earlier runs proved absent: this must still be the log they read.
        unseen = {who: at for who, at in wanted.items() if not state.is_seen_since(who, at)}
        missing = await self._read_what_is_new(unseen)
        missing = await self._stream_while_cheaper(missing, dates_follow=dates_follow)
        asker = self._usable_asker
        if missing and asker is not None:
            await asker.ask(missing, most_to_confirm=self._pages_left(missing))
        unanswered = self._unanswered(missing)
        if self._pages_left(unanswered) <= most_pages_again:
            await self._stream(unanswered)

    async def find_dates(self, wanted: Wanted, *, most_requests: float) -> None:
        """Look for the newest sightings of `wanted`, who have recently been absent.

        Stops after about `most_requests` requests; everything read counts for the next run. Raises
        PortalRefused if a right is missing.
        """
        self._pages.begin_stage(f"{self.state.log.name}, further back")
        end = self._portal.traffic.requests + most_requests
        missing = self._undated(wanted)
        asker = self._usable_asker
        if missing and asker and not await self._is_stream_cheaper(missing, dates_follow=False):
            # As many as the requests allow even if nobody is found.
            agreeing = agreeing_on_nothing(asker.found, unsteady=self._is_unsteady())
            many = min(len(missing), max(0, most_requests - agreeing) // agreeing)
            asked = dict(list(missing.items())[: int(many)])
            await asker.ask(asked, for_dates=True, most_to_confirm=self._pages_left(missing))
            missing = self._undated(asked)
            # More people may be absent than expected, so that reading on costs less after all.
            if self._pages_left(missing) > end - self._portal.traffic.requests:
                return
        least = max(1, LEAST_SHARE * most_requests) if most_requests < math.inf else 1
        while missing and not self.trouble:
            before, left = self._pages_left(missing), end - self._portal.traffic.requests
            if before < 1 or left < least:
                return
            is_enough = before + END_OF_LOG <= left
            planned = left if is_enough else max(1, left * SHARE_A_STRETCH)
            since = self._reach(min(missing.values()), planned)
            await self._stream(
                {person: max(since, at) for person, at in missing.items()},
                is_spent=lambda: self._portal.traffic.requests >= end,
                least_ahead=int(min(before, planned, MOST_AHEAD)),
            )
            missing = self._undated(wanted)
            if self._pages_left(missing) >= before:
                return

    @property
    def _usable_asker(self) -> PerUserReader | None:
        return self._asker if self._canary is not None and self._canary.exists else None

    def _missing(self, wanted: Wanted) -> Wanted:
        """Return those of `wanted` who are neither seen nor proven absent."""
        state = self.state
        return {
            person: since
            for person, since in wanted.items()
            if not state.is_seen_since(person, since) and not state.is_proven_since(person, since)
        }

    def _undated(self, wanted: Wanted) -> Wanted:
        """Return those of `wanted` whose newest sighting isn't known, and since when to look.

        Pages are read concurrently: a person seen on one may appear again on a newer one that was
        not read, so a sighting is the newest only if everything after its second is known.
        """
        state = self.state
        unknown_since = {
            person: after(state.sightings[person].at, SECOND)
            if state.is_seen_since(person, since)
            else since
            for person, since in wanted.items()
        }
        return {
            person: since
            for person, since in unknown_since.items()
            if not state.is_proven_since(person, since)
        }

    def _unanswered(self, asked: Wanted) -> Wanted:
        """Return those of `asked` about whom the stream may show what per-user requests did not."""
        return {
            p: at for p, at in self._missing(asked).items() if not self.state.is_answered(p, at)
        }

    async def _read_what_is_new(self, missing: Wanted) -> Wanted:
        """Read what came since earlier runs proved people one by one; return those left."""
        reached = self.state.proven_alone(missing)
        if not reached:
            return missing
        since = min(reached.values())
        again = dict.fromkeys(reached, since)
        if self._usable_asker and not await self._is_stream_cheaper(again, dates_follow=False):
            return missing
        await self._stream({person: max(since, at) for person, at in missing.items()})
        return self._missing(missing)

    async def _stream_while_cheaper(self, missing: Wanted, *, dates_follow: bool) -> Wanted:
        """Read the stream until per-user requests cost less; return whom to ask about."""
        if (
            not missing
            or self._asker is None
            or is_stream_cheapest(
                len(missing),
                self._pages_left(missing),
                dates_follow=dates_follow,
                seconds=self.state.seconds_counted,
            )
        ):
            await self._stream(missing)
            return {}
        search = self._search(missing)
        is_trail = self.state.log.kind is EvidenceKind.ACTIVITY
        cutover = Cutover(
            search,
            lambda: self._is_stream_cheaper(
                {person: missing[person] for person in missing if person in search.missing},
                dates_follow=dates_follow,
            ),
        )
        try:
            await self._read(
                search,
                enough=lambda: not search.missing or cutover.is_due(),
                ahead=lambda: (
                    search.pages_ahead()
                    if cutover.is_ruled_out
                    else pages_ahead_before_cutover(search, is_trail=is_trail)
                ),
            )
        finally:
            await cutover.close()
        if not self.state.readable_gaps(self.state.needed(search.since)):
            return {}  # everything that the portal keeps is known
        return self._missing(missing)

    async def _stream(
        self,
        missing: Wanted,
        *,
        is_spent: Callable[[], bool] = lambda: False,
        least_ahead: int = 1,
    ) -> None:
        """Read the stream back until everyone of `missing` is proven or has been seen."""
        if not missing:
            return
        search = self._search(missing)
        await self._read(
            search,
            enough=lambda: not search.missing or is_spent(),
            ahead=lambda: max(least_ahead, search.pages_ahead()),
        )

    def _search(self, missing: Wanted) -> Search:
        return Search(missing, since=min(missing.values()), on_newest=self._on_newest)

    async def _read(
        self, search: Search, *, enough: Callable[[], bool], ahead: Callable[[], int]
    ) -> None:
        self._pages.search, self._on_newest = search, None
        needed = self.state.needed(search.since)
        is_same = await read_stream(self._pages, needed, enough=enough, ahead=ahead)
        self.is_another_history |= not is_same
        self.trouble, self._pages.broken = self._pages.broken, None

    async def _is_stream_cheaper(self, missing: Wanted, *, dates_follow: bool) -> bool:
        """Return whether the rest of the stream costs fewer requests than asking for `missing`."""
        surely = self._is_stream_surely_cheaper(missing, dates_follow=dates_follow)
        if surely is not None:
            return surely
        pages = math.ceil(self._cost_of_asking(missing, dates_follow=dates_follow))
        needed = self.state.needed(min(missing.values()))
        return not await is_longer_than(self._pages, pages, needed)

    def _is_stream_surely_cheaper(self, missing: Wanted, *, dates_follow: bool) -> bool | None:
        """Say the same without asking the portal; None if the estimate may be too far off."""
        return is_stream_cheaper(
            self._cost_of_asking(missing, dates_follow=dates_follow),
            self._pages_left(missing),
            seconds=self.state.seconds_counted,
        )

    def _cost_of_asking(self, missing: Wanted, *, dates_follow: bool) -> float:
        """Estimate the requests that asking takes, less those that it saves for dates."""
        refused, found = self._refused_pages(missing), self._asker.found if self._asker else 0
        cost = cost_of_asking(len(missing), refused_pages=refused, found=found)
        if not dates_follow:
            return cost
        dated = math.floor(DATED_SHARE * len(missing))
        return cost - cost_of_asking(dated, refused_pages=refused, found=found)

    def _refused_pages(self, missing: Wanted) -> int:
        """Return how many pages of refused attempts may hide what people did."""
        if self.state.log.kind is EvidenceKind.ACTIVITY:
            return 0
        failed = self._store.failed_sign_ins(min(missing.values()))
        return sum(
            1 + failed[person].count // MOST_A_PAGE for person in missing if person in failed
        )

    def _pages_left(self, wanted: Wanted) -> float:
        if not wanted:
            return 0.0
        return self.state.pages_left(self.state.needed(min(wanted.values())))

    def _reach(self, since: Instant, pages: float) -> Instant:
        """Return how far back that many pages reach, to `since` at most."""
        state = self.state
        nearest = furthest = since
        if state.watermark is None or state.pages_left(state.needed(since)) <= pages:
            return since
        nearest = state.watermark
        while nearest - furthest > EDGE / 24:
            middle = Instant(furthest + (nearest - furthest) / 2)
            if state.pages_left(state.needed(middle)) <= pages:
                nearest = middle
            else:
                furthest = middle
        return nearest
