"""What administrators did: an answer is read whole or not at all."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.docspace.administration import read_acts
from lastseen.docspace.wire import MalformedResponse
from lastseen.model.errors import PortalRefused, PortalUnreadable
from lastseen.model.instant import Instant
from tests.unit.docspace.scripted import NOW, Scripted, failed, guid, ok, raw

INVITED = 4037
SINCE = Instant(NOW - timedelta(days=30))


def act(number, target=None, **more):
    at = "2026-10-20T10:00:00.0000000+02:00"
    return {"id": number, "date": at, "actionId": INVITED, "target": target, **more}


def page(portal, **more):
    return asyncio.run(portal.client().administration(INVITED, since=SINCE, **more))


def test_one_action_is_asked_for_from_an_instant_on():
    portal = Scripted(lambda _: ok([]))

    page(portal, start=200)

    (request,) = portal.requests
    assert dict(request.query) == {
        "action": "4037",
        "from": "2026-10-02T12:00:00.000Z",
        "startIndex": "200",
        "count": "100",
    }


@pytest.mark.parametrize(
    ("target", "people"),
    [
        (guid(1), {guid(1)}),
        (f"{guid(1).upper()},{guid(2)}", {guid(1), guid(2)}),
        (f"{guid(1)}, {guid(2)} ,", {guid(1), guid(2)}),
        ([guid(1), guid(2)], {guid(1), guid(2)}),
        (None, set()),
        ("", set()),
        (17, set()),
        ({"id": guid(1)}, set()),
    ],
)
def test_the_people_are_those_that_the_target_names(target, people):
    (one,) = read_acts(ok([act(1, target)]).body)

    assert one.people == people


def test_times_are_instants_and_actions_numbers_in_any_form():
    number, name = read_acts(ok([act(2), act(1, actionId="4037")]).body)

    assert number.at == Instant(NOW.replace(month=10, day=20, hour=8))
    assert number.action_id == name.action_id == INVITED


def test_a_full_page_may_have_another_behind_it():
    full = page(Scripted(lambda _: ok([act(n) for n in range(100)])))
    last = page(Scripted(lambda _: ok([act(n) for n in range(99)])))

    assert full.is_full
    assert not last.is_full


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"response": null, "status": 0, "statusCode": 200}',
        b'{"status": 0, "statusCode": 200}',
        ok([act(1)], count=2).body,
        ok([act(1, date=None)]).body,
        ok([{**act(1), "id": None}]).body,
        ok([act(1, date="yesterday")]).body,
    ],
)
def test_what_cannot_be_read_is_never_taken_for_nothing_done(body):
    with pytest.raises(MalformedResponse):
        read_acts(body)
    with pytest.raises(PortalUnreadable):
        page(Scripted(lambda _: raw(body)))


def test_a_portal_without_the_right_says_so():
    with pytest.raises(PortalRefused):
        page(Scripted(lambda _: failed(403, "Access denied")))
