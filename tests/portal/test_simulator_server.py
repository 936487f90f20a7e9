"""The simulated portal on a real socket: whole answers, and damage that is done for real."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
import pytest

from lastseen.simulator.server.app import serve, serve_in_thread
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.clock import system_clock
from lastseen.simulator.world.people import Status
from tests.unit.simulator.worlds import (
    ADMIN,
    ANNA,
    BERT,
    LOGINS,
    PEOPLE,
    TERMINATE,
    TRAIL,
    ago,
    ask,
    portal,
)

BUSY = [(BERT, ago(hours=hour), 1029) for hour in range(1, 241)]


def faulty(text, **more):
    return portal(logins=BUSY, setup=Setup(faults=FaultRates.parse(text), **more))


@pytest.fixture
def served():
    asked = portal(logins=BUSY, trail=[(ANNA, ago(hours=1), 5064)])
    with serve_in_thread(asked) as url:
        yield asked, url


class TestWholeAnswers:
    def test_a_page_comes_as_json(self, served):
        asked, url = served
        reply = ask(url, "GET", LOGINS, key=asked.api_key, query={"count": 5})
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
        assert len(reply.items) == 5
        assert reply.document["links"][0]["href"] == f"{url}{LOGINS}?count=5"

    def test_queries_are_decoded(self, served):
        asked, url = served
        reply = ask(
            url, "GET", LOGINS, key=asked.api_key, query={"from": "2026-06-15T08:00:00+03:00"}
        )
        assert len(reply.items) == 7

    def test_a_plus_that_is_not_escaped_is_a_blank_and_a_400(self, served):
        asked, url = served
        path = f"{LOGINS}?from=2026-06-15T08:00:00+03:00"
        assert ask(url, "GET", path, key=asked.api_key).status == 400

    def test_the_date_header_is_the_portals_and_there_is_only_one(self, served):
        asked, url = served
        where = urlsplit(url)
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
        connection.request("GET", LOGINS, headers={"Authorization": f"Bearer {asked.api_key}"})
        heads = connection.getresponse().headers.get_all("Date")
        connection.close()
        assert heads == ["Mon, 15 Jun 2026 12:00:00 GMT"]

    def test_every_endpoint_answers(self, served):
        asked, url = served
        for path in (LOGINS, TRAIL, PEOPLE, "/api/2.0/people/@self", f"/api/2.0/people/{ANNA}"):
            assert ask(url, "GET", path, key=asked.api_key).status == 200

    def test_without_a_key_nothing_does(self, served):
        _, url = served
        assert ask(url, "GET", LOGINS).status == 401
        assert ask(url, "GET", LOGINS, key="sk-wrong").status == 401

    def test_people_are_disabled(self, served):
        asked, url = served
        body = json.dumps({"userIds": [ANNA], "resendAll": False}).encode()
        reply = ask(url, "PUT", TERMINATE, key=asked.api_key, body=body)
        assert reply.items[0]["status"] == 2
        assert asked.world.people[ANNA].status is Status.TERMINATED

    def test_what_there_is_not_is_a_404(self, served):
        asked, url = served
        assert ask(url, "GET", "/api/2.0/rooms", key=asked.api_key).status == 404
        assert ask(url, "DELETE", PEOPLE, key=asked.api_key).status == 404

    def test_a_connection_serves_many_requests(self, served):
        asked, url = served
        where = urlsplit(url)
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
        for _ in range(20):
            connection.request("GET", LOGINS, headers={"Authorization": f"Bearer {asked.api_key}"})
            assert connection.getresponse().read()
        connection.close()
        assert asked.requests[f"GET {LOGINS}"] == 20

    def test_it_serves_inside_an_event_loop_too(self):
        async def read():
            asked = portal(logins=BUSY)
            heads = {"Authorization": f"Bearer {asked.api_key}"}
            async with (
                serve(asked) as url,
                aiohttp.ClientSession(url, headers=heads) as session,
                session.get(LOGINS) as response,
            ):
                return (await response.json())["count"]

        assert asyncio.run(read()) == 100

    def test_it_tells_the_real_time_by_the_machines_clock(self):
        asked = portal(logins=BUSY)
        asked.clock = system_clock
        with serve_in_thread(asked) as url:
            date = ask(url, "GET", LOGINS, key=asked.api_key).headers["Date"]
        assert abs((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()) < 10


class TestDamage:
    def test_a_reset_is_a_reset(self):
        asked = faulty("reset:1")
        with serve_in_thread(asked) as url, pytest.raises(ConnectionResetError):
            ask(url, "GET", LOGINS, key=asked.api_key)

    def test_a_lost_answer_ends_the_connection_after_the_work(self):
        asked = faulty("lost-answer:1")
        body = json.dumps({"userIds": [ANNA]}).encode()
        with serve_in_thread(asked) as url, pytest.raises(http.client.RemoteDisconnected):
            ask(url, "PUT", TERMINATE, key=asked.api_key, body=body)
        assert asked.world.people[ANNA].status is Status.TERMINATED

    def test_a_truncated_body_ends_before_its_stated_length(self):
        asked = faulty("truncated:1")
        with serve_in_thread(asked) as url, pytest.raises(http.client.IncompleteRead) as caught:
            ask(url, "GET", LOGINS, key=asked.api_key)
        assert caught.value.expected is not None
        assert caught.value.expected > 0

    def test_aiohttp_sees_the_same(self):
        async def read(fault):
            asked = faulty(fault)
            heads = {"Authorization": f"Bearer {asked.api_key}"}
            async with (
                serve(asked) as url,
                aiohttp.ClientSession(url, headers=heads) as session,
                session.get(LOGINS) as response,
            ):
                return await response.read()

        with pytest.raises(aiohttp.ClientOSError):
            asyncio.run(read("reset:1"))
        with pytest.raises(aiohttp.ServerDisconnectedError):
            asyncio.run(read("lost-answer:1"))
        with pytest.raises(aiohttp.ClientPayloadError):
            asyncio.run(read("truncated:1"))

    def test_a_proxys_page_is_html(self):
        asked = faulty("html-502:1")
        with serve_in_thread(asked) as url:
            reply = ask(url, "GET", LOGINS, key=asked.api_key)
        assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html; charset=utf-8")

    def test_an_empty_200_has_no_body(self):
        asked = faulty("empty-200:1")
        with serve_in_thread(asked) as url:
            bodies = {ask(url, "GET", LOGINS, key=asked.api_key).body for _ in range(20)}
        assert b"" in bodies

    def test_latency_takes_its_time(self):
        asked = faulty("", latency=0.15)
        with serve_in_thread(asked) as url:
            began = time.perf_counter()
            ask(url, "GET", LOGINS, key=asked.api_key)
            assert time.perf_counter() - began >= 0.15


def test_more_than_fifty_gets_at_once_are_refused_over_sockets():
    async def read():
        asked = faulty("", latency=0.3, rate_limit=RateLimit())
        heads = {"Authorization": f"Bearer {asked.api_key}"}
        connector = aiohttp.TCPConnector(limit=0)

        async def one(session):
            async with session.get(LOGINS, params={"count": 1}) as response:
                return response.status

        async with (
            serve(asked) as url,
            aiohttp.ClientSession(url, headers=heads, connector=connector) as session,
        ):
            together = await asyncio.gather(*(one(session) for _ in range(60)))
            return together, await one(session)

    together, alone = asyncio.run(read())
    assert (together.count(200), together.count(429)) == (50, 10)
    assert alone == 200


class TestControls:
    def test_the_truth_is_reported(self, served):
        _, url = served
        document = ask(url, "GET", "/simulator/truth").document
        told = {person["id"]: person for person in document["people"]}
        assert document["filters"] == "after-window"
        assert told[BERT]["last_presence_at"] == "2026-06-15T11:00:00Z"
        assert told[BERT]["last_presence_by"] == "sign-in"
        assert told[ANNA]["last_presence_by"] == "activity"
        assert told[ADMIN]["protected"] == "administrator"
        assert told[BERT]["expected"] == {"decision": "keep", "reason": "active"}

    def test_filters_change_while_it_runs(self, served):
        asked, url = served
        ask(url, "POST", "/simulator/settings", body=b'{"filters": "ignored"}')
        assert len(ask(url, "GET", LOGINS, key=asked.api_key, query={"count": 1}).items) == 20

    def test_retention_section_and_faults_change_while_it_runs(self, served):
        asked, url = served
        body = b'{"login_days": 7, "section_hidden": true, "faults": "html-502:1", "members": 3}'
        assert ask(url, "POST", "/simulator/settings", body=body).status == 200
        assert asked.world.login_days == 7
        assert asked.audit.section_hidden
        assert asked.licence.members == 3
        assert ask(url, "GET", LOGINS, key=asked.api_key).status == 502

    def test_the_clock_is_moved(self, served):
        asked, url = served
        ask(url, "POST", "/simulator/settings", body=b'{"advance_seconds": 3600}')
        date = ask(url, "GET", LOGINS, key=asked.api_key).headers["Date"]
        assert date == "Mon, 15 Jun 2026 13:00:00 GMT"

    def test_an_event_is_added_for_a_person_at_an_instant(self, served):
        asked, url = served
        event = {"user_id": ANNA, "action": 1029, "at": "2026-06-15T11:59:59Z"}
        assert ask(url, "POST", "/simulator/events", body=json.dumps(event).encode()).status == 200
        (newest,) = ask(url, "GET", LOGINS, key=asked.api_key, query={"count": 1}).items
        assert (newest["userId"], newest["date"]) == (ANNA, "2026-06-15T11:59:59.0000000Z")

    def test_a_trail_event_is_added_that_is_written_late(self, served):
        asked, url = served
        event = {
            "user_id": BERT,
            "action": 5064,
            "log": "trail",
            "visible_from": "2026-06-15T12:10:00Z",
        }
        ask(url, "POST", "/simulator/events", body=json.dumps(event).encode())
        query = {"userId": BERT}
        assert ask(url, "GET", TRAIL, key=asked.api_key, query=query).items == []
        ask(url, "POST", "/simulator/settings", body=b'{"now": "2026-06-15T12:10:00Z"}')
        assert len(ask(url, "GET", TRAIL, key=asked.api_key, query=query).items) == 1

    def test_a_status_is_set_by_hand(self, served):
        asked, url = served
        body = json.dumps({"user_id": ANNA, "status": "Terminated"}).encode()
        ask(url, "POST", "/simulator/status", body=body)
        assert asked.world.people[ANNA].status is Status.TERMINATED
        (change,) = ask(url, "GET", "/simulator/changes").document
        assert (change["user_id"], change["after"], change["by"]) == (ANNA, "TERMINATED", "hand")

    def test_requests_are_counted_by_path(self, served):
        asked, url = served
        ask(url, "GET", LOGINS, key=asked.api_key, query={"count": 1})
        ask(url, "GET", LOGINS, key=asked.api_key)
        document = ask(url, "GET", "/simulator/requests").document
        assert (document["total"], document["by_path"]) == (2, {f"GET {LOGINS}": 2})

    def test_puts_are_kept_with_their_bodies(self, served):
        asked, url = served
        body = json.dumps({"userIds": [ANNA]}).encode()
        ask(url, "PUT", TERMINATE, key=asked.api_key, body=body)
        (received,) = ask(url, "GET", "/simulator/puts").document
        assert (received["user_ids"], received["status"], received["answered"]) == (
            [ANNA],
            "Terminated",
            200,
        )
        assert json.loads(received["body"]) == {"userIds": [ANNA]}

    def test_what_was_counted_can_be_forgotten(self, served):
        asked, url = served
        ask(url, "GET", LOGINS, key=asked.api_key)
        ask(url, "POST", "/simulator/forget")
        assert ask(url, "GET", "/simulator/requests").document["total"] == 0

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/simulator/settings", b'{"filters": "sideways"}'),
            ("/simulator/settings", b'{"faults": "explode"}'),
            ("/simulator/settings", b"{"),
            ("/simulator/events", b'{"user_id": "x"}'),
            ("/simulator/status", b'{"user_id": "x", "status": "Terminated"}'),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, served, path, body):
        assert ask(served[1], "POST", path, body=body).status == 400

    def test_what_there_is_not_is_a_404(self, served):
        assert ask(served[1], "GET", "/simulator/nothing").status == 404

    def test_they_can_be_turned_off(self):
        asked = portal()
        with serve_in_thread(asked, controls=False) as url:
            assert ask(url, "GET", "/simulator/truth", key=asked.api_key).status == 404
            assert ask(url, "GET", LOGINS, key=asked.api_key).status == 200


class TestTheCommand:
    CODE = (
        "from lastseen.simulator.server.options import SimulateOptions\n"
        "from lastseen.simulator.server.serving import run\n"
        "run(SimulateOptions(contractors=25, staff=3, days=60, time_zone='Asia/Tokyo'))\n"
    )

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_prints_two_lines_first_and_serves_until_a_signal(self, number):
        process = subprocess.Popen(
            [sys.executable, "-c", self.CODE],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        # Whatever goes wrong, nobody waits for ever.
        watchdog = threading.Timer(20, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            where, key = (process.stdout.readline().strip() for _ in range(2))
            assert where.startswith("LASTSEEN_PORTAL__URL=http://127.0.0.1:")
            assert key.startswith("LASTSEEN_API_KEY=sk-")
            url, secret = where.partition("=")[2], key.partition("=")[2]
            reply = ask(url, "GET", LOGINS, key=secret)
            assert reply.items[0]["date"].endswith("+09:00")
            process.send_signal(number)
            assert process.wait(10) == 0
            assert process.stdout.read() == ""
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def test_a_port_that_is_taken_is_an_error(self):
        async def run():
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                async with serve(portal(), port=taken.getsockname()[1]):
                    pass

        with pytest.raises(OSError, match="in use"):
            asyncio.run(run())

    def test_offering_the_options_loads_no_server(self):
        code = (
            "import sys, lastseen.simulator.server.options\n"
            "sys.exit(any(name.split('.')[0] in ('aiohttp', 'asyncio') for name in sys.modules))"
        )
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0
