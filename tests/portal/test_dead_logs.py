"""Logs that stopped, and what a trail may hide: nobody's absence is read from that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lastseen.model.instant import Instant
from lastseen.model.plan import Cohort
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.people import Status
from lastseen.simulator.world.sessions import Reader
from lastseen.simulator.world.world import Outage
from tests.portal.facts import AT, DAY, Reviewed
from tests.unit.simulator.worlds import ANNA, BERT, person

HELD = ("hold", "evidence-incomplete")
MAY_BE_OPEN = ("hold", "session-may-be-open")
SETTINGS_CHANGED = 6032


@pytest.mark.parametrize(("window", "stopped", "resumed"), [(30, 60, 28), (7, 20, 2), (30, 36, 29)])
def test_a_pause_that_began_before_the_window_is_a_gap(
    window: int, stopped: float, resumed: float
) -> None:
    # The trail is known for a day more than the window; the pause is much longer than that.
    outage = Outage("trail", int(AT - stopped * DAY), int(AT - resumed * DAY))
    setup = Setup(outages=[outage], filters=Filters.BEFORE_WINDOW, retention_days=window + 1)
    found = Reviewed(setup).decisions(inactive_days=window)[ANNA]
    assert (found.decision.value, found.reason.value) == HELD
    assert "had probably stopped" in found.explanation


def test_a_log_that_begins_long_after_the_portal_proves_nothing_before() -> None:
    # What a log kept for 31 days shows begins eight days late.
    outage = Outage("login", AT - 60 * DAY, AT - 22 * DAY)
    setup = Setup(outages=[outage], retention_days=31)
    assert Reviewed(setup).anna() == HELD


def test_what_a_log_keeps_no_longer_is_no_pause_like_the_one_that_continues() -> None:
    # Given a log kept for 29 days that has stopped, and somebody invited since, for three days
    anna = person(ANNA, status=Status.PENDING, registered=AT - 4 * DAY)
    setup = Setup(
        outages=[Outage("login", AT - 24 * DAY)], filters=Filters.BEFORE_WINDOW, retention_days=29
    )
    portal = Reviewed(setup, anna=anna, anna_signed_in=None)
    assert portal.anna(inactive_days=60, pending_days=3, evidence=("sign-in",)) == HELD


def test_a_pause_counts_although_the_trail_is_kept_for_less_by_now() -> None:
    # Given a review that saw a pause, and a lifetime that no longer reaches back to it
    outage = Outage("trail", AT - 45 * DAY, AT - 14 * DAY)
    portal = Reviewed(Setup(outages=[outage], filters=Filters.BEFORE_WINDOW))
    assert portal.anna() == HELD
    portal.world.trail_days = portal.world.login_days = 7
    portal.later(6)
    assert portal.anna() == HELD


def test_what_an_earlier_review_read_is_no_pause() -> None:
    # Given a first review on which nobody was due, so that nobody asked whether the logs live
    setup = Setup(filters=Filters.AFTER_WINDOW)
    portal = Reviewed(setup, anna_signed_in=20, hours_between=1)
    portal.world.add_login(BERT, AT - 20 * DAY, 1029)
    assert portal.anna() == ("keep", "active")
    portal.later(12)
    assert portal.anna() == ("disable", "inactive")


@pytest.mark.parametrize("filters", [Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW])
@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_log_without_an_entry_in_the_whole_of_a_short_window_proves_nothing(
    log: Any, filters: Filters
) -> None:
    # Given a pause that is no silence by `log_silence_days`, which is 7
    portal = Reviewed(Setup(outages=[Outage(log, AT - 4 * DAY)], filters=filters))
    found = portal.decisions(inactive_days=3)[ANNA]
    assert (found.decision.value, found.reason.value) == HELD
    assert "probably stopped" in found.explanation


def test_a_short_window_of_a_cohort_holds_its_people_and_nobody_else() -> None:
    portal = Reviewed(Setup(outages=[Outage("trail", AT - 4 * DAY)]))
    quick = Cohort(name="quick", email_domains=("example.net",), inactive_days=3)
    found = portal.decisions(cohorts=(quick,))
    people = {who: found[who] for who in (ANNA, BERT)}
    assert {one.cohort for one in people.values()} == {"quick"}
    assert {(one.decision.value, one.reason.value) for one in people.values()} == {HELD}
    assert Reviewed(Setup(outages=[Outage("trail", AT - 4 * DAY)])).anna()[0] == "disable"


def test_a_short_window_of_a_log_that_is_always_quiet_is_no_silence() -> None:
    # Given a portal on which somebody signs in every five days
    portal = Reviewed(hours_between=120)
    portal.time.advance(timedelta(days=4))
    for hour in range(8):
        portal.world.add_trail(BERT, AT + hour * DAY // 2, 5002)
    assert portal.anna(inactive_days=3) == ("disable", "inactive")


@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_limit_beyond_the_window_does_not_make_an_empty_window_whole(log: Any) -> None:
    portal = Reviewed(Setup(outages=[Outage(log, AT - 35 * DAY)]), silence_days=60)
    assert portal.anna() == HELD


def test_a_pause_before_the_window_holds_nobody() -> None:
    outage = Outage("login", AT - 60 * DAY, AT - 40 * DAY)
    portal = Reviewed(Setup(outages=[outage]), anna_signed_in=100)
    assert portal.anna() == ("disable", "inactive")


@pytest.mark.parametrize("resumed", [None, AT - 2 * DAY])
def test_a_sign_in_log_that_does_not_count_shows_no_session_while_it_had_stopped(
    resumed: int | None,
) -> None:
    # Given a policy that goes by the trail alone, and sign-ins that nobody wrote down
    outage = Outage("login", AT - 20 * DAY, resumed)
    portal = Reviewed(Setup(outages=[outage], session_minutes=1_440), anna_signed_in=170)
    assert portal.anna(evidence=("activity",), open_sessions="hold") == MAY_BE_OPEN


def test_a_sign_in_log_that_had_stopped_clears_no_mark_where_only_activity_counts() -> None:
    # Anna's account is younger than the log, so that only the silence can hide a sign-in.
    portal = Reviewed(
        Setup(outages=[Outage("login", AT - 60 * DAY)], session_minutes=1_440),
        anna=person(ANNA, registered=AT - 50 * DAY),
        anna_signed_in=None,
    )
    decision = portal.decisions(evidence=("activity",), open_sessions="report")[ANNA]
    assert decision.decision == "disable"
    assert decision.session_may_be_open


def test_a_pause_within_the_longer_window_of_a_cohort_holds_its_people() -> None:
    outage = Outage("trail", AT - 60 * DAY, AT - 40 * DAY)
    setup = Setup(outages=[outage], filters=Filters.BEFORE_WINDOW)
    portal = Reviewed(setup, anna_signed_in=100)
    slow = Cohort(name="slow", email_domains=("example.net",), inactive_days=70)
    assert portal.anna(cohorts=(slow,), lookback_days=70) == HELD


def test_who_signed_in_while_the_log_had_stopped_may_still_be_signed_in() -> None:
    # Anna's account is younger than the log, so that only the pause can hide a sign-in.
    portal = Reviewed(
        Setup(outages=[Outage("login", AT - 60 * DAY, AT - 45 * DAY)]),
        anna=person(ANNA, registered=AT - 70 * DAY),
        anna_signed_in=50,
        readers=[Reader(ANNA, AT - DAY, 2 * DAY, AT - 50 * DAY)],
    )
    assert portal.anna(open_sessions="hold") == MAY_BE_OPEN


@pytest.mark.parametrize(
    "setup",
    [
        # The newest twenty entries go back ten days.
        Setup(session_minutes=1440, filters=Filters.IGNORED),
        Setup(session_minutes=1440, outages=[Outage("trail", AT - 25 * DAY, AT - 10 * DAY)]),
        Setup(session_minutes=1440, outages=[Outage("trail", AT - 25 * DAY)]),
    ],
    ids=["no audit option", "trail had stopped", "trail has stopped"],
)
def test_a_limit_is_not_in_force_over_a_time_that_the_trail_does_not_show(setup: Setup) -> None:
    # Until twenty days ago sessions had no limit: Anna read on in hers.
    portal = Reviewed(setup, hours_between=120)
    portal.world.sessions.set_minutes(1440, now=AT - 20 * DAY)
    portal.world.administer(AT - 20 * DAY, SETTINGS_CHANGED)
    found = portal.anna(evidence=("sign-in",), open_sessions="hold")
    assert found == MAY_BE_OPEN


def test_a_limit_holds_where_the_whole_trail_shows_no_change() -> None:
    portal = Reviewed(Setup(session_minutes=1440), hours_between=120)
    assert portal.anna(evidence=("sign-in",), open_sessions="hold") == ("disable", "inactive")


@pytest.mark.parametrize(
    ("pending_days", "decision"),
    [(5, ("disable", "invitation-not-accepted")), (60, ("keep", "recently-registered"))],
)
@pytest.mark.parametrize("registered", [10, 40])
def test_an_invitation_ends_after_its_own_days(
    pending_days: int, registered: int, decision: tuple[str, str]
) -> None:
    anna = person(ANNA, status=Status.PENDING, registered=AT - registered * DAY)
    portal = Reviewed(anna=anna, anna_signed_in=None)
    assert portal.anna(pending_days=pending_days) == decision


@pytest.mark.parametrize("filters", [Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW])
@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_log_that_has_gone_silent_since_the_plan_disables_nobody(
    log: Any, filters: Filters
) -> None:
    # Given a log that stopped six days and a half before the review, which is no silence yet
    stopped = int(AT - 6.5 * DAY)
    portal = Reviewed(Setup(outages=[Outage(log, stopped)], filters=filters))
    plan = portal.plan()
    assert ANNA in {one.user_id for one in plan.to_disable()}
    portal.time.advance(timedelta(hours=20))
    outcome = portal.applied(plan)[ANNA]
    assert (outcome.outcome.value, outcome.cause) == ("failed", "unproven")
    assert "has probably stopped" in (outcome.error or "")
    assert portal.world.changes == []


@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_short_window_that_is_empty_by_the_last_look_disables_nobody(log: Any) -> None:
    portal = Reviewed(Setup(outages=[Outage(log, int(AT - 2.5 * DAY))]))
    plan = portal.plan(inactive_days=3)
    assert ANNA in {one.user_id for one in plan.to_disable()}
    portal.time.advance(timedelta(hours=20))
    assert portal.applied(plan)[ANNA].cause == "unproven"
    assert portal.world.changes == []


def test_logs_that_continue_are_no_silence_in_the_last_look() -> None:
    portal = Reviewed()
    plan = portal.plan()
    portal.later(0.8)
    assert portal.applied(plan)[ANNA].outcome.value == "disabled"


def test_a_log_has_not_stopped_where_a_review_is_for_a_time_to_come() -> None:
    now = Instant(datetime.fromtimestamp(AT + 20 * DAY, UTC))
    dead = Reviewed(Setup(outages=[Outage("trail", AT - 21 * DAY)]))
    for portal, expected in ((Reviewed(), ("disable", "inactive")), (dead, HELD)):
        found = next(one for one in portal.plan(now=now).decisions if one.user_id == ANNA)
        assert (found.decision.value, found.reason.value) == expected
