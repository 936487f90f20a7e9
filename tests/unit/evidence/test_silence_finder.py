"""A log that stopped being written is noticed before anybody's absence is read from it."""

import asyncio
from datetime import timedelta
from typing import cast

from lastseen.docspace.entry_times import EntryTimes
from lastseen.docspace.interface import EventPage, EventQuery, Portal
from lastseen.evidence.proof.coverage import Coverage, covering
from lastseen.evidence.proof.log_silence import Silence
from lastseen.evidence.reading.shown_entries import LOG_ITSELF
from lastseen.evidence.silence_finder import SilenceFinder, find_silences
from lastseen.ledger import EvidenceStore, Reading
from lastseen.model.instant import Instant, Interval
from lastseen.model.sighting import Event, EvidenceKind
from tests.unit.evidence.fake_log import (
    DAY,
    HOUR,
    NOW,
    FakeLog,
    ago,
    empty_store,
    entry,
    log_of,
    reader_of,
)

LIMIT = 7 * DAY
WINDOW = ago(30 * DAY)
BORN = ago(400 * DAY)
SIGN_IN = EvidenceKind.SIGN_IN


class Shown:
    """A portal of one log, which remembers what its pages have shown."""

    def __init__(self, log: FakeLog) -> None:
        self.log = log
        self.entry_times = EntryTimes()

    async def sign_ins(self, query: EventQuery) -> EventPage:
        page = await self.log.fetch(query)
        self.entry_times.note(page.events)
        return page

    trail = sign_ins

    def shown(self, kind: EvidenceKind) -> tuple[Interval, ...]:
        return self.entry_times.stretches()


def entries(first: timedelta, last: timedelta, step: timedelta = HOUR) -> list[Event]:
    """Return entries from `first` ago back to `last` ago."""
    return [entry(10**6 - n, first + n * step) for n in range(int((last - first) / step) + 1)]


def silence_of(
    log: FakeLog,
    *,
    store: EvidenceStore | None = None,
    filters: bool = True,
    pages: int = 1,
    born: Instant = BORN,
    read: Coverage | None = None,
) -> Silence:
    """Read `pages` of the log, as a review does, and ask for its pauses."""
    portal = Shown(log)
    finder = SilenceFinder(
        SIGN_IN,
        cast("Portal", portal),
        store or empty_store(),
        limit=LIMIT,
        kept_for=timedelta(days=180),
        can_filter=filters,
        read=read,
    )

    async def play() -> Silence:
        for page in range(pages):
            await portal.sign_ins(EventQuery(start=100 * page))
        log.asked.clear()
        found = await find_silences([finder], window=WINDOW, born=born, now=NOW)
        return found[SIGN_IN]

    return asyncio.run(play())


def read_since(since: Instant, until: Instant = NOW) -> EvidenceStore:
    """Return a ledger that knows the whole log since then."""
    store = empty_store()
    reading = Reading(
        kind=SIGN_IN,
        user_id=None,
        intervals=(Interval(since, until),),
        sightings=(),
        failures=(),
        unrecognised=(),
        events=0,
        proof="read",
        read_at=NOW,
    )
    store.keep(reading)
    return store


def test_what_a_run_has_read_counts_though_another_run_dropped_it_from_the_ledger():
    # Given a log without an entry, and a ledger that another review has made to begin anew
    store = read_since(ago(HOUR))
    found = silence_of(
        FakeLog([]), store=store, filters=False, read=covering([Interval(WINDOW, NOW)])
    )
    assert found.since == WINDOW


def test_a_log_that_is_written_every_hour_is_not_silent():
    assert silence_of(FakeLog(entries(HOUR, 60 * DAY))) == Silence()


def test_a_log_that_stopped_is_silent_since_its_last_entry():
    found = silence_of(FakeLog(entries(9 * DAY, 90 * DAY)))

    assert found.since is not None
    assert abs(found.since - ago(9 * DAY)) <= timedelta(minutes=1)


def test_a_pause_inside_the_window_is_found_though_no_page_showed_it():
    # Given a log that stood still for ten days, long before the newest page
    log = FakeLog([*entries(HOUR, 10 * DAY), *entries(20 * DAY, 90 * DAY)])

    (pause,) = silence_of(log).pauses

    assert pause.since <= ago(19 * DAY)
    assert pause.until >= ago(11 * DAY)


def test_a_weekend_and_a_week_of_holidays_are_no_silence():
    log = FakeLog([*entries(HOUR, 8 * DAY), *entries(14 * DAY, 90 * DAY)])

    assert silence_of(log) == Silence()


def test_on_a_portal_whose_people_come_once_a_week_ten_days_are_usual():
    assert silence_of(FakeLog(entries(6 * DAY, 300 * DAY, 6 * DAY))).since is None


def test_an_empty_log_is_no_proof_that_anybody_was_away():
    found = silence_of(FakeLog([]))

    assert found.since is not None
    assert found.since <= WINDOW


def test_where_filters_do_not_work_nothing_is_asked_for_by_time():
    log = FakeLog(entries(HOUR, 90 * DAY), "ignored")

    silence_of(log, filters=False, store=read_since(WINDOW), pages=9)

    assert log.asked == []


def test_entries_from_outside_the_stretch_asked_for_prove_nothing_about_it():
    # Given a portal that was taken to filter, and brings its newest entries whatever is asked
    log = FakeLog(entries(HOUR, 5 * DAY), "ignored")
    store = empty_store()

    silence_of(log, store=store)

    assert all(row.interval.since > ago(10 * DAY) for row in store.coverage(SIGN_IN, LOG_ITSELF))


STOPPED = [*entries(HOUR, 2 * DAY), *entries(35 * DAY, 90 * DAY)]
"""A log that stood still from before the window's edge until two days ago."""


def is_told(found: Silence) -> bool:
    """Say whether the time without entries is told as a pause, from the window's edge on."""
    return any(p.since <= WINDOW and p.until >= ago(3 * DAY) for p in found.pauses)


def test_a_log_that_stopped_before_the_window_and_runs_again_has_a_pause():
    assert is_told(silence_of(FakeLog(STOPPED)))


def test_a_pause_is_found_though_nobody_on_the_roster_is_older_than_it():
    assert is_told(silence_of(FakeLog(STOPPED), born=ago(32 * DAY)))


def test_a_pause_is_found_where_a_page_ends_with_the_last_entry_before_it():
    # Given that the log is known back to that entry, whose own second stays open
    last = Instant(ago(35 * DAY) + timedelta(seconds=1))
    log = FakeLog([*entries(HOUR, 2 * DAY, HOUR / 2), *entries(35 * DAY, 90 * DAY)])

    assert is_told(silence_of(log, store=read_since(last), filters=False))


def test_a_log_is_not_called_silent_where_a_review_that_decided_nothing_had_read_it():
    # Given reviews that read and kept their pages, of which some never asked for pauses
    log = FakeLog(entries(HOUR, 100 * DAY))
    store = empty_store()
    earlier = FakeLog([e for e in log.events if e.at < ago(20 * DAY)])
    silence_of(earlier, store=store, pages=9)
    reader = reader_of(log_of(log), store)

    async def read() -> None:
        for page in range(6):
            await reader.page(99 * page)
        reader.write()

    asyncio.run(read())

    # When a later one reads the newest page only
    assert silence_of(log, store=store, filters=False) == Silence()


def test_asking_costs_about_a_request_a_week_and_the_ledger_saves_it_next_time():
    log = FakeLog(entries(HOUR, 200 * DAY))
    store = empty_store()

    silence_of(log, store=store)
    first = len(log.asked)
    silence_of(log, store=store)

    assert 0 < first <= 8
    assert log.asked == []


def test_what_is_kept_of_the_log_itself_covers_no_person():
    store = empty_store()

    silence_of(FakeLog(entries(HOUR, 90 * DAY)), store=store)

    assert store.coverage(SIGN_IN) == ()
    assert store.coverage_of_people(SIGN_IN).keys() == {LOG_ITSELF}
    assert store.newest_sightings(SIGN_IN) == {}


def known_until(stop: timedelta) -> EvidenceStore:
    """Return a ledger that knows of entries up to `stop` ago, and of none since."""
    store = empty_store()
    silence_of(FakeLog(entries(stop, 200 * DAY)), store=store)
    return store


def test_a_log_that_no_page_of_this_run_showed_is_not_silent_for_that():
    # Given a log that does not count: only earlier runs, weeks ago, asked for its entries
    log = FakeLog(entries(HOUR, 200 * DAY))

    assert silence_of(log, store=known_until(20 * DAY), pages=0) == Silence()


def test_nor_is_one_whose_pages_earlier_runs_have_read():
    log, store = FakeLog(entries(HOUR, 200 * DAY)), read_since(WINDOW, ago(20 * DAY))

    assert silence_of(log, store=store, pages=0) == Silence()


def test_a_log_that_no_page_of_this_run_showed_is_silent_where_it_has_stopped():
    log = FakeLog(entries(9 * DAY, 200 * DAY))

    assert silence_of(log, store=known_until(20 * DAY), pages=0).since is not None


def test_asking_makes_no_log_seem_written_for_longer_than_it_was():
    # Given a log that stopped lately: too short a time ago to be called silent
    store = empty_store()

    silence_of(FakeLog(entries(6 * DAY + HOUR, 200 * DAY)), store=store, pages=0)

    newest = max(row.interval.until for row in store.coverage(SIGN_IN, LOG_ITSELF))
    assert newest <= ago(6 * DAY)
