"""Time is UTC, whatever zone it was written in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.instant import (
    EPOCH,
    Interval,
    after,
    before,
    format_instant,
    instant,
    minute,
    parse_instant,
    utc_date,
    whole_second,
)

NOON = instant(datetime(2026, 11, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T12:00:00Z",
        "2026-11-01 12:00",
        " 2026-11-01T14:00:00+02:00 ",
        "2026-11-01T07:00-05:00",
    ],
)
def test_one_instant_is_read_from_any_way_of_writing_it(text):
    assert parse_instant(text) == NOON
    assert parse_instant(text).tzinfo is UTC


def test_a_date_alone_is_its_midnight_in_utc():
    assert parse_instant("2026-11-01") == NOON - timedelta(hours=12)


@pytest.mark.parametrize("text", ["", "soon", "12:00", "2026-13-01", "01.11.2026"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


def test_a_time_without_a_zone_is_never_guessed():
    with pytest.raises(ValueError, match="without a time zone"):
        instant(datetime(2026, 11, 1, 12))  # noqa: DTZ001


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_again(moment):
    assert parse_instant(format_instant(instant(moment))) == moment


def test_the_day_is_the_one_in_utc():
    late = datetime(2026, 11, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))

    assert utc_date(instant(late)).isoformat() == "2026-11-02"


def test_nothing_is_before_the_epoch_however_long_ago():
    assert before(NOON, timedelta(days=1)) == NOON - timedelta(days=1)
    assert before(NOON, timedelta.max) == EPOCH
    assert before(NOON, NOON - EPOCH) == EPOCH
    assert after(NOON, timedelta(hours=1)) == NOON + timedelta(hours=1)


def test_an_interval_may_be_empty_and_never_ends_before_it_begins():
    assert Interval(NOON, NOON).until == NOON
    with pytest.raises(ValueError, match="ends before it begins"):
        Interval(NOON, before(NOON, timedelta(seconds=1)))


def test_people_read_minutes_and_the_portal_keeps_seconds():
    odd = after(NOON, timedelta(seconds=59, microseconds=999_999))

    assert minute(odd) == "2026-11-01 12:00 UTC"
    assert whole_second(odd) == NOON + timedelta(seconds=59)
    assert format_instant(whole_second(odd)) == "2026-11-01T12:00:59Z"
