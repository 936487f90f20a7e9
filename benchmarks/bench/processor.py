"""What proving and keeping cost beside plain decoding, without HTTP: processor time alone.

The plain side decodes the same pages with msgspec, as any program would that knows nothing of them,
and writes what Lastseen keeps of them with one `executemany` a table, in one transaction, into a
new ledger: the same tables, with their index and their settings. A second figure holds Lastseen
against a plain side that knows which fields it wants. Python looks for cycles of objects as seldom
on both sides as in the command.
"""

import asyncio
import gc
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec

from benchmarks.bench.table import Row
from lastseen.cli.main import COLLECTIONS
from lastseen.docspace.audit import SIGN_INS_PATH, read_events
from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.evidence.reading.request_cost import Search
from lastseen.evidence.reading.stream import read_stream
from lastseen.ledger import open_ledger
from lastseen.model.instant import before, system_clock, whole_second
from lastseen.model.progress import Silent
from lastseen.model.sighting import Event, EvidenceKind
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.clock import system_clock as portal_clock
from testing.worlds import company, scenario

MOST_RATIO = 1.5
WINDOW = timedelta(days=30)
_RUNS = 3


class _Page(msgspec.Struct):
    """A page of which only the fields that Lastseen keeps are decoded."""

    response: list[Event]


_Decode = Callable[[bytes], object]

_fields_wanted: _Decode = msgspec.json.Decoder(_Page).decode


def proven_against_plain(contractors: int) -> list[Row]:
    """Measure the ratio on a portal with 30 sign-ins a contractor in the window."""
    book = _Book(contractors)
    with _undisturbed():
        ours, kept = min((_proven(book) for _ in range(_RUNS + 1)), key=lambda run: run[0])
        plain = min(_plain(book, kept, msgspec.json.decode) for _ in range(_RUNS))
        spare = min(_plain(book, kept, _fields_wanted) for _ in range(_RUNS))
    ratio = ours / plain
    return [
        Row(
            figure=f"processor time for each 1,000 of {book.events:,} entries, HTTP apart: "
            "decoded, proven and stored ÷ plain decoding and one executemany",
            measured=f"{ratio:.2f} ({book.each(ours):.2f} ÷ {book.each(plain):.2f} ms)",
            goal=f"≤ {MOST_RATIO}",
            met=ratio <= MOST_RATIO,
        ),
        Row(
            figure="the same ÷ decoding nothing but the five fields kept, and one executemany",
            measured=f"{ours / spare:.2f} ({book.each(ours):.2f} ÷ {book.each(spare):.2f} ms)",
        ),
    ]


@contextmanager
def _undisturbed() -> Iterator[None]:
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()  # the portal is in this process, and none of the work measured
    gc.set_threshold(*COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Book:
    """The pages of a portal's sign-in log, fetched once and then only looked up."""

    def __init__(self, contractors: int) -> None:
        self.now = system_clock()
        world = scenario(company(contractors), self.now.timestamp())
        self.portal = SimulatedPortal(world, clock=portal_clock)
        self.people = [p.id for p in self.portal.world.people.values() if p.is_guest]
        self.since = before(self.now, WINDOW)
        self.pages: dict[int, bytes] = {}
        self.events = 0
        self.fetching = 0.0

    def each(self, seconds: float) -> float:
        """Return the milliseconds for each thousand entries."""
        return seconds * 1e6 / self.events

    async def fetch(self, query: EventQuery) -> EventPage:
        """Return a page, as the client would, at once."""
        return EventPage(
            query=query,
            events=read_events(self._body(query)),
            sent_at=self.now,
            answered_at=self.now,
            portal_time=whole_second(self.now),
        )

    def _body(self, query: EventQuery) -> bytes:
        if query.start not in self.pages:
            began = time.process_time()
            self.pages[query.start] = self.portal.respond(
                "GET",
                SIGN_INS_PATH,
                query={"startIndex": str(query.start), "count": str(query.count)},
                headers={"Authorization": f"Bearer {self.portal.api_key}", "Host": "portal"},
            ).body
            self.fetching += time.process_time() - began
        return self.pages[query.start]


_Kept = dict[str, list[tuple[object, ...]]]
"""What was kept: rows, by table."""


def _proven(book: _Book) -> tuple[float, _Kept]:
    """Read the log as Lastseen does; returns the seconds that took and what was kept."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite3"
        with open_ledger(f"sqlite:///{file}", clock=system_clock) as ledger:
            store = ledger.portal("https://portal.example").evidence
            log = Log(
                kind=EvidenceKind.SIGN_IN,
                fetch=book.fetch,
                shown=tuple,
                kept_for=timedelta(days=180),
            )
            reader = PageReader(
                LogState(log, store),
                store=store,
                concurrency=lambda: 40,
                is_unsteady=lambda: False,
                progress=Silent(),
            )
            seconds = _timed(lambda: asyncio.run(_read(book, reader)), book)
            book.events = reader.state.accumulator.events
        database = sqlite3.connect(file)
        kept = {
            table: database.execute(f"select * from {table}").fetchall()
            for table in ("sightings", "failures")
        }
        database.close()
    return seconds, kept


async def _read(book: _Book, reader: PageReader) -> None:
    search = reader.search = Search(book.people, since=book.since)
    await reader.take(await book.fetch(EventQuery()))
    needed = reader.state.needed(book.since)
    await read_stream(reader, needed, enough=lambda: not search.missing, ahead=search.pages_ahead)
    if not reader.state.covers(needed):
        raise RuntimeError("the reading was not proven")


def _timed(work: Callable[[], None], book: _Book) -> float:
    book.fetching = 0.0
    began = time.process_time()
    work()
    return time.process_time() - began - book.fetching


def _plain(book: _Book, kept: _Kept, decode: _Decode) -> float:
    """Decode the same pages and write the same rows; returns the seconds that took."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plain.sqlite3"
        with open_ledger(f"sqlite:///{file}", clock=system_clock) as ledger:
            _ = ledger.portal("https://portal.example").evidence.coverage(EvidenceKind.SIGN_IN)
        database = sqlite3.connect(file)
        for setting in ("foreign_keys = on", "synchronous = normal"):
            database.execute(f"pragma {setting}")
        began = time.process_time()
        for body in book.pages.values():
            decode(body)
        with database:
            for table, rows in kept.items():
                if rows:
                    places = ",".join("?" * len(rows[0]))
                    database.executemany(f"insert into {table} values ({places})", rows)
        seconds = time.process_time() - began
        database.close()
    return seconds
