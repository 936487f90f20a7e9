"""Choosing between a stream and single questions, against an oracle that knows what comes."""

import random

from hypothesis import given
from hypothesis import strategies as st

from lastseen.evidence.planning import (
    PAGE,
    Watch,
    as_stream,
    pages_ahead_of_leaving,
    pays_no_longer,
)

MOST_WORSE = 1.2
"""How many times the fewest possible requests the planner may take, on any steady portal."""
MOST_LOST = 8
"""And how many requests beside that, on however small a portal."""

portals = st.tuples(
    st.integers(1, 3_000), st.floats(0, 1), st.sampled_from([1, 5, 50]), st.integers(0, 1_000)
)
"""People looked for, the share that comes, how much more often some come, a seed."""


def _pages(people, coming, weight, seed):
    """Draw who is on each page of a month: a share comes, some `weight` times as often as others.

    Three of ten entries are of people that nobody looks for.
    """
    chance = random.Random(seed)
    those = [f"p{n}" for n in range(round(people * coming))]
    weights = [weight if n % 4 == 0 else 1 for n in range(len(those))]
    strangers = ["staff"] * 30
    pages = [
        strangers + (chance.choices(those, weights, k=PAGE - 30) if those else [])
        for _ in range(max(1, people // 4))
    ]
    return [f"p{n}" for n in range(people)], pages


@given(portals)
def test_a_stream_that_may_be_left_costs_hardly_more_than_the_best_moment_to_leave(portal):
    people, pages = _pages(*portal)
    assert _as_planned(people, pages) <= MOST_WORSE * _fewest(people, pages) + MOST_LOST


@given(portals)
def test_what_is_under_way_when_a_stream_is_left_is_little(portal):
    people, pages = _pages(*portal)
    watch = Watch(people)
    for page in pages:
        if not watch.missing or pays_no_longer(watch):
            break
        assert pages_ahead_of_leaving(watch) <= max(1, len(watch.missing) // 24)
        watch.page(set(page))


@given(people=st.integers(1, 10**6), pages=st.floats(0, 10**6))
def test_whatever_the_guess_may_be_off_by_the_cheaper_way_is_taken_or_it_is_asked(people, pages):
    chosen = as_stream(people, pages, counted=True)
    if chosen:
        assert pages <= 2 * people + 2
    elif chosen is False:
        assert pages >= people / 2 - 2


def test_where_nobody_comes_a_stream_is_left_after_a_few_pages():
    watch = Watch(f"p{n}" for n in range(200))
    read = 0
    while not pays_no_longer(watch):
        watch.page([])
        read += 1
    assert read <= 4


def test_where_all_come_often_a_stream_is_not_left_before_all_are_met():
    people = [f"p{n}" for n in range(1_000)]
    watch = Watch(people)
    for first in range(0, 1_000, 100):
        assert not pays_no_longer(watch)
        watch.page(people[first : first + 100])
    assert not watch.missing


def _as_planned(people, pages):
    """Return the requests of a reading that is told once how long the rest is, as a review is."""
    watch = Watch(people)
    asked = 0
    for page in pages:
        if not watch.missing:
            break
        if not asked and pays_no_longer(watch):
            asked = 1
            if len(watch.missing) < len(pages) - watch.pages:
                break
        watch.page(set(page))
    return watch.pages + asked + (len(watch.missing) if watch.pages < len(pages) else 0)


def _fewest(people, pages):
    """Return the least over k of k pages and a request for each person not met on them."""
    missing, fewest = set(people), len(people)
    for number, page in enumerate(pages, 1):
        missing -= set(page)
        left = 0 if number == len(pages) else len(missing)
        fewest = min(fewest, number + left)
    return fewest
