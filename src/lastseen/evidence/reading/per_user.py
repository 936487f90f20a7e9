"""Asking a log about one person at a time, where the portal filters before it cuts the page.

An entry that comes back proves itself: newest first, so nothing newer exists. An empty answer is
where a portal can mislead, by a fault or by a change of behaviour halfway; it counts only if a
canary (a person known to be in the log) is still found the same way afterwards, and if asking
again agrees.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.accumulator import EventAccumulator
from lastseen.evidence.proof.page_proof import SECOND, PageProof, PageView
from lastseen.evidence.proof.quorum import Agreed, agreed_page, agreeing_on_nothing
from lastseen.evidence.reading.canary import Canary
from lastseen.evidence.reading.log import is_right_missing
from lastseen.evidence.reading.log_state import LogState, PersonAnswer
from lastseen.evidence.reading.request_cost import BATCH
from lastseen.ledger import EvidenceStore, Reading
from lastseen.model.concurrency import map_concurrently, repeated
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalError
from lastseen.model.instant import EPOCH, Instant, Interval, after, instant, parse_instant
from lastseen.model.progress import Progress

FAR_OFF = parse_instant("9999-12-31T00:00:00Z")
"""Later than any answer reaches."""
MOST_PAGES = 50
"""Pages of one person's failures after which the rest is left unproven."""


class PerUserReader:
    """Queries one log about people, one at a time."""

    def __init__(
        self,
        state: LogState,
        *,
        store: EvidenceStore,
        canary: Canary,
        concurrency: Callable[[], int],
        is_unsteady: Callable[[], bool],
        progress: Progress,
        batch: int = BATCH,
    ) -> None:
        """Query the log of `state`; what that shows and proves goes there and into `store`.

        `canary` checks whether the portal still filters before it cuts the page; `concurrency()`:
        requests allowed at once; `is_unsteady()`: whether the portal has shown any fault during
        this run; `batch`: people asked about between two checks of the canary.
        """
        self.requests = 0
        self.events = 0
        self.found = 0
        """People with entries."""
        self._state = state
        self._log = state.log
        self._store = store
        self._canary = canary
        self._concurrency = concurrency
        self._is_unsteady = is_unsteady
        self._progress = progress
        self._batch = batch
        self._accumulator: EventAccumulator = state.separate_accumulator()
        self._for_dates = False

    async def ask(
        self,
        wanted: Mapping[UserId, Instant],
        *,
        for_dates: bool = False,
        most_to_confirm: float = math.inf,
    ) -> None:
        """Query each of `wanted`: since when their entries must be known.

        The results are then in the log's state, batch by batch. `for_dates`: whether it must also
        be proven that a sighting is the newest; `most_to_confirm`: requests that confirming empty
        answers may take in total; if it would take more, those people are left unproven. Raises
        PortalRefused if a right is missing.
        """
        self._for_dates = for_dates
        self._accumulator = self._state.separate_accumulator()
        absent: list[_Inquiry] = []
        batch: list[_Inquiry | None] = []
        asked = 0
        pieces = (partial(self._one, who, since) for who, since in wanted.items())
        async with map_concurrently(pieces, self._concurrency) as inquiries:
            async for inquiry in inquiries:
                batch.append(inquiry)
                asked += 1
                if len(batch) < self._batch and asked < len(wanted):
                    continue
                answered = await self._trusted(batch)
                absent += [i for i in answered if i.absent is not None]
                self._keep([i for i in answered if i.absent is None])
                batch = []
                self._progress.step(f"{self._log.name}, person by person", asked, len(wanted))
        await self._confirm(absent, most_to_confirm)
        self._keep([inquiry for inquiry in absent if not inquiry.doubtful])

    async def _trusted(self, asked: Sequence["_Inquiry | None"]) -> list["_Inquiry"]:
        """Return the answers that count: without a canary, only those that need no filter."""
        answered = [inquiry for inquiry in asked if inquiry is not None]
        if any(i.needs_filter for i in answered) and not await self._canary():
            answered = [i for i in answered if not i.needs_filter]
        return answered

    async def _confirm(self, absent: Sequence["_Inquiry"], most: float) -> None:
        """Ask again about those for whom nothing came back."""
        again = len(absent) * (self._agreeing() - 1)
        if again > most:
            for inquiry in absent:
                inquiry.doubtful = True
            return
        await self._ask_all_again(absent)
        if self._is_unsteady():
            await self._ask_all_again(absent)  # more answers have to agree now
        # The portal may waver, for example while half of its servers are being upgraded.
        if absent and not await self._is_canary_found(self._agreeing()):
            for inquiry in absent:
                inquiry.doubtful = True

    async def _is_canary_found(self, times: int) -> bool:
        """Check the canary this many times at once; return whether it was always found."""
        pieces = (self._canary for _ in range(times))
        async with map_concurrently(pieces, self._concurrency) as answers:
            return all([found async for found in answers])

    async def _ask_all_again(self, inquiries: Sequence["_Inquiry"]) -> None:
        pieces = (partial(self._retry, inquiry) for inquiry in inquiries)
        async with map_concurrently(pieces, self._concurrency) as done:
            async for _ in done:
                pass

    async def _retry(self, inquiry: "_Inquiry") -> None:
        """Ask about one person until enough answers agree, or one contradicts."""
        while inquiry.absent is not None and not inquiry.doubtful:
            missing = self._agreeing() - inquiry.agreeing
            if missing <= 0:
                return
            query = EventQuery(user_id=inquiry.user_id)
            for page in await repeated(partial(self._page, inquiry, query), missing):
                self._take_again(inquiry, page)

    def _take_again(self, inquiry: "_Inquiry", page: EventPage | None) -> None:
        """Take one more answer about a person for whom nothing came back before."""
        if page is None:
            inquiry.doubtful = True
        elif not page.events:
            inquiry.agreeing += 1
        else:
            # The entry existed before: this portal's empty answers can't be trusted.
            self._state.contradicted = True
            inquiry.absent = None
            inquiry.doubtful |= len(page.events) < page.query.count
            inquiry.take(self._log.view(page))

    def _agreeing(self) -> int:
        return agreeing_on_nothing(self.found, unsteady=self._is_unsteady())

    async def _one(self, person: UserId, since: Instant) -> "_Inquiry | None":
        """Ask about one person until seen, proven absent from `since` on, or given up."""
        inquiry = _Inquiry(person)
        # One entry suffices nearly always, and a page of one can't be cut short.
        newest = await self._page(inquiry, EventQuery(user_id=person, count=1))
        if newest is None:
            return None
        if not newest.events:
            inquiry.absent = await self._log.view_of_end(newest)
            inquiry.kept_since = self._log.kept_since(newest)
            inquiry.agreeing = 1
            inquiry.needs_filter = True
            return inquiry
        self.found += 1
        inquiry.take(self._log.view(newest))
        start = 0
        for _ in range(MOST_PAGES):
            if person in self._accumulator.seen or inquiry.is_proven_since(since):
                return inquiry
            page = await self._page(inquiry, EventQuery(user_id=person, start=start))
            if page is None:
                return inquiry
            reach = self._seen_at(person, since)
            if reach is not None and not self._for_dates:
                return inquiry
            if await self._is_exact(inquiry, page, since=after(reach, SECOND) if reach else since):
                inquiry.needs_filter = True
                inquiry.take(self._log.view(page))
                return inquiry
            agreed = await self._agreed(inquiry, page)
            if agreed is None or not agreed.is_believed:
                return inquiry
            inquiry.needs_filter = True
            inquiry.take(self._log.view(agreed.page))
            if agreed.ends_log:
                inquiry.take(await self._log.view_of_end(agreed.page))
            if agreed.ends_log or not agreed.page.events:
                return inquiry
            start += len(agreed.page.events) - 1
        return inquiry

    def _seen_at(self, person: UserId, since: Instant) -> Instant | None:
        """Return when the person was last seen, if at or after `since`."""
        seen = self._accumulator.seen.get(person)
        return instant(seen) if seen is not None and seen >= since else None

    async def _is_exact(self, inquiry: "_Inquiry", page: EventPage, *, since: Instant) -> bool:
        """Return whether a short page that reaches beyond `since` holds all entries until then.

        It does if requesting exactly that many returns the same ones: had one been left out the
        second time, another would have taken its place.
        """
        if len(page.events) >= page.query.count or not page.events or page.events[-1].at >= since:
            return False
        query = msgspec.structs.replace(page.query, count=len(page.events))
        again = await self._page(inquiry, query)
        return again is not None and {e.id for e in again.events} == {e.id for e in page.events}

    async def _agreed(self, inquiry: "_Inquiry", first: EventPage) -> Agreed | None:
        """Return the agreed form of `first`, a page about one person, or None if that failed."""

        async def fetch(again: EventQuery, times: int) -> list[EventPage]:
            pages = await repeated(partial(self._page, inquiry, again), times)
            read = [page for page in pages if page is not None]
            if len(read) < times:
                raise _NoPage
            return read

        try:
            agreed = await agreed_page(
                first, fetch, self._is_unsteady, kept_since=self._log.kept_since
            )
        except _NoPage:
            return None
        self._state.contradicted |= agreed.contradicted
        return agreed

    async def _page(self, inquiry: "_Inquiry", query: EventQuery) -> EventPage | None:
        """Return a page about one person, or None if it failed or is about somebody else."""
        self.requests += 1
        inquiry.requests += 1
        try:
            page = await self._log.fetch(query)
        except PortalError as error:
            if is_right_missing(error):
                raise
            return None
        if any(event.user_id != inquiry.user_id for event in page.events):
            return None
        self.events += len(page.events)
        self._accumulator.take(page.events)
        return page

    def _keep(self, inquiries: Sequence["_Inquiry"]) -> None:
        """Write down what the queries showed, and what they proved about each person."""
        state, accumulator = self._state, self._accumulator
        answers = {inquiry.user_id: inquiry.answer() for inquiry in inquiries}
        sightings = accumulator.sightings()
        nothing = Reading(
            kind=self._log.kind,
            user_id=None,
            intervals=(),
            sightings=(),
            failures=(),
            unrecognised=(),
            events=0,
            proof="",
            read_at=state.read_at,
        )
        shown = msgspec.structs.replace(
            nothing,
            sightings=sightings,
            failures=accumulator.failures(),
            unrecognised=accumulator.unrecognised(),
        )
        proven = [
            msgspec.structs.replace(
                nothing, user_id=person, intervals=answer.covered.intervals, proof=answer.proof
            )
            for person, answer in answers.items()
        ]
        self._store.keep_all([shown, *proven])
        state.notice(sightings)
        state.asked.update(answers)


class _NoPage(Exception):
    """A page about one person could not be read."""


class _Inquiry:
    """What is known about one person so far."""

    def __init__(self, user_id: UserId) -> None:
        self.user_id = user_id
        self.known_until = FAR_OFF
        self.kept_since = EPOCH
        self.requests = 0
        self.absent: PageView | None = None
        self.agreeing = 0
        self.doubtful = False
        self.needs_filter = False
        self._proof = PageProof()

    def take(self, view: PageView) -> None:
        """Take a page about this person."""
        self._proof.add(view)
        if not view.ends_log:
            self.kept_since = max(self.kept_since, view.floor)
        if view.start == 0:
            self.known_until = min(self.known_until, view.known_until)

    def is_proven_since(self, since: Instant) -> bool:
        """Return whether this person's entries are known from `since` on."""
        until = max(since, self.known_until)
        return self._proof.covered().covers(Interval(since, until))

    def answer(self) -> PersonAnswer:
        """Return everything that was proven, including by empty answers."""
        if self.absent is not None:
            self.take(self.absent)
        return PersonAnswer(
            user_id=self.user_id,
            covered=self._proof.covered(),
            known_until=self.known_until,
            kept_since=self.kept_since,
            requests=self.requests,
        )
