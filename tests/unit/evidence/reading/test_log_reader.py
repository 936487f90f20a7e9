"""Finding people in a log, against an oracle that knows where in it everyone is."""

import asyncio
import random
from bisect import bisect_left
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lastseen.docspace.interface import EventQuery
from lastseen.evidence.proof.quorum import agreeing_on_nothing
from lastseen.evidence.reading.canary import Canary
from lastseen.evidence.reading.log_reader import LogReader
from lastseen.model.contractor import UserId
from lastseen.model.instant import after
from lastseen.model.progress import Silent
from lastseen.model.sighting import Event
from tests.unit.evidence.fake_log import (
    DAY,
    HOUR,
    FakeLog,
    FakePortal,
    ago,
    empty_store,
    entry,
    every_hour,
    log_of,
)

WINDOW, LOOKBACK = ago(30 * DAY), ago(180 * DAY)
MOST_WORSE = 1.25
"""How many times the fewest possible requests finding and dating people may take."""
BESIDE = 14
"""And requests beside that, however small the portal: pages that overlap and those under way when
a stream is left, and the canary."""


def opened(fake, store=None, *, can_ask=True):
    """Return a reader that has taken the newest page, with its portal."""
    portal = FakePortal(fake)
    reader = LogReader(
        log_of(fake),
        portal.asked_as,
        store=store or empty_store(),
        nothing_after=None,
        is_unsteady=lambda: False,
        progress=Silent(),
    )
    newest = asyncio.run(fake.fetch(EventQuery()))
    asyncio.run(reader.take_newest(newest, is_all=False))
    if can_ask:
        reader.allow_asking(Canary(log_of(fake), newest, reader.state.sightings))
    fake.asked.clear()
    return reader


def found_and_dated(reader, people):
    """Find people in the window, and date those who are not; return the latter."""
    asyncio.run(reader.find(dict.fromkeys(people, WINDOW), dates_follow=True))
    absent = [p for p in people if not reader.state.is_seen_since(p, WINDOW)]
    furthest = max(LOOKBACK, reader.begins)
    seen = reader.state.sightings
    wanted = {
        p: max(furthest, after(seen[p].at, 1 * HOUR / 3600)) if p in seen else furthest
        for p in absent
    }
    asyncio.run(reader.find_dates(wanted, most_requests=10**6))
    return absent


def fewest(events, people):
    """Return the fewest requests that show who was there in the window, and when the others were.

    So many pages from the newest on, then one request for each person not met or dated on them; an
    empty answer has to be confirmed as often as the rule of proof demands.
    """
    moments = [event.at for event in events]
    newest: dict[str, int] = {}
    for offset, event in enumerate(events):
        newest.setdefault(event.user_id, offset)
    edge = sum(1 for moment in moments if moment >= WINDOW)
    depth = sum(1 for moment in moments if moment >= LOOKBACK)
    offsets = sorted(newest.get(who, depth) for who in people)
    empty = sum(1 for offset in offsets if offset >= depth)
    met = bisect_left(offsets, edge)
    best = -(-(depth if empty else 1 + offsets[-1]) // 100)
    for read in range(best):
        # Before the window's edge whoever is not met is asked about; behind it for the date.
        left = len(offsets) - bisect_left(offsets, read * 100)
        if left == len(offsets) - met and read * 100 < edge:
            left = len(offsets) - met
        nothing = min(empty, left)
        agreeing = agreeing_on_nothing(left - nothing, unsteady=False)
        best = min(best, read + left + nothing * (agreeing - 1))
    return max(1, best)


portals = st.tuples(
    st.integers(1, 200),
    st.integers(200, 2_500),
    st.lists(st.sampled_from([0.0, 0.002, 0.05, 1.0]), min_size=1, max_size=4),
    st.sampled_from([0, 40, 120]),
    st.integers(3, 30),
    st.integers(0, 10_000),
)
"""People, entries, how often people come, for how many days most have not, staff, a seed."""


def built(people, entries, rates, gone_days, staff_count, seed):
    """Return people, some of whom come often, some seldom, some never, and half a year's entries.

    Staff come daily.
    """
    chance = random.Random(seed)
    ids = [UserId(f"p{n}") for n in range(people)]
    staff = [UserId(f"staff{n}") for n in range(staff_count)]
    weights = [1.0] * len(staff) + [rates[n % len(rates)] for n in range(people)]
    who = chance.choices(staff + ids, weights, k=entries)
    moments = sorted(int(chance.uniform(60, 179 * 86_400)) for _ in range(entries))
    return ids, [
        entry(entries - n, second * HOUR / 3600, person)
        for n, (second, person) in enumerate(zip(moments, who, strict=True))
        if person in staff or n % 3 or second > gone_days * 86_400
    ]


@settings(max_examples=40, deadline=None)
@given(portals)
def test_no_way_costs_much_more_than_the_fewest_possible_requests_dates_included(portal):
    people, events = built(*portal)
    fake = FakeLog(events)
    reader = opened(fake)
    found_and_dated(reader, people)
    assert len(fake.asked) <= MOST_WORSE * fewest(fake.events, people) + BESIDE


@settings(max_examples=40, deadline=None)
@given(portals, st.booleans())
@example((65, 690, [1.0], 40, 6, 0), False)  # met on a page read ahead, before a newer one
def test_anyone_who_is_in_the_log_is_found_and_anyone_who_is_not_is_proven_absent(portal, can_ask):
    people, events = built(*portal)
    reader = opened(FakeLog(events), can_ask=can_ask)
    found_and_dated(reader, people)
    last: dict[str, datetime] = {}
    for event in events:
        last[event.user_id] = max(event.at, last.get(event.user_id, event.at))
    for who in people:
        seen = reader.state.sightings.get(who)
        if who in last and last[who] >= reader.begins:
            assert seen is not None
            assert seen.at == last[who]
        else:
            assert reader.state.is_proven_since(who, reader.begins)


def test_dates_stop_at_the_requests_that_they_may_take():
    fake = FakeLog(every_hour(4_000))
    reader = opened(fake, can_ask=False)
    asyncio.run(reader.find({UserId("ann"): WINDOW}, dates_follow=True))
    fake.asked.clear()
    asyncio.run(reader.find_dates({UserId("ann"): ago(160 * DAY)}, most_requests=10))
    assert 5 <= len(fake.asked) <= 11
    # What was read counts without a gap, and the next reading goes on from there
    reached = reader.state.proven_since(UserId("ann"))
    assert reached is not None
    assert reached < ago(50 * DAY)
    asyncio.run(reader.find_dates({UserId("ann"): ago(160 * DAY)}, most_requests=100))
    assert reader.state.is_proven_since(UserId("ann"), ago(160 * DAY))
    assert len(fake.asked) < 45


def test_no_more_people_are_dated_than_can_be_asked_about():
    # Given fewer people than the log has pages
    people = [UserId(f"p{n}") for n in range(20)]
    long_ago = [entry(n, 100 * DAY + n * HOUR, who) for n, who in enumerate(people)]
    fake = FakeLog([entry(99, 5 * HOUR, "witness"), *every_hour(4_000), *long_ago])
    reader = opened(fake)
    asyncio.run(reader.find_dates(dict.fromkeys(people, ago(170 * DAY)), most_requests=20))
    assert 0 < len(fake.asked) <= 20
    assert 0 < sum(1 for who in people if who in reader.state.sightings) < len(people)


def test_the_stream_is_not_read_on_for_somebody_whom_it_cannot_prove():
    # Given a log that is kept for less than the window
    fake = FakeLog(every_hour(240))
    portal = FakePortal(fake)
    reader = LogReader(
        log_of(fake, kept_for=10 * DAY),
        portal.asked_as,
        store=empty_store(),
        nothing_after=None,
        is_unsteady=lambda: False,
        progress=Silent(),
    )
    newest = asyncio.run(fake.fetch(EventQuery()))
    asyncio.run(reader.take_newest(newest, is_all=False))
    asyncio.run(reader.find({UserId("nobody"): WINDOW}, dates_follow=False))
    # Then it is read as far back as it goes, once
    assert len(fake.asked) <= 8
    assert not reader.state.is_proven_since(UserId("nobody"), WINDOW)


def test_a_log_that_is_another_one_than_before_is_noticed():
    store = empty_store()
    first = opened(FakeLog(every_hour(300, "ann")), store, can_ask=False)
    asyncio.run(first.find({UserId("nobody"): ago(5 * DAY)}, dates_follow=False))
    assert not first.is_another_history
    other = FakeLog([Event(id=e.id + 7, at=e.at, user_id="ben") for e in every_hour(300)])
    second = opened(other, store, can_ask=False)
    asyncio.run(second.find({UserId("nobody"): ago(5 * DAY)}, dates_follow=False))
    assert second.is_another_history


@pytest.mark.parametrize("can_ask", [True, False])
def test_what_is_known_is_not_asked_for_again(can_ask):
    store = empty_store()
    fake = FakeLog([*every_hour(1_500), entry(1, 40 * DAY, "ann"), entry(2, 3 * DAY, "ben")])
    people = {UserId(who): WINDOW for who in ("ann", "ben", "nobody")}
    asyncio.run(opened(fake, store, can_ask=can_ask).find(people, dates_follow=False))
    again = opened(fake, store, can_ask=can_ask)
    asyncio.run(again.find(people, dates_follow=False))
    assert len(fake.asked) <= 1
    assert again.state.is_proven_since(UserId("nobody"), WINDOW)


@pytest.mark.parametrize("newer", [80, 300, 1_500, 6_000])
@pytest.mark.parametrize("older", [30, 400, 3_000])
def test_a_log_is_still_the_same_where_its_traffic_has_changed_a_lot(older, newer):
    # Given a log whose newest known entry lies far below what came since, in bursts
    store, seen = empty_store(), 20 * DAY
    before = [entry(100_000 - n, seen + n * HOUR / 4, "ann") for n in range(older)]
    first = opened(FakeLog(before), store, can_ask=False)
    asyncio.run(first.find({UserId("nobody"): ago(seen + DAY)}, dates_follow=False))
    burst = [entry(300_000 - n, HOUR + n * HOUR / 60, "ben") for n in range(newer)]
    rest = [entry(200_000 - n, 19 * DAY + n * HOUR / 120, "cy") for n in range(newer)]
    second = opened(FakeLog([*before, *burst, *rest]), store, can_ask=False)
    # When a reading needs nothing but what is newest
    asyncio.run(second.find({UserId("nobody"): ago(HOUR / 2)}, dates_follow=False))
    assert not second.is_another_history
