"""Joining coverage: nothing is lost, nothing is invented, and no two stretches touch."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lastseen.ledger.stores.coverage_rows import (
    CoverageRow,
    merged,
    proof_in_words,
    proof_line,
)
from lastseen.model.instant import Instant
from tests.unit.reports.samples import NOW


def a_stretch(
    since: int, until: int, *, events: int = 0, at: int = 0, proof: str = ""
) -> CoverageRow:
    return CoverageRow(
        since=since, until=until, events=events, proof=proof, first_recorded=at, last_recorded=at
    )


stretches = st.builds(
    lambda since, length, events, at: a_stretch(
        since, since + length, events=events, at=at, proof=f"read at {at}"
    ),
    st.integers(0, 60),
    st.integers(1, 20),
    st.integers(0, 50),
    st.integers(0, 9),
)


def instants(of: list[CoverageRow] | tuple[CoverageRow, ...]) -> set[int]:
    return {moment for one in of for moment in range(one.since, one.until)}


@given(st.lists(stretches, max_size=12))
def test_merging_covers_exactly_what_its_parts_cover(parts: list[CoverageRow]):
    assert instants(merged((), parts)) == instants(parts)


@given(st.lists(stretches, max_size=12))
def test_merged_stretches_never_touch(parts: list[CoverageRow]):
    assert all(one.until < other.since for one, other in pairwise(merged((), parts)))


@given(st.lists(stretches, max_size=8), st.lists(stretches, max_size=8))
def test_it_does_not_matter_in_how_many_steps_stretches_come(
    some: list[CoverageRow], more: list[CoverageRow]
):
    assert merged(merged((), some), more) == merged((), [*some, *more])


@given(st.lists(stretches, min_size=1, max_size=8))
def test_the_times_of_recording_are_kept(parts: list[CoverageRow]):
    for one in merged((), parts):
        inside = [part for part in parts if one.since <= part.since < one.until]
        assert one.first_recorded == min(part.first_recorded for part in inside)
        assert one.last_recorded == max(part.last_recorded for part in inside)


@given(st.lists(stretches, min_size=1, max_size=8))
def test_the_proofs_of_all_parts_are_kept(parts: list[CoverageRow]):
    for one in merged((), parts):
        inside = {part.proof for part in parts if one.since <= part.since < one.until}
        assert set(one.proof.splitlines()) == inside


def test_a_reading_that_continues_replaces_its_own_proof_and_no_other():
    begun, later = NOW, Instant(NOW + timedelta(days=1))
    first = a_stretch(0, 10, at=1, proof=proof_line(begun, "1 page"))
    same = a_stretch(10, 20, at=2, proof=proof_line(begun, "2 pages"))
    other = a_stretch(20, 30, at=3, proof=proof_line(later, "1 page"))
    (one,) = merged(merged((first,), (same,)), (other,))
    assert one.proof.splitlines() == [proof_line(begun, "2 pages"), proof_line(later, "1 page")]
    assert proof_in_words(one.proof) == "; ".join(one.proof.splitlines())


def test_many_readings_are_reported_by_the_first_the_newest_and_their_number():
    lines = [proof_line(Instant(NOW + timedelta(days=day)), "1 page") for day in range(9)]
    assert proof_in_words("\n".join(lines)) == (
        f"first read {lines[0]}. Then 7 times more. Last read {lines[-1]}"
    )


def test_events_add_up_where_stretches_only_touch():
    (one,) = merged((a_stretch(0, 10, events=3),), (a_stretch(10, 20, events=4),))
    assert one.events == 7


def test_events_read_twice_are_not_counted_twice():
    (one,) = merged((a_stretch(0, 10, events=3),), (a_stretch(5, 20, events=7),))
    assert one.events == 7


def test_a_stretch_that_bridges_a_gap_joins_both_sides():
    known = (a_stretch(0, 10, events=3), a_stretch(20, 30, events=5))
    (one,) = merged(known, (a_stretch(10, 25, events=4),))
    assert (one.since, one.until, one.events) == (0, 30, 8)


def test_a_late_recording_comes_before_a_newer_proof():
    known = (a_stretch(0, 10, at=9, proof="2026-02-01: newer"),)
    (one,) = merged(known, (a_stretch(5, 20, at=3, proof="2026-01-01: older"),))
    assert (one.first_recorded, one.last_recorded) == (3, 9)
    assert one.proof.splitlines() == ["2026-01-01: older", "2026-02-01: newer"]
