"""A simulated portal that answers less than usual: suspended, restored, unpaid, closed to us."""

import pytest

from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.server.states import PortalState
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.people import Status
from lastseen.simulator.world.release import Release
from tests.unit.simulator.worlds import ADMIN, ANNA, LOGINS, OWNER, PEOPLE, TERMINATE, portal

SELF, ONE = "/api/2.0/people/@self", f"/api/2.0/people/{ANNA}"
SETTINGS, BUILD = "/api/2.0/settings", "/api/2.0/settings/version/build"
COOKIES, OWN_KEY = "/api/2.0/settings/cookiesettings", "/api/2.0/keys/@self"
EVERYTHING = (SELF, ONE, PEOPLE, SETTINGS, BUILD, COOKIES, OWN_KEY, LOGINS)


def answered(asked, path, method="GET", key=None):
    heads = {"Authorization": f"Bearer {key or asked.api_key}"}
    body = b'{"userIds":["%b"]}' % ANNA.encode()
    return asked.respond(method, path, headers=heads, body=body if method == "PUT" else b"")


@pytest.mark.parametrize(
    ("state", "status", "still_answered"),
    [
        (PortalState.SUSPENDED, 404, {SETTINGS}),
        (PortalState.REMOVING, 404, set()),
        (PortalState.RESTORING, 403, {SELF, SETTINGS, BUILD, COOKIES, OWN_KEY}),
        (PortalState.UNPAID, 402, {SELF, ONE, PEOPLE, SETTINGS, BUILD}),
        (PortalState.OTHER_ADDRESS, 403, set()),
    ],
)
def test_each_state_refuses_in_its_own_way(state, status, still_answered):
    asked = portal()
    asked.state = state
    given = {path: answered(asked, path).status for path in EVERYTHING}
    assert {path for path, status in given.items() if status == 200} == still_answered
    assert set(given.values()) <= {200, status}


@pytest.mark.parametrize("state", [state for state in PortalState if state != "active"])
def test_nobody_is_changed_in_any_of_them(state):
    asked = portal()
    asked.state = state
    given = answered(asked, TERMINATE, "PUT")
    assert given.status in {402, 403, 404}
    assert asked.world.changes == []


def test_a_refusal_by_state_is_no_error_of_the_portals_own_shape():
    asked = portal()
    asked.state = PortalState.RESTORING
    given = answered(asked, PEOPLE)
    assert given.headers["Content-Type"].startswith("application/problem+json")
    assert b"statusCode" not in given.body


@pytest.mark.parametrize(("release", "status"), [(Release.V3_6, 200), (Release.V3_7, 403)])
def test_a_limited_key_may_not_ask_for_the_release_since_3_7(release, status):
    keys = [make_key(ADMIN, 1, scopes=["accounts:read"])]
    assert answered(portal(setup=Setup(keys=keys, release=release)), BUILD).status == status


def test_the_release_needs_no_key_and_minds_no_wrong_one():
    asked = portal()
    assert asked.respond("GET", BUILD).status == 200
    assert answered(asked, BUILD, key="sk-unknown").status == 200


def test_asking_for_the_release_with_a_key_counts_for_its_limits():
    asked = portal(setup=Setup(rate_limit=RateLimit(per_minute=1)))
    assert [answered(asked, BUILD).status for _ in range(2)] == [200, 429]


def test_a_key_of_somebody_disabled_is_refused_and_its_use_noted():
    asked = portal(setup=Setup(keys=[make_key(OWNER, 1), make_key(ADMIN, 1)]))
    theirs = list(asked.keys)[1]
    asked.world.set_status(ADMIN, Status.TERMINATED, by="hand", now=0)
    assert answered(asked, SELF, key=theirs).status == 401
    assert ADMIN in asked.world.key_uses
