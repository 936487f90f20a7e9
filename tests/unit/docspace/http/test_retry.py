import asyncio
import logging

import pytest

from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import (
    AnswerTooLarge,
    ConnectionFailure,
    ConnectionLost,
    UnreadableBody,
)
from lastseen.docspace.interface import EventQuery, Traffic
from lastseen.model.errors import PortalRefused, PortalUnreachable, PortalUnreadable
from tests.unit.docspace.scripted import NOW, Scripted, event, failed, in_turn, ok, profile, raw

GOOD = ok([event(1)])
EVERYBODY = ok([profile(1)], total=3)
LISTING = Operation("listing people", Topic.PEOPLE)


def ask(portal, **more):
    client = portal.client(**more)
    return client, asyncio.run(client.sign_ins(EventQuery()))


@pytest.mark.parametrize(
    "trouble",
    [
        failed(500),
        failed(502),
        raw(b"<html>Bad gateway</html>", 502),
        failed(503),
        failed(503, Retry_After="2"),
        failed(504),
        failed(408),
        failed(429),
        failed(429, Retry_After="3"),
        raw(b""),
        raw(b"<html>Please sign in</html>"),
        GOOD.__class__(status=200, headers={}, body=GOOD.body[:-9]),
        ConnectionLost(sent=True),
        ConnectionLost(ConnectionFailure.TIMEOUT, sent=True),
        ConnectionLost(ConnectionFailure.REFUSED, sent=False),
        ConnectionLost(ConnectionFailure.NAME, sent=False),
        AnswerTooLarge(),
    ],
)
def test_what_may_pass_is_asked_again(trouble):
    client, page = ask(Scripted(in_turn(trouble, GOOD)))

    assert len(page.events) == 1
    assert (client.traffic.requests, client.traffic.retries) == (2, 1)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 415, 301, 302, 307])
def test_what_will_not_pass_is_not(status):
    portal = Scripted(lambda _: failed(status))

    with pytest.raises(PortalRefused) as caught:
        ask(portal)

    assert caught.value.status == status
    assert len(portal.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "error", "tries"),
    [
        (failed(500), PortalRefused, 6),
        (failed(429), PortalRefused, 6),
        (raw(b""), PortalUnreadable, 4),
        (AnswerTooLarge(), PortalUnreadable, 2),
        (ConnectionLost(sent=True), PortalUnreachable, 6),
        (ConnectionLost(ConnectionFailure.REFUSED, sent=False), PortalUnreachable, 2),
        (ConnectionLost(ConnectionFailure.NAME, sent=False), PortalUnreachable, 2),
        (ConnectionLost(ConnectionFailure.CERTIFICATE, sent=False), PortalUnreachable, 1),
        (ConnectionLost(ConnectionFailure.NOT_TLS, sent=False), PortalUnreachable, 1),
        (ConnectionLost(ConnectionFailure.PROXY_LOGIN, sent=True), PortalUnreachable, 1),
        (ConnectionLost(ConnectionFailure.NOT_HTTP, sent=True), PortalUnreachable, 2),
        (UnreadableBody("it is compressed with 'br'"), PortalUnreadable, 1),
    ],
)
def test_there_is_an_end_to_it(trouble, error, tries):
    portal = Scripted(lambda _: trouble)

    with pytest.raises(error):
        ask(portal)

    assert len(portal.requests) == tries


def test_the_waits_grow_and_are_shaken():
    portal = Scripted(lambda _: failed(503))

    with pytest.raises(PortalRefused):
        ask(portal)

    assert portal.time.slept == [0.375, 0.75, 1.5, 3.0, 6.0]  # with a chance of one half


def test_a_retry_after_holds_everyone_back():
    # given
    portal = Scripted(in_turn(failed(429, Retry_After="20"), GOOD))
    client = portal.client()

    async def several():
        await client.sign_ins(EventQuery())
        return await asyncio.gather(*(client.sign_ins(EventQuery()) for _ in range(5)))

    # when
    asyncio.run(several())

    # then
    assert 20 <= portal.time.seconds < 21
    assert client.traffic == Traffic(requests=7, retries=1, throttled=1)


def test_a_retry_after_may_be_a_date():
    portal = Scripted(in_turn(failed(429, Retry_After="Sun, 01 Nov 2026 12:00:30 GMT"), GOOD))

    ask(portal)

    assert 30 <= portal.time.seconds < 31


@pytest.mark.parametrize("text", ["soon", "-1", "", "1e9", "9" * 400, "\udcff"])
def test_a_retry_after_that_is_none_is_waited_for_as_usual(text):
    portal = Scripted(in_turn(failed(429, Retry_After=text), GOOD))
    portal.time.seconds = 0.0

    if text == "9" * 400:
        with pytest.raises(PortalRefused):
            ask(portal)
    else:
        ask(portal)
        assert portal.time.seconds < 5


def test_nobody_waits_for_a_day():
    portal = Scripted(lambda _: failed(429, Retry_After="50400"))

    with pytest.raises(PortalRefused) as caught:
        ask(portal)

    assert "02:00 UTC, 02 November" in caught.value.found
    assert "02:00 UTC, 02 November" in caught.value.remedy
    assert len(portal.requests) == 1
    assert portal.time.seconds == 0


def test_the_limits_may_say_fewer_tries():
    portal = Scripted(lambda _: failed(500))

    with pytest.raises(PortalRefused):
        ask(portal, limits=Limits(tries=2))

    assert len(portal.requests) == 2


def test_the_portals_clock_is_held_against_the_machines():
    portal = Scripted(
        in_turn(
            raw(GOOD.body, 200, Date="Sun, 01 Nov 2026 11:50:00 GMT"),
            raw(GOOD.body, 200, Date="Sun, 01 Nov 2026 12:00:00 GMT"),
        )
    )
    client, page = ask(portal)

    assert client.largest_skew_seconds == -600
    assert (page.sent_at - page.portal_time).total_seconds() == 600


def test_errors_tell_the_clock_too():
    portal = Scripted(lambda _: failed(403, Date="Sun, 01 Nov 2026 13:00:00 GMT"))
    client = portal.client()

    with pytest.raises(PortalRefused):
        asyncio.run(client.sign_ins(EventQuery()))

    assert client.largest_skew_seconds == 3600


def test_each_request_is_a_line_at_debug_and_each_retry_a_warning(caplog):
    caplog.set_level(logging.DEBUG, logger="lastseen.docspace")

    ask(Scripted(in_turn(failed(503), GOOD)))

    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    asked = "GET /api/2.0/security/audit/login/filter?startIndex=0&count=100: "
    assert lines == [
        ("DEBUG", asked + "503, 0 ms"),
        ("WARNING", "reading the sign-in log: the portal answered 503; retrying (attempt 2 of 6)"),
        ("DEBUG", asked + "200, 0 ms"),
    ]


def test_an_error_is_chained_to_nothing():
    # whatever the network raised could carry a request's headers
    for trouble in (failed(403), failed(500), raw(b""), ConnectionLost(sent=True)):
        with pytest.raises((PortalRefused, PortalUnreadable, PortalUnreachable)) as caught:
            ask(Scripted(in_turn(trouble)))
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None


def test_nothing_is_asked_before_someone_asks():
    portal = Scripted(lambda _: GOOD)
    client = portal.client()

    assert client.traffic == Traffic()
    assert client.largest_skew_seconds == 0
    assert client.concurrency >= 1
    assert client.url == "https://portal.example"
    assert portal.time.clock() == NOW


def test_a_portal_that_answered_once_is_tried_as_often_as_any_other():
    refused = ConnectionLost(ConnectionFailure.REFUSED, sent=False)
    portal = Scripted(in_turn(failed(503), refused))

    with pytest.raises(PortalUnreachable):
        ask(portal)

    assert len(portal.requests) == 6


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_web_page_says_nothing_about_the_keys_rights(status):
    with pytest.raises(PortalRefused) as caught:
        ask(Scripted(in_turn(raw(b"<html>Blocked</html>", status, Content_Type="text/html"))))

    assert "firewall" in caught.value.meaning


def many_pages(portal, limits, *, days=0):
    client = portal.client(limits=limits)
    client.expect_days(days)

    async def play():
        for _ in range(100):
            await client.sign_ins(EventQuery())

    with pytest.raises(PortalUnreadable) as caught:
        asyncio.run(play())
    return caught.value


def test_a_log_without_an_end_is_left_and_can_be_continued(caplog):
    portal = Scripted(lambda request: EVERYBODY if "people" in request.path else GOOD)

    error = many_pages(portal, Limits(log_requests=10))

    assert len(portal.requests) == 10 + 1  # and one that counts everybody
    assert "10 requests" in error.found
    assert "run the same command again to continue" in error.remedy
    assert "8 requests to the logs in 0 minutes so far" in caplog.text


def test_a_larger_portal_and_more_days_may_need_more_requests():
    limits = Limits(log_requests=10, log_requests_a_person_day=0.1)
    portal = Scripted(lambda request: EVERYBODY if "people" in request.path else GOOD)
    client = portal.client(limits=limits)
    client._requests.expect_people(2, LISTING)
    client.expect_days(100)

    async def play():
        for _ in range(30):
            await client.sign_ins(EventQuery())

    asyncio.run(play())

    assert len(portal.requests) == 30 + 1  # and one that counts everybody


def test_everybody_is_counted_before_a_limit_made_for_a_few_is_told_or_reached(caplog):
    portal = Scripted(lambda request: EVERYBODY if "people" in request.path else GOOD)

    error = many_pages(portal, Limits(log_requests=10, log_requests_a_person_day=0.1), days=100)

    assert "40 requests" in error.found  # for three people over a hundred days
    counted = [place for place, one in enumerate(portal.requests) if "people" in one.path]
    assert counted == [7]
    (told,) = [line for line in caplog.messages if "so far" in line]
    assert "after 40 requests" in told


def test_a_list_of_more_people_than_any_portal_has_is_refused():
    client = Scripted(lambda _: GOOD).client(limits=Limits(people=1000))

    with pytest.raises(PortalUnreadable, match="1,001 people"):
        client._requests.expect_people(1001, LISTING)


def test_that_a_portal_is_silent_is_said_once(caplog, monkeypatch):
    monkeypatch.setattr("lastseen.docspace.http.retry._SILENCE_SECONDS", 0.0)

    class Slow(Scripted):
        async def send(self, request):
            await asyncio.sleep(0.01)
            return await super().send(request)

    async def everything_at_once():
        client = Slow(lambda _: GOOD).client()
        await asyncio.gather(*(client.sign_ins(EventQuery(start=at)) for at in (0, 100, 200)))

    with caplog.at_level(logging.WARNING, "lastseen.progress"):
        asyncio.run(everything_at_once())

    assert [record.getMessage() for record in caplog.records] == [
        "still waiting for the portal's first answer (reading the sign-in log)"
    ]
