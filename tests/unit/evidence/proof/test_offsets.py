"""Guessing where in a log an instant lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.evidence.proof.offsets import OffsetIndex
from tests.unit.evidence.fake_log import HOUR, ago

seen = st.lists(st.integers(1, 1_000), min_size=1, unique=True).map(sorted)


def index_of(hours):
    """Return an index of a log with ten entries an hour."""
    index = OffsetIndex()
    for hour in hours:
        index.add(ago(hour * HOUR), 10 * hour)
    return index


def test_nothing_known_is_the_beginning():
    index = OffsetIndex()
    assert (index.of(ago(HOUR)), index.deepest, index.reach(ago(HOUR))) == (0, 0, False)


@given(seen, st.integers(1, 1_000))
def test_a_place_between_two_known_ones_lies_between_them(hours, wanted):
    index = index_of(hours)
    offset = index.of(ago(wanted * HOUR))
    newer = max((h for h in hours if h <= wanted), default=0)
    older = min((h for h in hours if h >= wanted), default=None)
    assert offset >= 10 * newer if newer else offset == 0
    if newer and older:
        assert offset <= 10 * older


@given(seen, st.randoms())
def test_the_order_in_which_places_become_known_does_not_matter(hours, chance):
    shuffled = list(hours)
    chance.shuffle(shuffled)
    for wanted in range(0, 1_000, 100):
        assert index_of(hours).of(ago(wanted * HOUR)) == index_of(shuffled).of(ago(wanted * HOUR))


def test_beyond_what_is_known_the_density_continues():
    index = index_of([1, 11])
    assert index.of(ago(21 * HOUR)) == 210
    assert not index.reach(ago(21 * HOUR))
    assert index.deepest == 110


@pytest.mark.parametrize("weeks", [0, 1, 3])
def test_beyond_what_is_known_each_weekday_is_like_the_one_before(weeks):
    # Given a log with ten entries an hour from Monday to Friday, and none at the weekend
    def entries(day):
        return 240 * (day - sum(d % 7 in (2, 3) for d in range(day)))

    index = OffsetIndex()
    for day in range(1, 9):
        index.add(ago(day * 24 * HOUR), entries(day))
    for day in range(9, 16):
        assert index.of(ago((day + 7 * weeks) * 24 * HOUR)) == pytest.approx(
            entries(day + 7 * weeks), abs=1
        )


def test_several_places_of_one_instant_are_reported_in_order():
    index = OffsetIndex()
    for offset in (30, 10, 20, 10):
        index.add(ago(HOUR), offset)
    assert index.at(ago(HOUR)) == [10, 20, 30]
    assert index.newer(ago(HOUR)) == 30
