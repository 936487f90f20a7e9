"""Whoever never accepted an invitation is disabled on whole evidence only, like anybody absent."""

from typing import Any

import pytest

from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.people import Status
from lastseen.simulator.world.world import Outage
from tests.portal.facts import AT, DAY, Reviewed
from tests.unit.simulator.worlds import ANNA, person

HELD = ("hold", "evidence-incomplete")
ENDS = ("disable", "invitation-not-accepted")


def portal(setup: Setup | None = None, *, registered: float = 50) -> Reviewed:
    """Return a portal to which Anna was invited so many days ago, and never came."""
    anna = person(ANNA, status=Status.PENDING, registered=int(AT - registered * DAY))
    return Reviewed(setup, anna=anna, anna_signed_in=None)


@pytest.mark.parametrize("filters", [Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW])
def test_an_invitation_ends_where_the_evidence_is_whole(filters: Filters) -> None:
    assert portal(Setup(filters=filters)).anna() == ENDS


@pytest.mark.parametrize(
    "setup",
    [
        Setup(outages=[Outage("login", AT - 21 * DAY)]),
        Setup(outages=[Outage("trail", AT - 21 * DAY)]),
        Setup(outages=[Outage("login", AT - 25 * DAY, AT - 5 * DAY)]),
        Setup(outages=[Outage("trail", AT - 25 * DAY, AT - 5 * DAY)]),
        Setup(faults=FaultRates.of({"no-date": 1.0})),
        Setup(faults=FaultRates.of({"clock-skew": 1.0})),
        Setup(filters=Filters.IGNORED),
        Setup(retention_days=20),
    ],
    ids=[
        "sign-in log stopped",
        "trail stopped",
        "sign-in log had stopped",
        "trail had stopped",
        "no readable date",
        "clocks differ",
        "no audit option",
        "kept for less than the window",
    ],
)
def test_an_invitation_does_not_end_on_evidence_that_is_not_whole(setup: Setup) -> None:
    assert portal(setup).anna() == HELD


def test_an_entry_of_the_future_proves_nothing_about_an_invitation() -> None:
    ahead = portal()
    ahead.world.add_login(ANNA, AT + 3_600, 1029)
    assert ahead.anna() == HELD


@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_log_that_goes_silent_after_the_plan_ends_no_invitation(log: Any) -> None:
    invited = portal(Setup(outages=[Outage(log, int(AT - 6.5 * DAY))]))
    plan = invited.plan()
    assert ANNA in {one.user_id for one in plan.to_disable()}

    invited.later(0.8)

    outcome = invited.applied(plan)[ANNA]
    assert (outcome.outcome.value, outcome.cause) == ("failed", "unproven")
    assert invited.world.changes == []


@pytest.mark.parametrize("log", ["login", "trail"])
def test_anyone_who_came_after_the_plan_keeps_the_account(log: str) -> None:
    invited = portal()
    plan = invited.plan()
    invited.later(0.5)
    came = int(AT + DAY / 4)
    if log == "login":
        invited.world.add_login(ANNA, came, 1029)
    else:
        invited.world.add_trail(ANNA, came, 5002)

    assert invited.applied(plan)[ANNA].outcome.value == "spared-active"


@pytest.mark.parametrize("action", [4037, 4021])
def test_anyone_who_was_invited_again_after_the_plan_keeps_the_account(action: int) -> None:
    invited = portal()
    plan = invited.plan()
    invited.later(0.5)
    invited.world.administer(int(AT + DAY / 4), action, ANNA)

    assert invited.applied(plan)[ANNA].outcome.value == "spared-changed"
    assert ANNA not in {change.user_id for change in invited.world.changes}
