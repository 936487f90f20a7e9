"""Coverage arithmetic, against sets of whole seconds as the oracle."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lastseen.evidence.proof.coverage import Coverage, covered_since, covering
from lastseen.model.instant import EPOCH, Instant, Interval

SPAN = 40
seconds = st.integers(0, SPAN)


def at(second: int) -> Instant:
    return Instant(EPOCH + timedelta(seconds=second))


def interval(pair: tuple[int, int]) -> Interval:
    return Interval(at(min(pair)), at(max(pair)))


intervals = st.tuples(seconds, seconds).map(interval)
coverages = st.lists(intervals, max_size=8).map(covering)


def inside(coverage: Coverage) -> set[int]:
    return {
        second
        for second in range(SPAN + 1)
        if any(i.since <= at(second) < i.until for i in coverage.intervals)
    }


@given(st.lists(intervals, max_size=8))
def test_covering_covers_exactly_what_its_intervals_cover(some: list[Interval]) -> None:
    expected = {s for s in range(SPAN + 1) if any(i.since <= at(s) < i.until for i in some)}
    assert inside(covering(some)) == expected


@given(st.lists(intervals, max_size=8))
def test_intervals_of_a_coverage_neither_overlap_nor_touch(some: list[Interval]) -> None:
    known = covering(some).intervals
    assert all(a.until < b.since for a, b in pairwise(known))


@given(coverages, coverages)
def test_a_union_covers_what_either_covers(one: Coverage, other: Coverage) -> None:
    assert inside(one.union(other)) == inside(one) | inside(other)


@given(coverages, intervals)
def test_gaps_are_what_is_needed_and_not_covered(known: Coverage, needed: Interval) -> None:
    missing = covering(known.gaps(needed))
    assert inside(missing) == inside(covering([needed])) - inside(known)
    assert known.covers(needed) == (not inside(missing))


@given(coverages, intervals)
def test_what_is_within_bounds_is_covered_and_inside_them(
    known: Coverage, bounds: Interval
) -> None:
    assert inside(known.within(bounds)) == inside(known) & inside(covering([bounds]))


@given(coverages, st.integers(1, SPAN))
def test_since_reaches_back_without_a_gap_and_no_further(known: Coverage, second: int) -> None:
    since = known.since(at(second))
    if since is None:
        assert second - 1 not in inside(known)
    else:
        assert known.covers(Interval(since, at(second)))
        assert since == EPOCH or not known.covers(
            Interval(Instant(since - timedelta(seconds=1)), at(second))
        )


@given(st.lists(coverages, max_size=3), seconds)
def test_several_coverages_reach_back_as_far_as_their_union(some, second):
    together = covering(interval for one in some for interval in one.intervals)
    assert covered_since(at(second), some) == together.since(at(second))
