import asyncio
import json

import pytest

from lastseen.docspace.http.request import AnswerTooLarge, ConnectionFailure, ConnectionLost
from lastseen.docspace.interface import EventQuery, Portal, Retention
from lastseen.model.contractor import AccountStatus
from lastseen.model.errors import PortalRefused, PortalUnreachable, PortalUnreadable, UsageError
from tests.unit.docspace.scripted import Scripted, failed, guid, in_turn, ok, profile, raw

TERMINATED = AccountStatus.TERMINATED
CHANGED = ok([profile(1, status=2), profile(2, status=2)], count=1)
PEOPLE = (guid(1), guid(2))


def change(portal, status=TERMINATED, **more):
    return asyncio.run(portal.client(**more).set_status(PEOPLE, status))


def test_a_client_is_a_portal():
    client: Portal = Scripted(lambda _: CHANGED).client()

    assert client.url


@pytest.mark.parametrize(
    ("written", "status", "segment"),
    [
        ("Terminated", TERMINATED, "Terminated"),
        ("terminated", TERMINATED, "Terminated"),
        (2, TERMINATED, "2"),
        ("2", TERMINATED, "2"),
        (AccountStatus.TERMINATED, TERMINATED, "2"),
        ("Terminated", AccountStatus.ACTIVE, "Active"),
        (2, AccountStatus.ACTIVE, "1"),
    ],
)
def test_a_change_is_one_request(written, status, segment):
    portal = Scripted(lambda _: CHANGED)

    changed = change(portal, status, disabled_status=written)

    (request,) = portal.requests
    assert (request.method, request.path) == ("PUT", f"/api/2.0/people/status/{segment}")
    assert json.loads(request.body or b"") == {"userIds": list(PEOPLE), "resendAll": False}
    assert [(one.id, one.status) for one in changed] == [(one, TERMINATED) for one in PEOPLE]


@pytest.mark.parametrize("written", ["Active", 1, "", "Pending", 4, "Terminated/../Active"])
def test_no_other_status_disables(written):
    with pytest.raises(UsageError):
        Scripted(lambda _: CHANGED).client(disabled_status=written)


def test_nobody_can_be_made_pending():
    with pytest.raises(ValueError, match="PENDING"):
        change(Scripted(lambda _: CHANGED), AccountStatus.PENDING)


def test_nobody_is_no_request():
    portal = Scripted(lambda _: CHANGED)

    assert asyncio.run(portal.client().set_status((), TERMINATED)) == ()
    assert portal.requests == []


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (ConnectionLost(sent=True), PortalUnreachable),
        (ConnectionLost(ConnectionFailure.TIMEOUT, sent=True), PortalUnreachable),
        (failed(500), PortalRefused),
        (raw(b"<html>", 502), PortalRefused),
        (failed(504), PortalRefused),
        (raw(b""), PortalUnreadable),
        (raw(CHANGED.body[:-20]), PortalUnreadable),
        (raw(failed(500).body), PortalRefused),
        (AnswerTooLarge(), PortalUnreadable),
    ],
)
def test_a_change_that_may_have_been_made_is_not_sent_again(trouble, error):
    portal = Scripted(lambda _: trouble)

    with pytest.raises(error) as caught:
        change(portal)

    assert len(portal.requests) == 1
    assert "not known" in caught.value.meaning


@pytest.mark.parametrize("status", [400, 401, 402, 403, 302])
def test_a_refused_change_is_reported_and_not_sent_again(status):
    portal = Scripted(lambda _: failed(status))

    with pytest.raises(PortalRefused) as caught:
        change(portal)

    assert caught.value.status == status
    assert len(portal.requests) == 1
    assert "not known" not in caught.value.meaning


@pytest.mark.parametrize(
    "trouble",
    [
        failed(429, Retry_After="30"),
        failed(429),
        ConnectionLost(ConnectionFailure.REFUSED, sent=False),
        ConnectionLost(ConnectionFailure.TIMEOUT, sent=False),
    ],
)
def test_a_change_that_cannot_have_been_made_is_sent_again(trouble):
    portal = Scripted(in_turn(trouble, CHANGED))

    assert len(change(portal)) == 2
    assert len(portal.requests) == 2


def test_the_daily_allowance_is_not_waited_for():
    portal = Scripted(lambda _: failed(429, Retry_After="86400"))

    with pytest.raises(PortalRefused) as caught:
        change(portal)

    assert caught.value.status == 429
    assert "12:00 UTC, 02 November" in caught.value.remedy
    assert portal.time.seconds == 0


def test_the_account_of_the_key_and_the_retention_are_asked():
    portal = Scripted(
        in_turn(ok(profile(1)), ok({"loginHistoryLifeTime": 90, "auditTrailLifeTime": 180}))
    )
    client = portal.client()

    async def both():
        return await client.whoami(), await client.retention()

    who, retention = asyncio.run(both())

    assert who.id == guid(1)
    assert retention == Retention(sign_in_days=90, trail_days=180)
    assert [request.path for request in portal.requests] == [
        "/api/2.0/people/@self",
        "/api/2.0/security/audit/settings/lifetime",
    ]


def test_closing_ends_what_still_waits():
    portal = Scripted(in_turn(failed(429, Retry_After="60"), ok([])))
    client = portal.client()

    async def play():
        asking = asyncio.create_task(client.sign_ins(EventQuery()))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await client.close()
        return len(asyncio.all_tasks())

    assert asyncio.run(play()) == 1
