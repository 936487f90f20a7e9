"""What the simulated portal shows and what it says is true are the same world."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.actions import LOGIN_SESSION, LOGIN_SUCCESS, NEWER_RELEASE
from lastseen.simulator.world.clock import MovableClock
from lastseen.simulator.world.oracle import expected
from lastseen.simulator.world.population import Population, populate
from tests.unit.simulator.worlds import ANNA, LOGINS, PEOPLE, TERMINATE, TRAIL, get, portal

NOW = datetime(2026, 2, 10, 9, 30, 15, tzinfo=UTC)
WINDOW, LOOKBACK = timedelta(days=30), timedelta(days=180)


def everything(asked, path, **query):
    items: list[dict[str, Any]] = []
    while page := get(asked, path, startIndex=len(items), **query).items:
        items += page
    return items


def instant(text):
    return datetime.fromisoformat(text[:19] + text[27:])


def decide(asked, profile):
    """Read all that there is about one person, and decide by the rules."""
    if profile["status"] == 2:
        return ("skip", "already-disabled")
    flags = ("isOwner", "isAdmin", "isRoomAdmin", "isLDAP")
    if any(profile[flag] for flag in flags):
        return ("skip", "protected")
    logins = everything(asked, LOGINS, userId=profile["id"])
    seen = [
        instant(event["date"])
        for event in logins
        if event["actionId"] in LOGIN_SUCCESS or event["actionId"] in LOGIN_SESSION
    ]
    seen += [instant(event["date"]) for event in everything(asked, TRAIL, userId=profile["id"])]
    seen = [when for when in seen if NOW - when <= LOOKBACK]
    statuses = everything(asked, TRAIL, action=4020)
    back = [instant(e["date"]) for e in statuses if profile["id"] in e["target"]]
    strange = [instant(e["date"]) for e in logins if e["actionId"] == NEWER_RELEASE]
    last = max(seen, default=None)
    if last is not None and NOW - last < WINDOW:
        return ("keep", "active")
    if strange and NOW - max(strange) < WINDOW:
        return ("hold", "unrecognised-event")
    if any(NOW - when < timedelta(days=14) for when in back):
        return ("keep", "recently-reinstated")
    if profile["status"] == 4 and last is None:
        return ("disable", "invitation-not-accepted")
    if last is not None:
        return ("disable", "inactive")
    if NOW - instant(profile["registrationDate"]) < WINDOW:
        return ("keep", "recently-registered")
    return ("disable", "never-seen")


@pytest.mark.parametrize(
    ("seed", "zone"), [(1, "UTC"), (2, "Asia/Kathmandu"), (3, "Europe/Berlin")]
)
def test_anyone_who_reads_everything_decides_as_the_oracle_does(seed, zone):
    world = populate(NOW, Population(contractors=40, staff=8, days=120, seed=seed))
    setup = Setup(filters=Filters.BEFORE_WINDOW, time_zone=zone, seed=seed)
    asked = SimulatedPortal(world, clock=MovableClock(NOW), setup=setup)
    profiles = everything(asked, PEOPLE, sortBy="email")
    assert len(profiles) == 48
    decisions = {profile["id"]: decide(asked, profile) for profile in profiles}
    now = NOW.timestamp()
    oracle = {truth.id: tuple(expected(truth, now=now)) for truth in asked.truths()}
    assert decisions == {user_id: oracle[user_id] for user_id in decisions}
    assert {decision for decision, _ in decisions.values()} == {"keep", "disable", "skip", "hold"}


def test_the_truth_follows_what_happens():
    asked = portal()
    before = {truth.id: truth for truth in asked.truths()}[ANNA]
    asked.world.add_login(ANNA, int(asked.clock().timestamp()), 1029)
    asked.respond(
        "PUT",
        TERMINATE,
        headers={"Authorization": f"Bearer {asked.api_key}"},
        body=b'{"userIds": ["%s"]}' % ANNA.encode(),
    )
    after = {truth.id: truth for truth in asked.truths()}[ANNA]
    assert (before.last_presence_at, before.status) == (None, "Active")
    assert (after.last_presence_at, after.status) == (
        int(asked.clock().timestamp()),
        "Terminated",
    )


def test_two_portals_of_one_world_do_not_meet():
    world = populate(NOW, Population(contractors=5, staff=2, days=10))
    one, other = (SimulatedPortal(world, clock=MovableClock(NOW)) for _ in range(2))
    one.world.add_login(world.people[1].id, int(NOW.timestamp()), 1029)
    assert len(one.world.logins) == len(other.world.logins) + 1
