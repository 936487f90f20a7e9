"""The limits of the simulated portal, and the headers with which it tells of them."""

import pytest

from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.scenario import scenario_of
from tests.unit.simulator.worlds import (
    ADMIN,
    ANNA,
    LOGINS,
    NOW,
    OWNER,
    PEOPLE_OF_ALL_SORTS,
    TERMINATE,
    get,
    portal,
    put,
)

HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


class RateWindow:
    now = 1000.0

    def __call__(self):
        return self.now


def limited(**limits):
    pace = RateWindow()
    scenario = scenario_of(NOW, PEOPLE_OF_ALL_SORTS, key_account=ADMIN)
    setup = Setup(rate_limit=RateLimit(**limits), keys=[make_key(ADMIN, 1), make_key(OWNER, 1)])
    return SimulatedPortal(scenario, clock=lambda: NOW, setup=setup, pace=pace), pace


def test_there_is_no_limit_by_default():
    asked = portal()
    replies = [get(asked, LOGINS) for _ in range(1600)]
    assert {reply.status for reply in replies} == {200}
    assert HEADERS.isdisjoint(replies[0].headers)


def test_the_portals_own_limits_are_the_defaults():
    limit = RateLimit()
    assert (limit.per_minute, limit.gets, limit.writes, limit.daily_writes) == (1500, 50, 15, 10000)


class TestTheMinute:
    def test_over_it_is_a_429_with_retry_after_in_seconds(self):
        asked, pace = limited(per_minute=3)
        assert [get(asked, LOGINS).status for _ in range(3)] == [200] * 3
        pace.now += 20
        reply = get(asked, LOGINS)
        assert (reply.status, reply.body) == (429, b"")
        assert reply.headers["Retry-After"] == "40"
        assert reply.headers["X-RateLimit-Remaining"] == "0"
        assert reply.headers["X-RateLimit-Reset"] == "1060"

    def test_the_window_slides(self):
        asked, pace = limited(per_minute=3)
        for _ in range(3):
            get(asked, LOGINS)
            pace.now += 20
        assert get(asked, LOGINS).status == 200
        assert get(asked, LOGINS).status == 429

    def test_what_was_refused_does_not_count(self):
        asked, pace = limited(per_minute=1)
        for _ in range(10):
            get(asked, LOGINS)
            pace.now += 5.9
        pace.now = 1060
        assert get(asked, LOGINS).status == 200

    def test_every_answer_tells_what_is_left(self):
        asked, _ = limited(per_minute=5)
        replies = [get(asked, LOGINS) for _ in range(3)]
        assert [reply.headers["X-RateLimit-Limit"] for reply in replies] == ["5"] * 3
        assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["4", "3", "2"]

    def test_each_account_has_its_own(self):
        asked, _ = limited(per_minute=1)
        assert get(asked, LOGINS).status == 200
        assert get(asked, LOGINS, key=make_key(OWNER, 1).secret).status == 200
        assert get(asked, LOGINS).status == 429


class TestAtOnce:
    def test_more_than_fifty_gets_at_once_are_refused(self):
        asked, _ = limited()
        for _ in range(50):
            asked.limiter.enter(ADMIN, "GET")
        assert get(asked, LOGINS).status == 200
        asked.limiter.enter(ADMIN, "GET")
        assert get(asked, LOGINS).status == 429
        asked.limiter.leave(ADMIN, "GET")
        assert get(asked, LOGINS).status == 200

    def test_more_than_fifteen_writes_at_once_are_refused(self):
        asked, _ = limited()
        for _ in range(16):
            asked.limiter.enter(ADMIN, "PUT")
        reply = put(asked, TERMINATE, [ANNA])
        assert (reply.status, reply.headers["Retry-After"]) == (429, "1")
        assert get(asked, LOGINS).status == 200


class TestTheDay:
    def test_more_writes_than_a_day_may_have_are_refused(self):
        asked, pace = limited(daily_writes=2)
        assert [put(asked, TERMINATE, [ANNA]).status for _ in range(2)] == [200, 200]
        pace.now += 3600
        reply = put(asked, TERMINATE, [ANNA])
        assert (reply.status, reply.headers["Retry-After"]) == (429, str(23 * 3600))
        assert get(asked, LOGINS).status == 200

    def test_the_next_day_begins_again(self):
        asked, pace = limited(daily_writes=1)
        put(asked, TERMINATE, [ANNA])
        pace.now += 86_400
        assert put(asked, TERMINATE, [ANNA]).status == 200


class TestAsTheReleaseReallyDoes:
    @pytest.fixture
    def terse(self):
        return limited(per_minute=2, daily_writes=1, announced=False)

    def test_nothing_is_told_while_all_is_well(self, terse):
        assert HEADERS.isdisjoint(get(terse[0], LOGINS).headers)

    def test_the_minutes_429_has_no_retry_after(self, terse):
        replies = [get(terse[0], LOGINS) for _ in range(3)]
        assert replies[-1].status == 429
        assert {"Retry-After", "X-RateLimit-Reset"}.isdisjoint(replies[-1].headers)
        assert replies[-1].headers["X-RateLimit-Limit"] == "2"

    def test_the_days_429_has_one(self, terse):
        put(terse[0], TERMINATE, [ANNA])
        assert put(terse[0], TERMINATE, [ANNA]).headers["Retry-After"] == "86400"
