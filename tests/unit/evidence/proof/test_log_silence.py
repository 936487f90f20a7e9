"""A log that has stopped is told from a portal on which little happens."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from lastseen.evidence.proof.log_silence import Silence, find_silence
from lastseen.model.instant import Instant, Interval, after, before, days

NOW = Instant(datetime(2026, 6, 15, 12, tzinfo=UTC))
WEEK = timedelta(days=7)


def silence(*ages: float, known: float = 180, limit: timedelta = WEEK) -> Silence:
    shown = [
        Interval(before(NOW, days(age)), after(before(NOW, days(age)), timedelta(seconds=1)))
        for age in ages
    ]
    return find_silence(shown, begins=before(NOW, days(known)), now=NOW, limit=limit)


def daily(first: float, last: float) -> Sequence[float]:
    return [first - number for number in range(int(first - last) + 1)]


def test_a_log_with_entries_every_day_is_alive() -> None:
    assert silence(*daily(180, 0.1)) == Silence()


@pytest.mark.parametrize(("stopped", "silent"), [(6, False), (8, True), (21, True)])
def test_a_pipeline_that_died_is_caught_within_days(stopped: float, silent: bool) -> None:
    assert (silence(*daily(179.5, stopped)).since is not None) is silent


def test_a_portal_of_three_people_with_long_sessions_is_not_silent() -> None:
    assert silence(150, 95, 40) == Silence()


def test_an_empty_log_is_silent() -> None:
    assert silence().since == before(NOW, days(180))


def test_a_young_portal_without_entries_is_not_silent_yet() -> None:
    assert silence(known=3) == Silence()


def test_an_empty_log_is_silent_although_no_more_than_the_limit_is_known() -> None:
    # A window, or a lifetime, of just the limit: the silence may be far longer than it can show
    assert silence(known=7).since == before(NOW, days(7))


def test_an_empty_log_is_silent_although_its_edge_has_moved_a_little() -> None:
    assert silence(known=7 - 0.01).since is not None
    assert silence(known=6.5).since is None


def test_a_pause_that_ended_is_found() -> None:
    found = silence(*daily(179.5, 30), *daily(15, 0.1))
    assert found.since is None
    assert [p.until for p in found.pauses] == [before(NOW, days(15))]


def test_two_outages_of_one_length_do_not_excuse_one_another() -> None:
    found = silence(*daily(179.5, 120), *daily(100, 40), *daily(20, 0.1))
    assert len(found.pauses) == 2


def test_the_time_before_the_first_entry_makes_no_pause_usual() -> None:
    # Given a log whose older half the portal has deleted, and which stood still for 11 days
    found = silence(*daily(45, 15), *daily(4, 0.1), known=90)
    assert before(NOW, days(4)) in [p.until for p in found.pauses]
