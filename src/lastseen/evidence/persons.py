"""Asking a log about one person at a time, where the portal filters before it cuts the page.

An entry that comes back speaks for itself: newest first, so nothing newer exists. An answer with
nothing in it is where a portal can lie, by a fault or by a change of its ways half-way; it counts
only when a witness (someone known to be in the log) is still found the same way afterwards, and
when asking again agrees.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from lastseen.contractor import UserId
from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.errors import PortalError, PortalRefused
from lastseen.evidence.coverage import Coverage
from lastseen.evidence.log import Log
from lastseen.evidence.paging import PageView, Weave
from lastseen.evidence.planning import PAGE
from lastseen.evidence.sign_ins import Harvest
from lastseen.evidence.stream import RIGHTS
from lastseen.instant import EPOCH, Instant, Interval
from lastseen.progress import Progress

BATCH = 200
"""People asked about between two questions to the witness."""
FEW = 25
"""Up to so many empty answers each is asked again; of more, a sample."""
SAMPLE = 0.04
"""The share of many empty answers that is asked again."""
AGREEING = 3
"""Answers that must agree that a person is not in the log."""
AGREEING_IF_UNSTEADY = 4
"""The same, on a portal that has shown any fault during this run."""
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


class PersonByPerson:
    """Asks one log about people, one at a time."""

    def __init__(
        self,
        log: Log,
        *,
        harvest: Harvest,
        witness: Callable[[], Awaitable[bool]],
        concurrency: Callable[[], int],
        is_unsteady: Callable[[], bool],
        progress: Progress,
    ) -> None:
        """Ask `log`, keeping what it shows in `harvest`.

        `witness` asks anew whether the portal filters before it cuts the page; `is_unsteady` says
        whether the portal has shown any fault during this run.
        """
        self.requests = 0
        self.events = 0
        self._log = log
        self._harvest = harvest
        self._witness = witness
        self._concurrency = concurrency
        self._is_unsteady = is_unsteady
        self._progress = progress
        self._contradicted = False

    async def ask(
        self, people: Sequence[UserId], needed: Interval, *, count: int = PAGE
    ) -> dict[UserId, PersonAnswer]:
        """Return what could be proven of `people` for `needed`; who is missing could not be.

        Raises PortalRefused where a right is missing.
        """
        proven: dict[UserId, PersonAnswer] = {}
        for first in range(0, len(people), BATCH):
            batch = people[first : first + BATCH]
            asked = await self._side_by_side([self._one(person, needed, count) for person in batch])
            inquiries = [inquiry for inquiry in asked if inquiry is not None]
            if any(inquiry.rests_on_filter for inquiry in inquiries):
                await self._confirm([i for i in inquiries if i.absent is not None])
                if not await self._witness():
                    inquiries = [i for i in inquiries if not i.rests_on_filter]
            proven.update((i.user_id, i.answer()) for i in inquiries if not i.doubtful)
            self._progress.step(
                f"{self._log.name}, person by person", first + len(batch), len(people)
            )
        return proven

    async def _confirm(self, empty: list["_Inquiry"]) -> None:
        """Ask again about those of whom nothing came back."""
        sample = empty if len(empty) <= FEW else empty[:: int(1 / SAMPLE)]
        await self._side_by_side([self._ask_again(inquiry) for inquiry in sample])
        if self._contradicted or self._is_unsteady():
            await self._side_by_side([self._ask_again(inquiry) for inquiry in empty])

    async def _ask_again(self, inquiry: "_Inquiry") -> None:
        """Ask about one person until enough answers agree, or one contradicts."""
        while (
            inquiry.absent
            and not inquiry.doubtful
            and inquiry.agreeing
            < (AGREEING_IF_UNSTEADY if self._contradicted or self._is_unsteady() else AGREEING)
        ):
            page = await self._page(inquiry, start=0, count=PAGE - 1)
            if page is None:
                inquiry.doubtful = True
            elif page.events:
                # It was there all along: the portal's empty answers are not to be believed.
                self._contradicted = True
                inquiry.absent = None
                inquiry.take(self._log.view(page))
                return
            else:
                inquiry.agreeing += 1

    async def _one(self, person: UserId, needed: Interval, count: int) -> "_Inquiry | None":
        """Ask about one person until seen, proven absent over `needed`, or given up."""
        inquiry = _Inquiry(person)
        start = 0
        short: frozenset[int] = frozenset()
        for _ in range(MOST_PAGES):
            page = await self._page(inquiry, start=start, count=count)
            if page is None:
                return None
            if not page.events:
                if start == 0:
                    inquiry.absent = self._log.view(page, ends_log=True)
                    inquiry.agreeing = 1
                    inquiry.rests_on_filter = True
                    return inquiry
                start = max(0, start - count // 2)
                continue
            ids = frozenset(event.id for event in page.events)
            ends = len(ids) < page.query.count and bool(short) and ids <= short
            inquiry.take(self._log.view(page, ends_log=ends))
            inquiry.rests_on_filter |= ends or start > 0
            if person in self._harvest.seen or inquiry.covered().covers(
                Interval(needed.since, max(needed.since, inquiry.known_until))
            ):
                return inquiry
            short = ids | short if len(page.events) < page.query.count else frozenset()
            start += len(page.events) - 1
        return inquiry

    async def _page(self, inquiry: "_Inquiry", *, start: int, count: int) -> EventPage | None:
        """Return a page about one person, or None where it failed or speaks of somebody else."""
        self.requests += 1
        inquiry.requests += 1
        try:
            page = await self._log.fetch(
                EventQuery(user_id=inquiry.user_id, start=start, count=count)
            )
        except PortalError as error:
            if isinstance(error, PortalRefused) and error.status in RIGHTS:
                raise
            return None
        if any(event.user_id != inquiry.user_id for event in page.events):
            return None
        self.events += len(page.events)
        self._harvest.take(page.events)
        return page

    async def _side_by_side(
        self, work: Sequence[Awaitable["_Inquiry | None"] | Awaitable[None]]
    ) -> list["_Inquiry | None"]:
        """Await all of `work`, no more at once than the portal takes."""
        gate = asyncio.Semaphore(max(1, self._concurrency()))

        async def gated(one: Awaitable["_Inquiry | None"] | Awaitable[None]) -> "_Inquiry | None":
            async with gate:
                return await one

        return list(await asyncio.gather(*(gated(one) for one in work)))


class _Inquiry:
    """What is known of one person so far."""

    def __init__(self, user_id: UserId) -> None:
        self.user_id = user_id
        self.known_until = EPOCH
        self.requests = 0
        self.absent: PageView | None = None
        self.agreeing = 0
        self.doubtful = False
        self.rests_on_filter = False
        self._weave = Weave()

    def take(self, view: PageView) -> None:
        """Take in a page about this person."""
        self._weave.add(view)
        if view.start == 0:
            self.known_until = max(self.known_until, view.known_until)

    def covered(self) -> Coverage:
        """Return for which time this person's entries are known."""
        return self._weave.covered()

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
