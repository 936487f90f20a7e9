"""Reading a log that is shorter than earlier readings make it seem."""

import asyncio
from datetime import UTC, datetime, timedelta

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.evidence.reading.request_cost import Search
from lastseen.evidence.reading.stream import read_stream
from lastseen.ledger import Ledger, Reading
from lastseen.model.instant import Instant, Interval
from lastseen.model.progress import Silent
from lastseen.model.sighting import Event, EvidenceKind

NOW = Instant(datetime(2026, 6, 1, 12, tzinfo=UTC))
HOUR = timedelta(hours=1)
ENTRIES = 600
"""One an hour, back from an hour ago."""


def test_a_guess_far_beyond_the_end_of_a_log_finds_back_to_it():
    # Given a stretch that is known, of which an earlier reading counted far too many entries
    known = Interval(Instant(NOW - 300 * HOUR), Instant(NOW - 200 * HOUR))
    reader, asked = _reader(known, counted=50_000)
    # When all the time is to be known, back to before the log begins
    needed = Interval(Instant(NOW - 700 * HOUR), Instant(NOW - 2 * HOUR))
    asyncio.run(_read(reader, needed))
    # Then it is, without asking again and again for what isn't there
    assert reader.state.covered().covers(needed)
    assert len(asked) < 40


def _reader(known, counted):
    """Return a reader of the log, and the list of places that it asks for."""
    events = [
        Event(id=ENTRIES - n, at=NOW - (n + 1) * HOUR, user_id="p", action_id=1029)
        for n in range(ENTRIES)
    ]
    asked = []

    async def fetch(query):
        asked.append(query.start)
        return EventPage(
            query=query,
            events=events[query.start : query.start + query.count],
            sent_at=NOW,
            answered_at=NOW,
            portal_time=NOW,
        )

    store = Ledger.in_memory(clock=lambda: NOW).portal("https://portal.example").evidence
    store.keep(
        Reading(
            kind=EvidenceKind.ACTIVITY,
            user_id=None,
            intervals=(known,),
            sightings=(),
            failures=(),
            unrecognised=(),
            events=counted,
            proof="read before",
            read_at=NOW,
        )
    )
    log = Log(kind=EvidenceKind.ACTIVITY, fetch=fetch, kept_for=timedelta(days=180))
    reader = PageReader(
        LogState(log, store),
        store=store,
        concurrency=lambda: 8,
        is_unsteady=lambda: False,
        progress=Silent(),
    )
    return reader, asked


async def _read(reader, needed):
    reader.search = Search(["nobody"], since=needed.since)
    await reader.take(await reader.state.log.fetch(EventQuery()))
    await read_stream(reader, needed, enough=lambda: False, ahead=lambda: 40)
