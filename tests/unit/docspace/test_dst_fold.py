"""Only a date in the second pass of an hour that a night has twice is taken for one."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.docspace.dst_fold import may_be_repeated


@pytest.mark.parametrize(
    ("written", "repeated"),
    [
        ("2026-10-25T02:30:00+01:00", True),  # Berlin, second pass
        ("2026-10-25T02:30:00+02:00", True),  # first pass there, the second in Chisinau
        ("2026-10-25T01:59:59+01:00", False),  # before the hour, by the clock on the wall
        ("2026-10-25T03:00:00+01:00", False),  # after it
        ("2026-03-29T02:30:00+01:00", False),  # spring: the hour is not there at all
        ("2026-11-01T01:30:00-05:00", True),  # New York, on another night
        ("2026-04-05T01:45:00+10:30", True),  # Lord Howe: half an hour
        ("2026-04-05T01:15:00+10:30", False),
        ("2026-04-05T01:45:00+11:00", False),  # the first pass
        ("2026-10-25T02:30:00+09:00", False),  # no zone goes back then and there
        ("2026-07-01T02:30:00+02:00", False),
    ],
)
def test_the_second_pass_is_known_by_its_offset(written, repeated):
    assert may_be_repeated(datetime.fromisoformat(written)) is repeated


@given(st.integers(0, 23 * 60), st.sampled_from([1, 2, 5, 6, 7, 8, 12]), st.integers(-11, 12))
def test_away_from_the_nights_of_change_no_hour_is_there_twice(minute, month, offset):
    noon = f"2026-{month:02}-17T00:00:00{offset:+03}:00"

    assert not may_be_repeated(datetime.fromisoformat(noon) + timedelta(minutes=minute))
