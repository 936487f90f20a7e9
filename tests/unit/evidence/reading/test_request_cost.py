"""Choosing between a stream and single questions, against an oracle that knows what comes."""

import random
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.docspace.interface import MOST_A_PAGE
from lastseen.evidence.reading.request_cost import (
    LOST_AT_LEAST,
    LOST_SHARE,
    MOST_WRONG,
    MOST_WRONG_BY_DAYS,
    MOST_WRONG_BY_HOURS,
    RECENT_PAGES,
    Search,
    is_not_worthwhile,
    is_stream_cheaper,
    is_stream_cheapest,
    pages_ahead_before_cutover,
)
from lastseen.model.instant import DAY_SECONDS, WEEK_SECONDS

MOST_WORSE = 2
"""How many times the fewest possible requests the planner may take, on any steady portal."""
MOST_WORSE_ON_THE_WHOLE = 1.02
"""The same of many portals together: a guess that is far out is rare."""
MOST_LOST = 8
"""And how many requests beside that, on however small a portal."""

MOST_BEHIND = LOST_AT_LEAST + 2
"""Requests lost before rarer faces are believed to be rare, and the question that follows."""
MOST_WORSE_AT_ONCE = 1.1
"""How many times the fewest requests, where pages are asked for several at once."""
FIRST_AT_ONCE = 8
"""And requests beside that: so many pages are asked for before the first has come."""

portals = st.tuples(
    st.integers(1, 3_000), st.floats(0, 1), st.sampled_from([1, 5, 50]), st.integers(0, 1_000)
)
"""People looked for, the share that comes, how much more often some come, a seed."""


@st.composite
def thinning(draw):
    """Draw people looked for, and new faces a page of a log on which they never grow more.

    Stretches of so many pages with so many faces each, the richest first; the last faces may run
    out before the pages do, or the pages before the faces.
    """
    people = draw(st.integers(1, 3_000))
    stretch = st.tuples(st.integers(0, MOST_A_PAGE), st.integers(1, 300))
    stretches = sorted(draw(st.lists(stretch, min_size=1, max_size=5)), reverse=True)
    rates = [rate for rate, length in stretches for _ in range(length)]
    met = [0, *(min(people, so_far) for so_far in accumulate(rates))]
    faces = [after - before for before, after in pairwise(met)]
    return people, faces + [0] * draw(st.integers(0, 600))


def _pages(people, coming, weight, seed):
    """Draw who is on each page of a month: a share comes, some `weight` times as often as others.

    Three of ten entries are of people that nobody looks for.
    """
    chance = random.Random(seed)
    those = [f"p{n}" for n in range(round(people * coming))]
    weights = [weight if n % 4 == 0 else 1 for n in range(len(those))]
    strangers = ["staff"] * 30
    pages = [
        strangers + (chance.choices(those, weights, k=MOST_A_PAGE - 30) if those else [])
        for _ in range(max(1, people // 4))
    ]
    return [f"p{n}" for n in range(people)], pages


@given(portals)
def test_a_stream_that_may_be_left_costs_hardly_more_than_the_best_moment_to_leave(portal):
    people, pages = _pages(*portal)
    assert _as_planned(people, pages) <= MOST_WORSE * _fewest(people, pages) + MOST_LOST


def test_on_the_whole_a_stream_that_may_be_left_costs_what_the_best_moment_would():
    chance = random.Random(2026)
    taken = fewest = 0
    for seed in range(50):
        people, pages = _pages(
            chance.randint(1, 3_000), chance.random(), chance.choice([1, 5, 50]), seed
        )
        taken += _as_planned(people, pages)
        fewest += _fewest(people, pages)
    assert taken <= MOST_WORSE_ON_THE_WHOLE * fewest


@given(portals)
def test_what_is_under_way_when_a_stream_is_left_is_little(portal):
    people, pages = _pages(*portal)
    search = Search(people)
    for page in pages:
        if not search.missing or is_not_worthwhile(search):
            break
        assert pages_ahead_before_cutover(search, is_trail=False) <= max(
            1, len(search.missing) // 12
        )
        search.page(set(page))


@given(people=st.integers(1, 10**6), pages=st.floats(0, 10**6))
def test_whatever_the_guess_may_be_off_by_the_cheaper_way_is_taken_or_it_is_asked(people, pages):
    chosen = is_stream_cheaper(people, pages, seconds=WEEK_SECONDS)
    if chosen:
        assert pages <= 2 * people + 2
    elif chosen is False:
        assert pages >= people / 2 - 2


@pytest.mark.parametrize(
    ("people", "pages", "seconds", "to_the_end"),
    [
        pytest.param(1_000, 20, WEEK_SECONDS, True, id="a short log, well known"),
        pytest.param(1_000, 20, 3_600, False, id="a log of which one quiet hour is known"),
        pytest.param(10_000, 86, 3 * 3_600, False, id="a large portal before dawn"),
        pytest.param(10_000, 3_200, WEEK_SECONDS, False, id="a large portal, well known"),
    ],
)
def test_a_stream_is_only_read_to_its_end_where_leaving_it_midway_surely_costs_more(
    people, pages, seconds, to_the_end
):
    assert is_stream_cheapest(people, pages, dates_follow=False, seconds=seconds) is to_the_end


def test_where_nobody_comes_a_stream_is_left_after_a_few_pages():
    search = Search(f"p{n}" for n in range(200))
    read = 0
    while not is_not_worthwhile(search):
        search.page([])
        read += 1
    assert read <= 4


def test_where_all_come_often_a_stream_is_not_left_before_all_are_met():
    people = [f"p{n}" for n in range(1_000)]
    search = Search(people)
    for first in range(0, 1_000, 100):
        assert not is_not_worthwhile(search)
        search.page(people[first : first + 100])
    assert not search.missing


@given(thinning())
def test_where_faces_grow_rarer_a_stream_costs_three_requests_and_a_two_hundredth_more_at_most(log):
    people, pages = _of_faces(*log)
    fewest = _fewest(people, pages)
    assert _as_planned(people, pages) - fewest <= MOST_BEHIND + LOST_SHARE * fewest


@given(thinning())
def test_where_pages_are_asked_for_at_once_a_tenth_more_at_most(log):
    people, pages = _of_faces(*log)
    fewest = _fewest(people, pages)
    assert _as_planned_at_once(people, pages) <= MOST_WORSE_AT_ONCE * fewest + FIRST_AT_ONCE


@pytest.mark.parametrize(
    ("people", "faces", "fewest", "most"),
    [
        pytest.param(1_000, [90] * 11 + [10] + [0] * 988, 12, 12, id="all come, and often"),
        pytest.param(1_000, [0] * 5_000, 1_000, 1_008, id="nobody comes, and the log is long"),
        pytest.param(1_000, [0] * 50, 50, 51, id="nobody comes, and the log is short"),
        pytest.param(1_000, [90] * 10 + [0] * 2_000, 110, 113, id="nine of ten come, busy"),
        pytest.param(1_000, [3] * 300 + [0] * 2_000, 400, 403, id="nine of ten come, quiet"),
        pytest.param(3, [0] * 400, 3, 6, id="three people, of whom nobody comes"),
        pytest.param(3, [1, 1, 1] + [0] * 400, 3, 3, id="three people, who all come"),
        pytest.param(1, [0], 1, 1, id="one person and one page"),
    ],
)
def test_a_portal_is_read_in_hardly_more_than_the_fewest_requests(people, faces, fewest, most):
    those, pages = _of_faces(people, faces)
    assert _fewest(those, pages) == fewest
    assert fewest <= _as_planned(those, pages) <= most


@given(
    people=st.integers(1, 10**5),
    length=st.integers(1, 10**5),
    off=st.floats(-1, 1),
    known=st.sampled_from(
        [
            (WEEK_SECONDS, MOST_WRONG),
            (DAY_SECONDS, MOST_WRONG_BY_DAYS),
            (DAY_SECONDS / 2, MOST_WRONG_BY_HOURS),
        ]
    ),
)
def test_a_way_is_called_cheaper_only_where_the_guess_cannot_be_that_wrong(
    people, length, off, known
):
    seconds, most_wrong = known
    chosen = is_stream_cheaper(people, length * most_wrong**off, seconds=seconds)
    if chosen is not None:
        # Both ways cost the same where the guess is off by just as much as it may be.
        assert chosen == (length < people) or length == people


@given(people=st.integers(1, 10**5), pages=st.integers(1, 10**5))
def test_after_a_week_is_counted_a_way_is_chosen_unless_both_cost_much_the_same(people, pages):
    if is_stream_cheaper(people, pages, seconds=WEEK_SECONDS) is None:
        assert people / MOST_WRONG <= pages <= people * MOST_WRONG


@given(st.integers(1, 10_000), st.integers(0, MOST_A_PAGE), st.integers(1, 50))
def test_pages_asked_for_at_once_find_no_more_people_than_are_missing(people, rate, read):
    """At the rate of late, which falls: so what comes after the last one has been met is little."""
    those = [f"p{n}" for n in range(people)]
    search = Search(those)
    for number in range(read):
        search.page(those[number * rate : (number + 1) * rate])
    ahead = search.pages_ahead()
    assert ahead == 1 or ahead * max(1 / RECENT_PAGES, search.rate) <= len(search.missing)


def test_after_a_newest_page_with_most_people_few_pages_are_asked_for_at_once():
    those = [f"p{n}" for n in range(25)]
    assert Search(those).pages_ahead() == 8
    assert Search(those, on_newest=25).pages_ahead() == 1


def test_people_met_again_and_people_nobody_looks_for_are_no_reason_to_read_on():
    search = Search(f"p{n}" for n in range(200))
    search.page([f"p{n}" for n in range(50)])
    while not is_not_worthwhile(search):
        search.page([*(f"p{n}" for n in range(50)), *(f"staff{n}" for n in range(50))])
    assert search.pages <= 4
    assert len(search.missing) == 150


def _of_faces(people, faces):
    """Return the people, and pages with so many of them each whom no page before showed."""
    those = [f"p{n}" for n in range(people)]
    met = [0, *accumulate(faces)]
    return those, [those[a:b] for a, b in pairwise(met)]


def _as_planned_at_once(people, pages):
    """Return the requests of a reading that asks for several pages before the first is there.

    How long the rest is comes to be known together with the pages that are under way meanwhile.
    """
    search = Search(people)
    asked, leave = 0, False
    while search.missing and search.pages < len(pages) and not leave:
        under_way = pages[search.pages :][: pages_ahead_before_cutover(search, is_trail=False)]
        if not asked and is_not_worthwhile(search):
            asked = 1
            leave = len(search.missing) < len(pages) - search.pages
        for page in under_way:
            search.page(page)
    return search.pages + asked + (len(search.missing) if search.pages < len(pages) else 0)


def _as_planned(people, pages):
    """Return the requests of a reading that is told once how long the rest is, as a review is."""
    search = Search(people)
    asked = 0
    for page in pages:
        if not search.missing:
            break
        if not asked and is_not_worthwhile(search):
            asked = 1
            if len(search.missing) < len(pages) - search.pages:
                break
        search.page(set(page))
    return search.pages + asked + (len(search.missing) if search.pages < len(pages) else 0)


def _fewest(people, pages):
    """Return the least over k of k pages and a request for each person not met on them."""
    missing, fewest = set(people), len(people)
    for number, page in enumerate(pages, 1):
        missing -= set(page)
        left = 0 if number == len(pages) else len(missing)
        fewest = min(fewest, number + left)
    return fewest
