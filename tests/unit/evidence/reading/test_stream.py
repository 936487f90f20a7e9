"""Reading a log until enough is proven: how far, how often, and when it is another log."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.evidence.reading.request_cost import Search
from lastseen.evidence.reading.stream import ATTEMPTS, is_longer_than, read_stream
from lastseen.ledger import Ledger, Reading
from lastseen.model.errors import PortalRefused
from lastseen.model.instant import Instant, Interval
from lastseen.model.progress import Silent
from lastseen.model.sighting import Event, EvidenceKind
from tests.unit.evidence import fake_log
from tests.unit.evidence.fake_log import FakeLog, empty_store, every_hour, log_of, lost, reader_of

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
    """Return a reader of the log, and the list of offsets that it asks for."""
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
    log = Log(kind=EvidenceKind.ACTIVITY, fetch=fetch, shown=tuple, kept_for=timedelta(days=180))
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


def streamed(reader, needed, *, enough=lambda: False):
    """Read `needed` after the newest page; return whether it is the log of earlier runs."""

    async def play():
        await reader.page(0)
        return await read_stream(reader, needed, enough=enough, ahead=lambda: 8)

    return asyncio.run(play())


def since(days):
    """Return the time from so many days ago to where the newest page is complete."""
    return Interval(fake_log.ago(days * fake_log.DAY), fake_log.ago(fake_log.HOUR / 60))


def test_reading_ends_once_everything_is_proven():
    fake = FakeLog(every_hour(2_000))
    reader = reader_of(log_of(fake))

    assert streamed(reader, since(30))

    assert reader.state.covers(since(30))
    assert len(fake.asked) <= 30 * 24 / 99 + 8


def test_reading_ends_once_it_is_enough():
    fake = FakeLog(every_hour(5_000))
    reader = reader_of(log_of(fake))

    streamed(reader, since(180), enough=lambda: len(fake.asked) >= 5)

    assert len(fake.asked) <= 5 + 8
    assert not reader.broken


def test_what_was_read_is_kept_although_the_reading_broke():
    fake, store = FakeLog(every_hour(2_000)), empty_store()
    fake.altering = lambda query, events: events if query.start < 400 else lost(query, events)
    reader = reader_of(log_of(fake), store)

    streamed(reader, since(80))

    assert reader.broken is not None
    covered = store.coverage(EvidenceKind.SIGN_IN)[-1]
    assert covered.interval.since < fake_log.ago(10 * fake_log.DAY)
    assert not reader.state.covers(since(80))


def test_a_stretch_that_cannot_be_proven_is_given_up_and_never_taken_as_known():
    # Given a portal that cuts older pages short, each time at another entry
    fake = FakeLog(every_hour(400))
    fake.altering = lambda query, events: (
        events[: 20 + len(fake.asked) * 7 % 61] if query.start > 120 else events
    )
    reader = reader_of(log_of(fake))

    streamed(reader, since(12))

    assert not reader.state.covers(since(12))
    assert len(fake.asked) < 40 * ATTEMPTS


def test_a_missing_right_ends_the_run():
    fake = FakeLog(every_hour(2_000))

    def refused(query, events):
        if query.start > 200:
            raise PortalRefused(attempted="", found="", meaning="", remedy="", status=403)
        return events

    fake.altering = refused

    with pytest.raises(PortalRefused):
        streamed(reader_of(log_of(fake)), since(60))


def test_what_an_earlier_run_proved_of_another_log_is_forgotten_and_read_again():
    # Given a ledger that knows twenty days of a log
    store = empty_store()
    streamed(reader_of(log_of(FakeLog(every_hour(1_000))), store), since(20))
    other = FakeLog([Event(id=e.id + 7, at=e.at, user_id="ben") for e in every_hour(1_000)])
    # When the same address answers with another one
    reader = reader_of(log_of(other), store)
    is_same = streamed(reader, since(20))
    # Then nothing rests on the old one
    assert not is_same
    assert reader.state.proven().covers(since(20))


def test_a_log_that_broke_is_not_called_another_one():
    store = empty_store()
    streamed(reader_of(log_of(FakeLog(every_hour(1_000))), store), since(20))
    broken = FakeLog([Event(id=e.id + 7, at=e.at, user_id="ben") for e in every_hour(1_000)])
    broken.altering = lost

    assert streamed(reader_of(log_of(broken), store), since(20))
    assert store.coverage(EvidenceKind.SIGN_IN)


@pytest.mark.parametrize(("pages", "longer"), [(3, True), (30, False)])
def test_one_request_tells_whether_a_log_is_longer_than_so_many_pages(pages, longer):
    # Given twenty days of an entry an hour, of which the newest page is read: four more pages
    fake = FakeLog(every_hour(5_000))
    reader = reader_of(log_of(fake))
    asyncio.run(reader.page(0))
    fake.asked.clear()

    assert asyncio.run(is_longer_than(reader, pages, since(20))) is longer

    assert len(fake.asked) == 1


def test_a_log_without_a_gap_is_no_longer_than_it_is_known():
    fake = FakeLog(every_hour(5_000))
    reader = reader_of(log_of(fake))
    streamed(reader, since(5))
    fake.asked.clear()

    assert not asyncio.run(is_longer_than(reader, 0, since(5)))
    assert fake.asked == []


def test_a_log_that_ends_before_is_not_longer():
    reader = reader_of(log_of(FakeLog(every_hour(120))))
    asyncio.run(reader.page(0))

    assert not asyncio.run(is_longer_than(reader, 5, since(170)))


@pytest.mark.parametrize(("pages", "longer"), [(1, True), (50, False)])
def test_where_the_question_gets_lost_an_estimate_answers(pages, longer):
    fake = FakeLog(every_hour(5_000))
    reader = reader_of(log_of(fake))
    asyncio.run(reader.page(0))
    fake.altering = lost

    assert asyncio.run(is_longer_than(reader, pages, since(20))) is longer
