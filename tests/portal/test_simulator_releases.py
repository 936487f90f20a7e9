"""Every release that Lastseen supports, as its server behaves."""

import pytest

from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.release import Release
from tests.unit.simulator.worlds import (
    ADMIN,
    ANNA,
    BERT,
    DIRK,
    LOGINS,
    OWNER,
    PEOPLE,
    TERMINATE,
    TRAIL,
    ago,
    get,
    portal,
    put,
)

EARLIER = [Release.V3_1, Release.V3_5, Release.V3_6]
VERSION = "/api/2.0/settings/version/build"


def of(release, **more):
    return portal(setup=Setup(release=release), **more)


@pytest.mark.parametrize("release", list(Release))
def test_a_portal_says_which_release_it_is_to_anybody(release):
    answer = of(release).respond("GET", VERSION)
    assert answer.status == 200
    assert f'"docSpace":"{release.value}.'.encode() in answer.body


@pytest.mark.parametrize("release", EARLIER)
def test_before_3_7_protected_people_are_passed_over_without_a_word(release):
    asked = of(release)
    answer = put(asked, TERMINATE, [ANNA, OWNER, DIRK, BERT])
    assert answer.status == 200
    assert [(one["id"], one["status"]) for one in answer.items] == [
        (ANNA, 2),
        (OWNER, 1),
        (BERT, 2),
    ]


def test_since_3_7_one_protected_person_refuses_the_batch():
    assert put(of(Release.V3_7), TERMINATE, [ANNA, OWNER]).status == 403


def test_before_3_7_a_status_that_is_none_changes_nobody_and_is_no_error():
    asked = of(Release.V3_6)
    assert put(asked, "/api/2.0/people/status/Pending", [ANNA]).status == 200
    assert asked.world.changes == []


@pytest.mark.parametrize("path", [LOGINS, TRAIL, PEOPLE])
def test_3_1_gives_a_thousand_and_cuts_down_what_is_more(path):
    logins = [(ANNA, ago(hours=hour), 1000) for hour in range(1100)]
    asked = of(Release.V3_1, logins=logins)
    assert get(asked, path, count=5000).status == 200
    assert len(get(asked, LOGINS).items) == 1000
    assert get(of(Release.V3_5), path, count=101).status == 400


def test_3_1_does_not_know_the_actions_that_3_5_brought():
    assert get(of(Release.V3_1), LOGINS, action=1029).status == 400
    assert get(of(Release.V3_5), LOGINS, action=1029).status == 200


@pytest.mark.parametrize(("release", "shown"), [(Release.V3_1, 0), (Release.V3_5, 1)])
def test_opening_for_a_change_is_written_at_once_since_3_5(release, shown):
    asked = of(release)
    now = int(asked.clock().timestamp())
    asked.world.add_trail(ANNA, now, 5054, visible_from=now + 60)
    assert len(get(asked, TRAIL).items) == shown


@pytest.mark.parametrize("release", list(Release))
def test_the_owner_is_called_an_administrator_until_3_7(release):
    owner = get(of(release), f"/api/2.0/people/{OWNER}").document["response"]
    assert owner["isAdmin"] is (release is not Release.V3_7)


def test_3_1_cannot_tell_what_a_key_may_and_asks_scopes_for_people_only():
    key = make_key(ADMIN, 1, scopes=["accounts:read"])
    asked = portal(setup=Setup(release=Release.V3_1, keys=[key]))
    assert get(asked, "/api/2.0/keys/@self").status == 404
    assert get(asked, "/api/2.0/keys").status == 200
    assert get(asked, LOGINS).status == 200
