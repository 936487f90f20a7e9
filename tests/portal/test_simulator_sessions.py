"""Sessions, keys and those who only read: what the simulated portal says of them, and what not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.clock import MovableClock
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.scenario import scenario_of
from lastseen.simulator.world.sessions import Door, Reader
from lastseen.simulator.world.world import Outage
from tests.unit.simulator.worlds import (
    ADMIN,
    ANNA,
    LOGINS,
    NOW,
    PEOPLE_OF_ALL_SORTS,
    TERMINATE,
    TRAIL,
    USER,
    ago,
    get,
    portal,
    put,
    send,
)

COOKIES = "/api/2.0/settings/cookiesettings"
LOG_OUT = "/api/2.0/security/activeconnections/logoutall/"
KEYS = "/api/2.0/keys"
DAY = 86_400


def seconds(moment):
    return int(moment.timestamp())


def with_reader(reader, setup=None, **more):
    logins = [(reader.user_id, ago(days=40), 1029)] if reader.door is Door.SESSION else []
    scenario = scenario_of(NOW, PEOPLE_OF_ALL_SORTS, key_account=ADMIN, logins=logins)
    return SimulatedPortal(
        replace(scenario, readers=(reader,), **more), clock=MovableClock(NOW), setup=setup
    )


SILENT = Reader(ANNA, seconds(ago(days=1)), 2 * DAY, seconds(ago(days=40)))


def truth_of(asked, user_id):
    return {truth.id: truth for truth in asked.truths()}[user_id]


def later(asked, days):
    assert isinstance(asked.clock, MovableClock)
    asked.clock.advance(timedelta(days=days))
    asked.world.settle(asked.clock().timestamp())


def test_anyone_who_only_reads_is_in_no_log_and_was_there():
    asked = with_reader(SILENT)
    later(asked, 10)
    assert len(asked.world.logins.matching(since=seconds(ago(days=39)))) == 0
    assert get(asked, TRAIL, userId=ANNA).items == []
    truth = truth_of(asked, ANNA)
    assert truth.last_presence_by == "reading"
    assert truth.last_presence_at > seconds(NOW) + 8 * DAY


def test_a_reader_whose_sessions_were_ended_signs_in_again():
    asked = with_reader(SILENT)
    assert send(asked, "PUT", LOG_OUT + ANNA).status == 200
    later(asked, 5)
    (event,) = asked.world.logins.matching(since=seconds(NOW))
    assert asked.world.logins.columns.actions[event] == 1029
    assert truth_of(asked, ANNA).last_presence_by == "reading"


def test_ending_sessions_is_written_with_whose_they_were():
    asked = with_reader(SILENT)
    send(asked, "PUT", LOG_OUT + ANNA)
    later(asked, 0.01)
    (event,) = get(asked, TRAIL, action=4036).items
    assert (event["userId"], event["target"]) == (ADMIN, [ANNA])


def test_a_session_that_is_limited_ends_and_is_begun_again():
    asked = with_reader(SILENT, Setup(session_minutes=1440))
    later(asked, 5)
    assert len(asked.world.logins.matching(since=seconds(NOW))) == 3


def test_no_session_outlives_its_sign_in_event():
    asked = with_reader(SILENT, Setup(retention_days=45))
    later(asked, 20)
    assert len(asked.world.logins.matching(since=seconds(NOW))) == 1


def test_anyone_who_is_disabled_cannot_read():
    asked = with_reader(SILENT)
    put(asked, TERMINATE, [ANNA])
    later(asked, 10)
    assert truth_of(asked, ANNA).last_presence_at == SILENT.last_visit


def test_an_authorised_application_outlives_a_sign_out():
    asked = with_reader(replace(SILENT, door=Door.OAUTH, signed_in=None))
    send(asked, "PUT", LOG_OUT + ANNA)
    later(asked, 10)
    assert len(asked.world.logins.matching(since=seconds(NOW))) == 0
    assert truth_of(asked, ANNA).last_presence_at > seconds(NOW) + 8 * DAY


def test_anyone_who_comes_by_key_only_is_seen_in_the_list_of_keys():
    reader = Reader(USER, seconds(ago(days=3)), 2 * DAY, door=Door.API_KEY)
    asked = with_reader(reader, keys=(replace(make_key(USER, 7), last_used=seconds(NOW)),))
    later(asked, 2)
    listed = {key["createBy"]["id"]: key for key in get(asked, KEYS).items}
    assert set(listed) == {ADMIN, USER}
    assert listed[USER]["lastUsed"].startswith("2026-06-16")
    assert get(asked, KEYS).document["count"] == 1


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (None, {"enabled": False, "lifeTime": 1440}),
        (60, {"enabled": True, "lifeTime": 60}),
    ],
)
def test_the_portal_says_how_long_sessions_live(minutes, said):
    assert get(portal(setup=Setup(session_minutes=minutes)), COOKIES).document["response"] == said


def test_only_an_administrator_ends_sessions_and_reads_the_setting():
    asked = portal(key_account=USER)
    assert get(asked, COOKIES).status == 403
    assert send(asked, "PUT", LOG_OUT + ANNA).status == 403
    assert send(asked, "PUT", LOG_OUT + USER).status == 200


def test_a_limited_key_says_what_it_may_and_until_when():
    key = replace(make_key(ADMIN, 1, scopes=["accounts:read"]), expires=seconds(NOW) + DAY)
    asked = portal(setup=Setup(keys=[key]))
    own = get(asked, f"{KEYS}/@self").document["response"]
    assert own["permissions"] == ["accounts:read"]
    assert own["expiresAt"] == "2026-06-16T12:00:00.0000000Z"
    assert key.secret not in str(own)
    assert get(asked, KEYS).status == 403
    later(asked, 2)
    assert get(asked, f"{KEYS}/@self").status == 401


def test_a_log_that_has_stopped_loses_what_happens_and_the_truth_does_not():
    logins = [(ANNA, ago(days=5), 1029), (ANNA, ago(days=50), 1029)]
    outage = Outage("login", seconds(ago(days=20)), seconds(ago(days=2)))
    asked = portal(logins=logins, setup=Setup(outages=[outage]))
    assert len(get(asked, LOGINS).items) == 1
    assert truth_of(asked, ANNA).last_presence_at == seconds(ago(days=5))
    asked.world.add_login(ANNA, seconds(NOW), 1029)
    assert len(get(asked, LOGINS).items) == 2


def test_a_status_set_by_hand_is_in_the_trail_with_whose_it_was():
    asked = portal()
    status = type(asked.world.people[ANNA].status)
    asked.world.set_status_by_hand(ANNA, status.TERMINATED, now=NOW.timestamp())
    asked.world.set_status_by_hand(ANNA, status.ACTIVE, now=NOW.timestamp())
    events = get(asked, TRAIL, action=4020).items
    assert [event["target"] for event in events] == [[ANNA], [ANNA]]
    assert len(get(asked, TRAIL, action=6032).items) == 1
