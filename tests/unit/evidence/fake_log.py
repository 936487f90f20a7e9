"""A log whose every entry is known, answering as a portal does, in any of its ways."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Literal, cast

from lastseen.docspace.entry_times import EntryTimes
from lastseen.docspace.interface import EventPage, EventQuery, Portal, Retention, Traffic
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.ledger import EvidenceStore, Ledger
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalUnreachable
from lastseen.model.instant import EPOCH, Instant, Interval, parse_instant
from lastseen.model.progress import Silent
from lastseen.model.sighting import Event, EvidenceKind

NOW = parse_instant("2026-06-01T12:00:00Z")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SIGNED_IN, REFUSED = 1029, 1005
URL = "https://portal.example"

Ways = Literal["before-window", "after-window", "ignored"]


def ago(span: timedelta) -> Instant:
    return Instant(NOW - span)


def entry(number: int, age: timedelta, who: str = "staff", action: int = SIGNED_IN) -> Event:
    return Event(id=number, at=ago(age), user_id=who, action_id=action)


def every_hour(hours: int, who: str = "staff") -> list[Event]:
    """Return an entry an hour, from an hour ago back; newer entries have higher numbers."""
    return [entry(100_000 - n, (n + 1) * HOUR, who) for n in range(hours)]


class FakeLog:
    """A log, and what was asked of it."""

    def __init__(self, events: Iterable[Event], ways: Ways = "before-window") -> None:
        self.events = sorted(events, key=lambda e: (e.at, e.id), reverse=True)
        self.ways: Ways = ways
        self.asked: list[EventQuery] = []
        self.entry_times = EntryTimes()
        self.altering: Callable[[EventQuery, list[Event]], list[Event]] | None = None
        """Changes what an answer holds; raises where none is to come."""

    async def fetch(self, query: EventQuery) -> EventPage:
        self.asked.append(query)
        await asyncio.sleep(0)  # others go on meanwhile
        events = self._answer(query)
        if self.altering is not None:
            events = self.altering(query, events)
        self.entry_times.note(events)
        return EventPage(query=query, events=events, sent_at=NOW, answered_at=NOW, portal_time=NOW)

    def about(self, who: str) -> list[EventQuery]:
        """Return what was asked about one person."""
        return [query for query in self.asked if query.user_id == who]

    def _answer(self, query: EventQuery) -> list[Event]:
        window = slice(query.start, query.start + query.count)
        match self.ways:
            case "before-window":
                return [e for e in self.events if _fits(e, query)][window]
            case "after-window":
                return [e for e in self.events[window] if _fits(e, query)]
            case "ignored":
                return self.events[:20]


def _fits(event: Event, query: EventQuery) -> bool:
    return (
        query.user_id in (None, event.user_id)
        and query.action_id in (None, event.action_id)
        and (query.since is None or event.at >= query.since)
        and (query.until is None or event.at <= query.until)
    )


def lost(query: EventQuery, events: list[Event]) -> list[Event]:
    """Let no answer come."""
    raise PortalUnreachable(attempted="asking", found="nothing", meaning="lost", remedy="wait")


def empty_store() -> EvidenceStore:
    return Ledger.in_memory(clock=lambda: NOW).portal(URL).evidence


def log_of(
    fake: FakeLog, kind: EvidenceKind = EvidenceKind.SIGN_IN, kept_for: timedelta = 180 * DAY
) -> Log:
    return Log(kind=kind, fetch=fake.fetch, shown=fake.entry_times.stretches, kept_for=kept_for)


def reader_of(log: Log, store: EvidenceStore | None = None) -> PageReader:
    store = store or empty_store()
    return PageReader(
        LogState(log, store),
        store=store,
        concurrency=lambda: 8,
        is_unsteady=lambda: False,
        progress=Silent(),
    )


class FakePortal:
    """As much of a portal as evidence is collected from."""

    def __init__(
        self,
        sign_ins: FakeLog,
        trail: FakeLog | None = None,
        *,
        sign_in_days: int = 180,
        trail_days: int = 180,
    ) -> None:
        self.sign_in_log, self.trail_log = sign_ins, trail or FakeLog(every_hour(30))
        self.kept = Retention(sign_in_days=sign_in_days, trail_days=trail_days)
        self.concurrency = 8
        self.days = 0.0
        self.retries = 0
        self.is_known_to_be_written = True

    @property
    def traffic(self) -> Traffic:
        requests = len(self.sign_in_log.asked) + len(self.trail_log.asked)
        return Traffic(requests=requests, retries=self.retries)

    @property
    def asked_as(self) -> Portal:
        """Itself, where a portal is wanted: nothing else of one is ever called."""
        return cast("Portal", self)

    async def sign_ins(self, query: EventQuery) -> EventPage:
        return await self.sign_in_log.fetch(query)

    async def trail(self, query: EventQuery) -> EventPage:
        return await self.trail_log.fetch(query)

    async def retention(self) -> Retention:
        return self.kept

    def expect_days(self, number: float) -> None:
        self.days = number

    def shown(self, kind: EvidenceKind) -> tuple[Interval, ...]:
        """Show logs that are written at all times."""
        if not self.is_known_to_be_written:
            return ()
        return (Interval(EPOCH, NOW),)


ANN, BEN, CAT = UserId("ann"), UserId("ben"), UserId("cat")
