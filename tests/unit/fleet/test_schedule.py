"""When a portal's job is due."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.fleet.schedule import Schedule, delay_of, is_time_zone, next_due, problem_with
from lastseen.model.instant import instant, parse_instant

MOMENTS = st.integers(1_767_225_600, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))
CRONS = st.sampled_from(
    ["15 6 * * 1-5", "30 2 * * *", "*/15 * * * *", "0 0 1 * *", "5 4 * * sun", "0 22 * * 1,3,5"]
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])


def due(cron: str, now: str, *, zone: str = "UTC", portal_zone: str | None = None) -> str:
    schedule = Schedule(cron=cron, time_zone=zone)
    moment = next_due(schedule, portal="x", now=parse_instant(now), portal_zone=portal_zone)
    return moment.strftime("%Y-%m-%dT%H:%M")


def test_the_expression_is_read_in_the_named_time_zone():
    assert due("15 6 * * 1-5", "2026-07-03T12:00Z", zone="Europe/Berlin") == "2026-07-06T04:15"
    assert due("15 6 * * 1-5", "2026-12-04T12:00Z", zone="Europe/Berlin") == "2026-12-07T05:15"


def test_the_portals_own_zone_is_taken_where_it_is_known_and_utc_before():
    assert due("0 6 * * *", "2026-07-03T12:00Z", zone="portal") == "2026-07-04T06:00"
    found = due("0 6 * * *", "2026-07-03T12:00Z", zone="portal", portal_zone="Asia/Tokyo")
    assert found == "2026-07-03T21:00"
    lied = due("0 6 * * *", "2026-07-03T12:00Z", zone="portal", portal_zone="../etc/passwd")
    assert lied == "2026-07-04T06:00"


def test_a_time_that_the_clocks_skip_runs_when_they_jump():
    assert due("30 2 * * *", "2026-03-28T12:00Z", zone="Europe/Berlin") == "2026-03-29T01:00"


def test_a_fixed_hour_that_the_clocks_repeat_runs_once():
    first = due("30 2 * * *", "2026-10-24T12:00Z", zone="Europe/Berlin")
    assert first == "2026-10-25T00:30"
    assert due("30 2 * * *", f"{first}Z", zone="Europe/Berlin") == "2026-10-26T01:30"


def test_every_quarter_of_an_hour_continues_while_the_clocks_repeat_an_hour():
    moment, seen = parse_instant("2026-10-24T23:59Z"), []
    for _ in range(9):
        schedule = Schedule(cron="*/15 * * * *", time_zone="Europe/Berlin")
        moment = next_due(schedule, portal="x", now=moment)
        seen.append(moment)
    gaps = {later - earlier for earlier, later in pairwise(seen)}
    assert gaps == {timedelta(minutes=15)}


@given(CRONS, ZONES, MOMENTS, st.integers(0, 90), st.text(min_size=1, max_size=8))
def test_the_next_time_is_always_later_and_never_passed_over(cron, zone, now, jitter, name):
    schedule = Schedule(cron=cron, time_zone=zone, jitter_minutes=jitter)
    first = next_due(schedule, portal=name, now=instant(now))
    assert first > now
    middle = instant(now + (first - now) / 2)
    assert next_due(schedule, portal=name, now=middle) == first


@given(st.text(min_size=1), st.integers(1, 24 * 60))
def test_the_jitter_of_a_portal_is_always_the_same_and_within_its_bounds(name, minutes):
    delay = delay_of(name, minutes)
    assert delay == delay_of(name, minutes)
    assert timedelta() <= delay < timedelta(minutes=minutes)


def test_the_jitter_spreads_a_fleet():
    delays = [delay_of(f"portal-{number}", 60).total_seconds() for number in range(1000)]
    in_each_quarter = [sum(900 * n <= d < 900 * (n + 1) for d in delays) for n in range(4)]
    assert min(in_each_quarter) > 200


@pytest.mark.parametrize(
    "cron", ["", "61 * * * *", "* * * *", "* * * * * *", "@daily", "0 0 31 2 *"]
)
def test_what_never_comes_due_is_refused(cron):
    assert problem_with(cron)


def test_a_time_zone_is_one_that_this_machine_knows():
    assert is_time_zone("Europe/Berlin")
    assert is_time_zone("portal")
    assert not is_time_zone("Mars/Olympus")
    assert not is_time_zone("/etc/passwd")
    assert not is_time_zone("")
