"""Ages are worded by the date that stands beside them."""

from datetime import UTC, datetime, timedelta

import pytest

from lastseen.model.age import days_ago, on_day
from lastseen.model.instant import instant

MORNING = instant(datetime(2026, 11, 28, 10, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-0.05, "today"),
        (0, "today"),
        (10, "today"),
        (11, "yesterday"),
        (19, "yesterday"),
        (34, "yesterday"),
        (35, "1 day ago"),
        (47, "1 day ago"),
        (48, "2 days ago"),
        (160 * 24, "160 days ago"),
    ],
)
def test_yesterday_is_not_called_today(hours, words):
    assert days_ago(instant(MORNING - timedelta(hours=hours)), MORNING) == words


def test_a_moment_ahead_of_the_clock_at_midnight_is_today():
    late = instant(datetime(2026, 11, 28, 23, 59, tzinfo=UTC))
    assert days_ago(instant(late + timedelta(minutes=2)), late) == "today"


def test_the_date_and_its_age_agree():
    seen = instant(datetime(2026, 11, 27, 15, 0, tzinfo=UTC))
    assert on_day(seen, MORNING) == "on 2026-11-27 (yesterday)"
