"""Reading a log that is shorter than earlier readings make it seem."""

import asyncio
from datetime import UTC, datetime, timedelta

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.actions import EventAccumulator
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.request_cost import Search
from lastseen.evidence.reading.stream import Stream
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
    stream, asked = _stream(known, counted=50_000)
    # When all the time is to be known, back to before the log begins
    needed = Interval(Instant(NOW - 700 * HOUR), Instant(NOW - 2 * HOUR))
    asyncio.run(_read(stream, needed))
    # Then it is, without asking again and again for what isn't there
    assert stream.covered().covers(needed)
    assert len(asked) < 40


def _stream(known, counted):
    """Return a stream over the log, and the list of places that it asks for."""
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
    stream = Stream(
        log,
        store=store,
        accumulator=EventAccumulator(EvidenceKind.ACTIVITY),
        concurrency=lambda: 8,
        is_unsteady=lambda: False,
        progress=Silent(),
    )
    return stream, asked


async def _read(stream, needed):
    stream.search = Search(["nobody"], since=needed.since)
    await stream.take(await stream.log.fetch(EventQuery()))
    await stream.read(needed, enough=lambda: False, ahead=lambda: 40)
