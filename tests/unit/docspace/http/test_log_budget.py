"""Requests and time that reading the logs may take: told in time, and never without an end."""

import pytest

from lastseen.docspace.http.error_text import ErrorText
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.log_budget import LogBudget
from lastseen.docspace.people import _LISTING
from lastseen.model.errors import PortalUnreadable
from lastseen.model.secret import ApiKey

HOUR = 3_600.0


class Waiting:
    """A clock that the test moves on."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Waiting:
    return Waiting()


def budget(clock: Waiting, **limits: float) -> LogBudget:
    text = ErrorText("https://portal.example", ApiKey("sk-0123456789abcdef0123456789abcdef"))
    return LogBudget(Limits(**limits), text, clock)  # type: ignore[arg-type]


def test_a_log_that_takes_too_long_is_left_and_can_be_continued(clock):
    spending = budget(clock, log_seconds=HOUR, log_seconds_a_person_day=0)

    def one_a_minute() -> None:  # as a portal with "0 remaining" on each answer has it
        for _ in range(100):
            spending.spend(_LISTING)
            clock.seconds += 60

    with pytest.raises(PortalUnreadable) as left:
        one_a_minute()

    assert clock.seconds == 1_000 + 61 * 60
    assert "60 minutes did not reach the end" in left.value.found
    assert "very slowly" in left.value.meaning
    assert "run the same command again to continue" in left.value.remedy


def test_that_time_runs_out_is_reported_once_and_before(clock, caplog):
    spending = budget(clock, log_seconds=HOUR, log_seconds_a_person_day=0)
    for _ in range(59):
        spending.spend(_LISTING)
        clock.seconds += 60

    (told,) = caplog.messages  # nothing of the end yet
    assert told.startswith("49 requests to the logs in 48 minutes so far; this command stops after")
    assert "60 minutes, and the next one continues from there" in told


def test_time_before_the_first_request_to_a_log_does_not_count(clock):
    spending = budget(clock, log_seconds=HOUR)
    clock.seconds += 5 * HOUR

    spending.spend(_LISTING)


def test_a_larger_portal_and_more_days_may_take_longer(clock):
    spending = budget(clock, log_seconds=HOUR, log_seconds_a_person_day=0.1)
    spending.expect_people(2_400, _LISTING)
    spending.expect_days(30)
    spending.spend(_LISTING)
    clock.seconds += 3 * HOUR

    spending.spend(_LISTING)
    clock.seconds += 1
    with pytest.raises(PortalUnreadable, match="180 minutes"):
        spending.spend(_LISTING)


@pytest.mark.parametrize(("people", "days"), [(0, 180), (2_400, 0)])
def test_neither_people_nor_days_alone_make_it_longer(clock, people, days):
    spending = budget(clock, log_seconds=HOUR, log_seconds_a_person_day=0.1)
    spending.expect_people(people, _LISTING)
    spending.expect_days(days)
    spending.spend(_LISTING)
    clock.seconds += HOUR + 1

    with pytest.raises(PortalUnreadable, match="60 minutes"):
        spending.spend(_LISTING)


def test_more_days_may_take_more_requests(clock):
    spending = budget(clock, log_requests=10, log_requests_a_person_day=0.5)
    spending.expect_people(10, _LISTING)
    spending.expect_days(1)
    spending.expect_days(4)
    spending.expect_days(2)  # the furthest reading counts
    for _ in range(30):
        spending.spend(_LISTING)

    with pytest.raises(PortalUnreadable, match="30 requests"):
        spending.spend(_LISTING)


@pytest.mark.parametrize("days", [1, 30, 180])
def test_the_defaults_suffice_for_every_request_of_a_large_portal_at_the_documented_rate(days):
    limits, person_days = Limits(), 10_000 * days
    requests = limits.log_requests + limits.log_requests_a_person_day * person_days

    assert (
        requests / 1_500 * 60 < limits.log_seconds + limits.log_seconds_a_person_day * person_days
    )
