"""The faults of the simulated portal: each by name, at its rate, from a seed."""

import itertools
import json
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from lastseen.simulator.endpoints.wire import Damage
from lastseen.simulator.server.fault_names import NAMES
from lastseen.simulator.server.faults import DEFAULT_RATE, FaultRates, UnknownFault
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.people import Status
from tests.unit.simulator.worlds import (
    ANNA,
    BERT,
    CARA,
    LOGINS,
    NOW,
    PEOPLE,
    TERMINATE,
    TRAIL,
    ago,
    get,
    portal,
    put,
)

BUSY = [(BERT, ago(hours=hour), 1029) for hour in range(1, 2401)]


def faulty(text, *, seed=1, logins=BUSY):
    return portal(logins=logins, setup=Setup(seed=seed, faults=FaultRates.parse(text)))


def answer(where, path=LOGINS, method="GET", body=b"", **query):
    return where.respond(
        method,
        path,
        query={name: str(value) for name, value in query.items()},
        headers={"Authorization": f"Bearer {where.api_key}"},
        body=body,
    )


class TestNames:
    def test_a_name_alone_gets_the_default_rate(self):
        assert FaultRates.parse("reset, html-502:0.2").rates == {
            "reset": DEFAULT_RATE,
            "html-502": 0.2,
        }

    def test_no_text_is_no_fault(self):
        assert FaultRates.parse("").rates == {}

    @pytest.mark.parametrize("text", ["explode", "reset:often", "reset:2", "reset:-1"])
    def test_what_is_no_fault_or_no_rate_is_refused(self, text):
        with pytest.raises(UnknownFault):
            FaultRates.parse(text)

    def test_every_fault_may_be_asked_for_at_once(self):
        assert set(FaultRates.parse(",".join(NAMES)).rates) == set(NAMES)


class TestRates:
    def test_no_faults_happen_unless_asked_for(self):
        asked = faulty("")
        assert all(answer(asked).status == 200 for _ in range(100))

    def test_a_fault_happens_about_as_often_as_its_rate(self):
        asked = faulty("html-502:0.2")
        bad = sum(answer(asked).status == 502 for _ in range(500))
        assert 60 < bad < 140

    def test_the_same_seed_gives_the_same_faults(self):
        runs = [
            [answer(asked, count=1).status for _ in range(100)]
            for asked in (faulty("html-502:0.3,429:0.3", seed=seed) for seed in (7, 7, 8))
        ]
        assert runs[0] == runs[1] != runs[2]

    def test_faults_never_hit_anything_outside_the_api(self):
        assert answer(faulty("reset:1"), "/health").damage is Damage.NONE

    def test_they_are_counted(self):
        asked = faulty("html-502:1")
        answer(asked)
        assert asked.faults.happened == {"html-502": 1}

    def test_they_can_be_changed_while_the_portal_runs(self):
        asked = faulty("html-502:1")
        asked.set_faults(FaultRates())
        assert answer(asked).status == 200


class TestReset:
    def test_nothing_is_answered_and_nothing_done(self):
        asked = faulty("reset:1")
        assert answer(asked).damage is Damage.RESET
        put(asked, TERMINATE, [ANNA])
        assert asked.world.changes == []


class TestTruncated:
    def test_the_head_promises_more_than_comes(self):
        given = answer(faulty("truncated:1"))
        assert given.damage is Damage.TRUNCATED
        assert len(given.body) < given.full_length
        with pytest.raises(json.JSONDecodeError):
            json.loads(given.body)

    def test_the_work_is_done(self):
        asked = faulty("truncated:1")
        put(asked, TERMINATE, [ANNA])
        assert len(asked.world.changes) == 1


class TestCutPage:
    def test_a_page_holds_fewer_events_and_its_count_agrees(self):
        asked = faulty("cut-page:1")
        for _ in range(20):
            document = get(asked, LOGINS).document
            assert 50 <= len(document["response"]) < 100
            assert document["count"] == len(document["response"])

    def test_events_are_missing_from_either_end_or_from_within(self):
        asked = faulty("cut-page:1")
        pages = [get(asked, LOGINS).ids for _ in range(40)]
        whole = list(range(2400, 2300, -1))
        assert any(page[0] != whole[0] for page in pages)
        assert any(page[-1] != whole[-1] for page in pages)
        assert any(page[0] == whole[0] and page[-1] == whole[-1] for page in pages)

    def test_people_are_cut_too_but_their_total_is_not(self):
        document = get(faulty("cut-page:1"), PEOPLE).document
        assert len(document["response"]) < 8 == document["total"]

    def test_one_event_becomes_none(self):
        assert get(faulty("cut-page:1"), LOGINS, count=1).items == []


class TestBadGateway:
    def test_a_proxy_answers_in_html(self):
        reply = get(faulty("html-502:1"), LOGINS)
        assert reply.status == 502
        assert reply.headers["Content-Type"].startswith("text/html")
        assert reply.body.startswith(b"<html>")

    def test_a_change_may_or_may_not_have_been_made(self):
        done = []
        for seed in range(20):
            asked = faulty("html-502:1", seed=seed)
            assert put(asked, TERMINATE, [ANNA]).status == 502
            done.append(len(asked.world.changes))
        assert set(done) == {0, 1}


class TestDisposed:
    def test_it_is_a_403_in_the_shape_of_an_error(self):
        given = answer(faulty("disposed:1"))
        assert given.status == 403
        assert json.loads(given.body)["error"]["type"] == "System.ObjectDisposedException"

    def test_a_change_may_be_half_done(self):
        changed = set()
        for seed in range(20):
            asked = faulty("disposed:1", seed=seed)
            assert put(asked, TERMINATE, [ANNA, BERT, CARA]).status == 403
            changed.add(len(asked.world.changes))
        assert changed == {1, 2, 3}


class TestEmpty200:
    def test_there_is_no_body_or_an_envelope_that_holds_nothing(self):
        asked = faulty("empty-200:1")
        bodies = {get(asked, LOGINS).body for _ in range(20)}
        assert b"" in bodies
        (empty,) = bodies - {b""}
        assert json.loads(empty)["response"] == []
        assert json.loads(empty)["count"] == 0


class TestOtherShape:
    def test_the_json_is_well_formed_and_not_a_list_of_events(self):
        asked = faulty("other-shape:1")
        whole = get(portal(logins=BUSY), LOGINS).items
        for _ in range(50):
            reply = get(asked, LOGINS)
            assert reply.status == 200
            document = reply.document
            assert not (isinstance(document, dict) and document.get("response") == whole)

    def test_there_are_several_shapes(self):
        asked = faulty("other-shape:1")
        assert len({get(asked, LOGINS).body for _ in range(60)}) >= 6

    @pytest.mark.parametrize("path", [LOGINS, TRAIL, PEOPLE, "/api/2.0/people/@self"])
    def test_every_endpoint_may_have_it(self, path):
        asked = faulty("other-shape:1")
        for _ in range(30):
            get(asked, path).document  # noqa: B018 - reads the JSON


class TestTooMany:
    def test_retry_after_is_in_seconds_and_nothing_is_done(self):
        asked = faulty("429:1")
        reply = put(asked, TERMINATE, [ANNA])
        assert reply.status == 429
        assert 1 <= int(reply.headers["Retry-After"]) <= 3
        assert asked.world.changes == []


class TestSlow:
    def test_the_answer_is_whole_and_late(self):
        given = answer(faulty("slow:1"))
        assert given.status == 200
        assert 0.2 <= given.delay <= 2.0


class TestLostAnswer:
    def test_the_work_is_done_and_nothing_is_answered(self):
        asked = faulty("lost-answer:1")
        given = answer(asked, TERMINATE, "PUT", json.dumps({"userIds": [ANNA]}).encode())
        assert given.damage is Damage.LOST
        assert asked.world.people[ANNA].status is Status.TERMINATED
        assert asked.puts[0].answered == 0


class TestClockSkew:
    def test_the_date_header_is_off_by_more_than_five_minutes(self):
        for seed in range(10):
            reply = get(faulty("clock-skew:1", seed=seed), LOGINS)
            off = abs(parsedate_to_datetime(reply.headers["Date"]) - NOW)
            assert timedelta(minutes=5) < off <= timedelta(hours=2)

    def test_it_is_off_by_the_same_amount_each_time(self):
        asked = faulty("clock-skew:1")
        assert len({get(asked, LOGINS).headers["Date"] for _ in range(10)}) == 1


class TestArrivals:
    def test_new_events_appear_between_requests(self):
        asked = faulty("arrivals:1")
        newest = []
        for _ in range(5):
            newest += get(asked, LOGINS, count=1).items
            asked.clock.advance(timedelta(seconds=1))
        ids = [event["id"] for event in newest]
        assert ids == sorted(set(ids))
        assert [event["date"][17:19] for event in newest] == ["00", "01", "02", "03", "04"]

    def test_now_and_then_many_appear_at_once(self):
        asked = faulty("arrivals:1")
        sizes = [len(asked.world.logins)]
        for _ in range(40):
            get(asked, LOGINS, count=1)
            sizes.append(len(asked.world.logins))
        steps = [after - before for before, after in itertools.pairwise(sizes)]
        assert min(steps) == 1
        assert max(steps) >= 50

    def test_only_those_arrive_who_come_often(self):
        logins = [(BERT, ago(days=1), 1029), (ANNA, ago(days=1), 1002), (CARA, ago(days=31), 1029)]
        asked = faulty("arrivals:1", logins=logins)
        for _ in range(30):
            get(asked, LOGINS)
        now = int(NOW.timestamp())
        assert [truth.id for truth in asked.truths() if truth.last_sign_in_at == now] == [BERT]

    def test_nobody_who_was_disabled_arrives(self):
        asked = faulty("arrivals:1")
        asked.world.set_status(BERT, Status.TERMINATED, by="hand", now=0)
        before = len(asked.world.logins)
        get(asked, LOGINS)
        assert len(asked.world.logins) == before


class TestDeletions:
    def test_old_events_vanish_while_somebody_reads(self):
        asked = faulty("deletions:1")
        sizes = [len(asked.world.logins)]
        for _ in range(5):
            get(asked, LOGINS)
            sizes.append(len(asked.world.logins))
        assert sizes == sorted(set(sizes), reverse=True)

    def test_they_never_come_near_any_window(self):
        asked = faulty("deletions:1")
        for _ in range(200):
            get(asked, LOGINS, count=1)
        (oldest,) = get(asked, LOGINS, count=1, startIndex=len(asked.world.logins) - 1).items
        assert datetime.fromisoformat(oldest["date"][:19]) <= ago(days=59).replace(tzinfo=None)


def test_faults_of_which_one_decides_leave_the_others_be():
    asked = faulty("html-502:1,clock-skew:1,slow:1,arrivals:1")
    given = answer(asked)
    assert given.status == 502
    assert given.delay > 0
    assert given.headers["Date"] != "Mon, 15 Jun 2026 12:00:00 GMT"
    assert asked.faults.happened == {"html-502": 1, "clock-skew": 1, "slow": 1, "arrivals": 1}
