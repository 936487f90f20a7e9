"""That a log is being written is kept beside what it shows, and is evidence about nobody."""

import asyncio

from lastseen.evidence.reading.shown_entries import LOG_ITSELF, shown_entries
from lastseen.model.instant import Interval
from lastseen.model.sighting import EvidenceKind
from tests.unit.evidence.fake_log import (
    DAY,
    HOUR,
    NOW,
    FakeLog,
    ago,
    empty_store,
    entry,
    every_hour,
    log_of,
    reader_of,
)

SIGN_IN = EvidenceKind.SIGN_IN


def test_it_says_nothing_about_anybody():
    store = empty_store()

    store.keep(shown_entries(SIGN_IN, [Interval(ago(9 * DAY), ago(DAY))], NOW))

    assert store.coverage(SIGN_IN) == ()
    assert store.newest_sightings(SIGN_IN) == {}
    assert store.coverage_of_people(SIGN_IN).keys() == {LOG_ITSELF}


def test_every_page_that_is_written_down_says_when_the_log_was_written():
    # Given a log with a pause of five days behind its newest entries
    store = empty_store()
    old = [entry(n, 8 * DAY - n * HOUR) for n in range(1, 60)]
    reader = reader_of(log_of(FakeLog([*every_hour(40), *old])), store)

    asyncio.run(reader.page(0))
    reader.write()

    older, newer = store.coverage(SIGN_IN, LOG_ITSELF)
    assert older.interval.until < ago(5 * DAY)
    assert ago(2 * DAY) < newer.interval.since
    assert newer.interval.until > ago(2 * HOUR)


def test_stretches_of_several_readings_become_one():
    store = empty_store()
    fake = FakeLog(every_hour(300))
    for offset in (0, 99, 198):
        reader = reader_of(log_of(fake), store)
        asyncio.run(reader.page(offset))
        reader.write()

    (stretch,) = store.coverage(SIGN_IN, LOG_ITSELF)
    assert stretch.interval.since < ago(12 * DAY)
