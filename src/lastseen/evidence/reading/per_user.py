"""Asking a log about one person at a time, where the portal filters before it cuts the page.

An entry that comes back speaks for itself: newest first, so nothing newer exists. An answer with
nothing in it is where a portal can lie, by a fault or by a change of its ways half-way; it counts
only when a canary (someone known to be in the log) is still found the same way afterwards, and
when asking again agrees.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial

import msgspec

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.actions import EventAccumulator
from lastseen.evidence.proof.coverage import Coverage
from lastseen.evidence.proof.page_proof import PageProof, PageView
from lastseen.evidence.proof.quorum import Agreed, agreed_page, agreeing_answers
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.stream import RIGHTS
from lastseen.model.concurrency import map_concurrently
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalError, PortalRefused
from lastseen.model.instant import Instant, Interval, parse_instant
from lastseen.model.progress import Progress

BATCH = 200
"""People asked about between two questions to the canary."""
FEW = 25
"""Up to so many empty answers each is asked again and again; of more, a sample."""
SAMPLE = 0.04
"""The share of many empty answers that is asked again as often as few are."""
AGREEING_OF_MANY = 2
"""Answers that must agree on each of the others."""
FAR_OFF = parse_instant("9999-12-31T00:00:00Z")
"""Later than any answer reaches."""
MOST_PAGES = 50
"""Pages of one person's failures after which the rest is left unproven."""


class PersonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What asking about one person proved."""

    user_id: UserId
    """Who was asked about."""
    covered: Coverage
    """For which time all of this person's entries are known."""
    known_until: Instant
    """Up to which instant the answer speaks for the newest entries."""
    requests: int
    """How many requests it took."""

    @property
    def proof(self) -> str:
        """One line on how it is known."""
        return f"asked for this person alone, {self.requests} requests"


class PerUserReader:
    """Asks one log about people, one at a time."""

    def __init__(
        self,
        log: Log,
        *,
        accumulator: EventAccumulator,
        canary: Callable[[], Awaitable[bool]],
        concurrency: Callable[[], int],
        is_unsteady: Callable[[], bool],
        progress: Progress,
    ) -> None:
        """Ask `log`, keeping what it shows in `accumulator`.

        `canary` asks anew whether the portal filters before it cuts the page; `is_unsteady` says
        whether the portal has shown any fault during this run.
        """
        self.requests = 0
        self.events = 0
        self._log = log
        self._accumulator = accumulator
        self._canary = canary
        self._concurrency = concurrency
        self._is_unsteady = is_unsteady
        self._progress = progress
        self._contradicted = False

    async def ask(
        self, people: Sequence[UserId], needed: Interval, *, stream_pages: float
    ) -> AsyncGenerator[list[PersonAnswer], None]:
        """Yield what could be proven for `needed`, batch by batch; who is missing could not be.

        `stream_pages`: what it would cost to read the stream instead, which needs no second
        asking. Raises PortalRefused where a right is missing.
        """
        absent: list[_Inquiry] = []
        batch: list[_Inquiry | None] = []
        asked = 0
        pieces = (partial(self._one, who, needed) for who in people)
        async with map_concurrently(pieces, self._concurrency) as inquiries:
            async for inquiry in inquiries:
                batch.append(inquiry)
                asked += 1
                if len(batch) < BATCH and asked < len(people):
                    continue
                answered = await self._confirmed(batch)
                absent += [i for i in answered if i.absent is not None]
                yield [i.answer() for i in answered if i.absent is None]
                batch = []
                self._progress.step(f"{self._log.name}, person by person", asked, len(people))
        await self._confirm(absent, stream_pages)
        yield [i.answer() for i in absent if not i.doubtful]

    async def _confirmed(self, asked: list["_Inquiry | None"]) -> list["_Inquiry"]:
        """Return what was answered, and of it only what needs no filter where nobody vouches."""
        answered = [inquiry for inquiry in asked if inquiry is not None]
        if any(i.rests_on_filter for i in answered) and not await self._canary():
            answered = [i for i in answered if not i.rests_on_filter]
        return answered

    async def _confirm(self, absent: list["_Inquiry"], stream_pages: float) -> None:
        """Ask again about those of whom nothing came back."""
        again = agreeing_answers(0, unsteady=self._is_suspect()) - 1
        sample = absent if len(absent) <= FEW else absent[:: int(1 / SAMPLE)]
        others = len(absent) - len(sample)
        if stream_pages < again * len(sample) + (AGREEING_OF_MANY - 1) * others:
            for inquiry in absent:
                inquiry.doubtful = True
            return
        await self._ask_all_again(sample)
        await self._ask_all_again(absent, least=AGREEING_OF_MANY)
        if self._is_suspect():
            await self._ask_all_again(absent)
        # The portal may waver, as while half of its servers are being brought up to date.
        if absent and not await self._is_confirmed():
            for inquiry in absent:
                inquiry.doubtful = True

    async def _is_confirmed(self) -> bool:
        """Ask the canary as often as absence is asked for; say whether it always stood by."""
        for _ in range(agreeing_answers(0, unsteady=self._is_suspect())):
            if not await self._canary():
                return False
        return True

    async def _ask_all_again(
        self, inquiries: Sequence["_Inquiry"], *, least: int | None = None
    ) -> None:
        pieces = (partial(self._ask_again, inquiry, least=least) for inquiry in inquiries)
        async with map_concurrently(pieces, self._concurrency) as done:
            async for _ in done:
                pass

    async def _ask_again(self, inquiry: "_Inquiry", *, least: int | None = None) -> None:
        """Ask about one person until enough answers agree, or one contradicts.

        `least`: so many are enough on a portal that has shown no fault.
        """
        while inquiry.absent is not None and not inquiry.doubtful:
            suspect = self._is_suspect()
            enough = agreeing_answers(0, unsteady=suspect)
            if inquiry.agreeing >= (enough if suspect or least is None else least):
                return
            page = await self._page(inquiry, EventQuery(user_id=inquiry.user_id))
            if page is None:
                inquiry.doubtful = True
            elif page.events:
                # It was there all along: this portal's empty answers are not to be believed.
                self._contradicted = True
                inquiry.absent = None
                inquiry.doubtful = len(page.events) < page.query.count
                inquiry.take(self._log.view(page))
            else:
                inquiry.agreeing += 1

    def _is_suspect(self) -> bool:
        return self._contradicted or self._is_unsteady()

    async def _one(self, person: UserId, needed: Interval) -> "_Inquiry | None":
        """Ask about one person until seen, proven absent over `needed`, or given up."""
        inquiry = _Inquiry(person)
        # One entry suffices nearly always, and one of one is never a page cut short.
        newest = await self._page(inquiry, EventQuery(user_id=person, count=1))
        if newest is None:
            return None
        if not newest.events:
            inquiry.absent = await self._log.view_of_end(newest)
            inquiry.agreeing = 1
            inquiry.rests_on_filter = True
            return inquiry
        inquiry.take(self._log.view(newest))
        start = 0
        for _ in range(MOST_PAGES):
            if person in self._accumulator.seen or inquiry.covers(needed):
                return inquiry
            page = await self._page(inquiry, EventQuery(user_id=person, start=start))
            if page is None or self._is_seen(person, needed.since):
                return inquiry
            if await self._is_exact(inquiry, page, since=needed.since):
                inquiry.rests_on_filter = True
                inquiry.take(self._log.view(page))
                return inquiry
            agreed = await self._agreed(inquiry, page)
            if agreed is None or not agreed.is_believed:
                return inquiry
            inquiry.rests_on_filter = True
            inquiry.take(self._log.view(agreed.page))
            if agreed.ends_log:
                inquiry.take(await self._log.view_of_end(agreed.page))
            if agreed.ends_log or not agreed.page.events:
                return inquiry
            start += len(agreed.page.events) - 1
        return inquiry

    def _is_seen(self, person: UserId, since: Instant) -> bool:
        seen = self._accumulator.seen.get(person)
        return seen is not None and seen >= since

    async def _is_exact(self, inquiry: "_Inquiry", page: EventPage, *, since: Instant) -> bool:
        """Say whether a short page that reaches back beyond `since` holds all entries till then.

        It does where asking for just so many brings the same ones: of what was left out of a page
        that is full the second time, something would have come instead.
        """
        if _is_full(page) or not page.events or page.events[-1].at >= since:
            return False
        query = msgspec.structs.replace(page.query, count=len(page.events))
        again = await self._page(inquiry, query)
        return again is not None and {e.id for e in again.events} == {e.id for e in page.events}

    async def _agreed(self, inquiry: "_Inquiry", first: EventPage) -> Agreed | None:
        """Return what `first`, a page of one person's, comes to, or None where that failed."""

        async def fetch(again: EventQuery) -> EventPage:
            page = await self._page(inquiry, again)
            if page is None:
                raise _NoPage
            return page

        try:
            agreed = await agreed_page(
                first, fetch, self._is_suspect, kept_since=self._log.kept_since
            )
        except _NoPage:
            return None
        self._contradicted |= agreed.contradicted
        return agreed

    async def _page(self, inquiry: "_Inquiry", query: EventQuery) -> EventPage | None:
        """Return a page about one person, or None where it failed or speaks of somebody else."""
        self.requests += 1
        inquiry.requests += 1
        try:
            page = await self._log.fetch(query)
        except PortalError as error:
            if isinstance(error, PortalRefused) and error.status in RIGHTS:
                raise
            return None
        if any(event.user_id != inquiry.user_id for event in page.events):
            return None
        self.events += len(page.events)
        self._accumulator.take(page.events)
        return page


def _is_full(page: EventPage) -> bool:
    return len(page.events) >= page.query.count


class _NoPage(Exception):
    """A page about one person did not come."""


class _Inquiry:
    """What is known of one person so far."""

    def __init__(self, user_id: UserId) -> None:
        self.user_id = user_id
        self.known_until = FAR_OFF
        self.requests = 0
        self.absent: PageView | None = None
        self.agreeing = 0
        self.doubtful = False
        self.rests_on_filter = False
        self._weave = PageProof()

    def take(self, view: PageView) -> None:
        """Take in a page about this person."""
        self._weave.add(view)
        if view.start == 0:
            self.known_until = min(self.known_until, view.known_until)

    def covers(self, needed: Interval) -> bool:
        """Say whether this person's entries are known from where they are needed on."""
        until = max(needed.since, self.known_until)
        return self._weave.covered().covers(Interval(needed.since, until))

    def answer(self) -> PersonAnswer:
        """Return what is proven in the end, the empty answers included."""
        if self.absent is not None:
            self.take(self.absent)
        return PersonAnswer(
            user_id=self.user_id,
            covered=self._weave.covered(),
            known_until=self.known_until,
            requests=self.requests,
        )
