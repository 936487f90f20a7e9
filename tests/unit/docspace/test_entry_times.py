"""When a log shows entries: no time without an entry is ever taken for one with."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lastseen.docspace.entry_times import GRAIN, EntryTimes
from lastseen.model.instant import Instant
from lastseen.model.sighting import Event
from tests.unit.docspace.scripted import NOW

HOUR = timedelta(hours=1)


def page(*ages: timedelta) -> list[Event]:
    return [
        Event(id=10_000 - n, at=Instant(NOW - age), user_id="p", action_id=1000)
        for n, age in enumerate(sorted(ages))
    ]


def test_a_page_without_entries_shows_nothing():
    entry_times = EntryTimes()
    entry_times.note([])

    assert entry_times.stretches() == ()


def test_a_single_entry_shows_its_own_second():
    entry_times = EntryTimes()
    entry_times.note(page(HOUR))

    (stretch,) = entry_times.stretches()
    assert stretch.since == NOW - HOUR
    assert stretch.until - stretch.since == timedelta(seconds=1)


def test_a_pause_of_more_than_a_day_is_between_two_stretches():
    entry_times = EntryTimes()
    entry_times.note(page(HOUR, 2 * HOUR, 80 * HOUR, 90 * HOUR))

    newer, older = entry_times.stretches()
    assert (newer.since, older.until) == (NOW - 2 * HOUR, NOW - 80 * HOUR + timedelta(seconds=1))


@given(st.lists(st.integers(0, 60 * 24), min_size=1, max_size=80), st.integers(1, 80))
def test_every_entry_is_in_a_stretch_and_no_longer_pause_is(hours, cut):
    # Given the entries in two pages that overlap, as pages of a log do
    events = page(*(n * HOUR for n in hours))
    entry_times = EntryTimes()
    entry_times.note(events[:cut])
    entry_times.note(events[max(0, cut - 1) :])

    stretches = entry_times.stretches()

    moments = [event.at for event in events]
    assert all(any(s.since <= at < s.until for s in stretches) for at in moments)
    for stretch in stretches:
        inside = sorted(at for at in moments if stretch.since <= at < stretch.until)
        assert (inside[0], inside[-1]) == (stretch.since, stretch.until - timedelta(seconds=1))
        assert all(b - a <= GRAIN for a, b in pairwise(inside))
