"""What one command asks for at most stays below what the portal allows one account."""

from lastseen.docspace.http.limits import Limits

PORTAL_READS, PORTAL_WRITES, PORTAL_PER_MINUTE = 50, 15, 1_500
"""RateLimiterSettings.cs: GETs and PUTs at once, requests a minute."""


def test_the_defaults_leave_room_for_others_with_the_same_account():
    limits = Limits()

    assert limits.reads <= 0.8 * PORTAL_READS
    assert limits.writes <= 0.8 * PORTAL_WRITES
    assert limits.per_minute is None or limits.per_minute < PORTAL_PER_MINUTE


def test_one_command_may_read_all_that_a_portal_keeps_about_each_person():
    entries_a_page = 100

    entries_a_day = Limits().log_requests_a_person_day * entries_a_page

    assert entries_a_day >= 20


def test_no_request_waits_longer_than_a_scheduler_would():
    limits = Limits()

    assert limits.connect_seconds < limits.answer_seconds <= limits.longest_pause_seconds
    assert limits.tries * limits.answer_seconds < 3_600
