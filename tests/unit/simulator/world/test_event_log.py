"""The sorted log of the simulator: pages, filters, and order among equal seconds."""

import random
from array import array
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lastseen.simulator.world.event_log import EventColumns, EventLog


def log(*events):
    """A log of (second, actor, action), in the order of their seconds."""
    ordered = sorted(events, key=lambda event: event[0])
    columns = EventColumns(
        seconds=array("q", [event[0] for event in ordered]),
        actors=array("i", [event[1] for event in ordered]),
        actions=array("i", [event[2] for event in ordered]),
        ids=array("q", range(1, len(ordered) + 1)),
    )
    return EventLog(columns, random.Random(1))


EVENTS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(1000, 1002)), max_size=60
)


@given(EVENTS, st.integers(0, 70), st.integers(1, 70))
def test_a_page_holds_the_seconds_that_a_sorted_list_has_there(events, start, count):
    asked = log(*events)
    page = asked.page(start, count)
    expected = sorted((event[0] for event in events), reverse=True)[start : start + count]
    assert [asked.columns.seconds[position] for position in page] == expected
    assert len(set(page)) == len(page)


@given(EVENTS, st.integers(0, 70), st.integers(1, 70), st.sets(st.integers(0, 3), max_size=2))
def test_a_filtered_page_is_a_page_of_what_matches(events, start, count, actors):
    asked = log(*events)
    matching = asked.matching(actors=actors, actions={1000, 1002}, since=3, until=15)
    page = asked.filtered_page(start, count, positions=matching)
    kept = [
        second
        for second, actor, action in events
        if actor in actors and action in {1000, 1002} and 3 <= second <= 15
    ]
    assert [asked.columns.seconds[position] for position in page] == sorted(kept, reverse=True)[
        start : start + count
    ]


@given(EVENTS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=10))
def test_inserted_events_are_found_as_if_they_had_always_been_there(events, more):
    asked = log(*events)
    asked.matching(actors=[1], actions=[1000])
    for second, actor in more:
        asked.insert(second, actor, 1000)
    together = [*events, *((second, actor, 1000) for second, actor in more)]
    for actor in range(4):
        positions = asked.matching(actors=[actor])
        found = Counter(asked.columns.seconds[position] for position in positions)
        assert found == Counter(event[0] for event in together if event[1] == actor)
    assert list(asked.columns.seconds) == sorted(event[0] for event in together)


@given(EVENTS, st.integers(0, 20))
def test_what_was_forgotten_is_on_no_page_and_matches_nothing(events, second):
    asked = log(*events)
    asked.forget_before(second)
    kept = sorted((event[0] for event in events if event[0] >= second), reverse=True)
    assert [asked.columns.seconds[position] for position in asked.page(0, 100)] == kept
    assert len(asked.matching(actions=[1000, 1001, 1002])) == len(asked) == len(kept)


def test_every_order_of_equal_seconds_is_possible():
    asked = log((5, 0, 1000), (5, 1, 1000), (5, 2, 1000))
    orders = Counter(tuple(asked.page(0, 3)) for _ in range(600))
    assert len(orders) == 6
    assert min(orders.values()) > 50


def test_a_page_that_cuts_equal_seconds_draws_evenly_from_all_of_them():
    asked = log(*((5, actor, 1000) for actor in range(10)), (9, 0, 1000), (1, 0, 1000))
    drawn = Counter(position for _ in range(1000) for position in asked.page(1, 3))
    assert set(drawn) == set(range(1, 11))
    assert max(drawn.values()) < 2 * min(drawn.values())


def test_ids_of_inserted_events_are_the_newest():
    asked = log((1, 0, 1000), (9, 0, 1000))
    assert asked.insert(5, 0, 1000) == 3
    assert list(asked.columns.ids) == [1, 3, 2]
