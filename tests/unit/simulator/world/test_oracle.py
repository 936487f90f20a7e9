"""The oracle of the simulator decides as the rules say."""

from dataclasses import replace

import pytest

from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.oracle import DAY, Rules, Truth, expected, protection
from lastseen.simulator.world.people import EmployeeType
from tests.unit.simulator.worlds import ADMIN, ANNA, OWNER, ROOM_ADMIN, USER, ago, person, portal

NOW = 1_800_000_000.0
IGNORED = Setup(filters=Filters.IGNORED)


def days(number):
    return int(NOW - number * DAY)


GUEST = Truth(
    id=ANNA,
    email="anna@example.net",
    display_name="Anna",
    kind="daily",
    status="Active",
    protected=None,
    registered_at=days(400),
    inviter=OWNER,
    last_sign_in_at=None,
    last_activity_at=None,
    last_written_activity_at=None,
    unrecognised_at=None,
    failed_sign_ins=0,
    reinstated_at=None,
)


def decided(rules=None, **changes):
    return tuple(expected(replace(GUEST, **changes), now=NOW, rules=rules))


@pytest.mark.parametrize(
    ("seconds", "decision"),
    [(30 * DAY - 1, "keep"), (30 * DAY, "disable"), (30 * DAY + 1, "disable")],
)
def test_thirty_days_to_the_second(seconds, decision):
    assert decided(last_sign_in_at=int(NOW) - seconds)[0] == decision


def test_activity_counts_like_a_sign_in():
    assert decided(last_activity_at=days(3), last_written_activity_at=days(3)) == ("keep", "active")


def test_activity_does_not_count_where_the_policy_leaves_it_out():
    rules = Rules(evidence=["sign-in"])
    changes = {"last_sign_in_at": days(60), "last_written_activity_at": days(3)}
    assert decided(rules, **changes) == ("disable", "inactive")


def test_activity_that_is_not_written_yet_counts_in_hindsight_only():
    changes = {"last_sign_in_at": days(60), "last_activity_at": days(0.01)}
    assert decided(**changes) == ("disable", "inactive")
    assert decided(Rules(hindsight=True), **changes) == ("keep", "active")


def test_what_others_signed_shows_nobody_who_asked_for_it():
    signed_lately = [(ANNA, ago(days=40), 5064), (ANNA, ago(days=2), 5046)]
    (anna,) = (truth for truth in portal(trail=signed_lately).truths() if truth.id == ANNA)
    assert anna.last_activity_at == anna.last_written_activity_at == int(ago(days=40).timestamp())


def test_failures_never_count():
    assert decided(failed_sign_ins=500) == ("disable", "never-seen")


@pytest.mark.parametrize(
    ("never_seen", "registered", "expectation"),
    [
        ("grace", 400, ("disable", "never-seen")),
        ("grace", 29, ("keep", "recently-registered")),
        ("grace", 30, ("disable", "never-seen")),
        ("disable", 2, ("disable", "never-seen")),
        ("keep", 400, ("keep", "never-seen")),
    ],
)
def test_anyone_who_was_never_seen_is_decided_by_policy(never_seen, registered, expectation):
    assert decided(Rules(never_seen=never_seen), registered_at=days(registered)) == expectation


def test_anyone_who_was_seen_before_the_lookback_only_was_never_seen():
    assert decided(last_sign_in_at=days(181)) == ("disable", "never-seen")
    assert decided(last_sign_in_at=days(179)) == ("disable", "inactive")


def test_never_is_not_said_where_the_lookback_is_not_covered():
    assert decided(Rules(covered_days=90, never_seen="keep")) == ("disable", "inactive")


def test_never_is_said_where_everything_since_registration_is_covered():
    rules = Rules(covered_days=90)
    assert decided(rules, registered_at=days(10)) == ("keep", "recently-registered")


@pytest.mark.parametrize("covered", [0.0, 7.0, 29.9])
def test_a_window_that_is_not_covered_is_a_hold(covered):
    rules = Rules(covered_days=covered)
    assert decided(rules, last_sign_in_at=days(60)) == ("hold", "evidence-incomplete")
    assert decided(rules, last_sign_in_at=days(3)) == ("keep", "active")


def test_an_unknown_event_is_a_hold_if_it_is_the_newest_and_in_the_window():
    hold = ("hold", "unrecognised-event")
    assert decided(unrecognised_at=days(3)) == hold
    assert decided(unrecognised_at=days(3), last_sign_in_at=days(60)) == hold
    assert decided(unrecognised_at=days(3), last_sign_in_at=days(2)) == ("keep", "active")
    assert decided(unrecognised_at=days(40), last_sign_in_at=days(60)) == ("disable", "inactive")


def test_anyone_who_is_terminated_or_protected_is_skipped():
    assert decided(status="Terminated") == ("skip", "already-disabled")
    assert decided(protected="owner") == ("skip", "protected")


def test_anyone_who_was_put_back_is_kept_where_that_is_known():
    changes = {"reinstated_at": days(3), "last_sign_in_at": days(60)}
    assert decided(**changes) == ("disable", "inactive")
    assert decided(Rules(knows_reinstated=True), **changes) == ("keep", "recently-reinstated")
    changes["reinstated_at"] = days(14)
    assert decided(Rules(knows_reinstated=True), **changes) == ("disable", "inactive")


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (person(OWNER, EmployeeType.DOCSPACE_ADMIN, is_owner=True), "owner"),
        (person(ADMIN, EmployeeType.DOCSPACE_ADMIN), "administrator"),
        (person(ROOM_ADMIN, EmployeeType.ROOM_ADMIN), "administrator"),
        (person(USER, EmployeeType.USER), None),
        (person(ANNA), None),
        (person(ANNA, is_ldap=True), "ldap"),
        (person(ANNA, is_system=True), "system"),
    ],
)
def test_some_are_protected(who, why):
    assert protection(who, "") == why


def test_the_keys_own_account_is_protected():
    assert protection(person(USER, EmployeeType.USER), USER) == "own-account"


def test_a_portal_tells_how_far_its_evidence_goes():
    asked = portal()
    assert asked.covered_days() == 180
    asked.world.login_days = 7
    assert asked.covered_days() == 7
    asked.audit.section_hidden = True
    assert asked.covered_days() == 0


def test_a_portal_that_ignores_filters_proves_nothing_unless_it_shows_all_that_it_has():
    logins = [(ANNA, ago(hours=hour), 1029) for hour in range(20)]
    assert portal(logins=logins, setup=IGNORED).covered_days() == 0
    assert portal(logins=logins[1:], setup=IGNORED).covered_days() == 180
    activity = [(ANNA, ago(hours=hour), 5064) for hour in range(20)]
    asked = portal(trail=activity, setup=IGNORED)
    assert (asked.covered_days(), asked.covered_days(["sign-in"])) == (0, 180)
