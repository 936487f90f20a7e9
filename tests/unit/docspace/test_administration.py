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
    ],
)
def test_the_people_are_those_that_the_target_names(target, people):
    (one,) = read_acts(ok([act(1, target)]).body)

    assert one.people == people


@pytest.mark.parametrize("action", [4020, 4021, 6032, 5018])
@pytest.mark.parametrize("target", [None, "", []])
def test_an_act_without_a_target_concerns_nobody(action, target):
    # All who were to be changed may have been left out, and settings are nobody's.
    (one,) = read_acts(ok([act(1, target, actionId=action)]).body)

    assert one.people == set()


@pytest.mark.parametrize("action", [4036, 4037])
@pytest.mark.parametrize("target", [None, "", [], " , "])
def test_an_act_on_one_person_that_names_nobody_is_unreadable(action, target):
    with pytest.raises(MalformedResponse, match="whom it concerns"):
        read_acts(ok([act(1, target, actionId=action)]).body)


@pytest.mark.parametrize("action", [4020, 4021, 4036, 4037, 6032])
@pytest.mark.parametrize("target", [17, True, {"id": guid(1)}, [guid(1), 17], [None], [[guid(1)]]])
def test_a_target_of_another_type_is_never_taken_for_nobody(action, target):
    with pytest.raises(MalformedResponse, match="not a list of ids"):
        read_acts(ok([act(1, target, actionId=action)]).body)


@pytest.mark.parametrize("target", ["ann@vendor.example", "17", [guid(1), "x"], guid(1)[:-1]])
def test_a_target_that_is_no_persons_id_is_unreadable(target):
    with pytest.raises(MalformedResponse, match="not an account id"):
        read_acts(ok([act(1, target)]).body)
    # Another action concerns rooms and files, which have other ids.
    assert read_acts(ok([act(1, target, actionId=5018)]).body)


def cut_off(people: int, rest: str) -> str:
    return ",".join([*map(guid, range(people)), rest])


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("rest", [guid(9)[:1], guid(9)[:9].upper(), guid(9)[:-1]])
def test_a_target_that_the_database_cut_off_names_everyone_before_the_cut(rest, as_list):
    target = cut_off(1771, rest)

    (one,) = read_acts(ok([act(1, target.split(",") if as_list else target, actionId=4020)]).body)

    assert one.people == set(map(guid, range(1771)))


@pytest.mark.parametrize(
    "target", [cut_off(20, guid(9)[:9]), cut_off(1771, "x"), cut_off(1771, guid(9)[:-1] + ",x")]
)
def test_a_damaged_target_is_not_taken_for_one_that_was_cut_off(target):
    with pytest.raises(MalformedResponse, match="not an account id"):
        read_acts(ok([act(1, target, actionId=4020)]).body)


@pytest.mark.parametrize("action", [None, "", True, [4037], {}, 4037.5])
def test_an_act_whose_action_cannot_be_read_is_not_another_one(action):
    with pytest.raises(MalformedResponse, match="has no readable action"):
        read_acts(ok([act(1, guid(1), actionId=action)]).body)


def test_times_are_instants_and_actions_numbers_in_any_form():
    acts = [act(n, guid(1), actionId=a) for n, a in enumerate((4037, "4037", "SendJoinInvite"))]

    read = read_acts(ok(acts).body)

    assert read[0].at == Instant(NOW.replace(month=10, day=20, hour=8))
    assert [one.action_id for one in read] == [INVITED] * 3


def test_a_full_page_may_have_another_behind_it():
    full = page(Scripted(lambda _: ok([act(n, guid(1)) for n in range(100)])))
    last = page(Scripted(lambda _: ok([act(n, guid(1)) for n in range(99)])))

    assert full.is_full
    assert not last.is_full


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"response": null, "status": 0, "statusCode": 200}',
        b'{"status": 0, "statusCode": 200}',
        ok([act(1, guid(1))], count=2).body,
        ok([act(1, guid(1), date=None)]).body,
        ok([{**act(1, guid(1)), "id": None}]).body,
        ok([act(1, guid(1), date="yesterday")]).body,
        ok([act(1, [guid(1), 7])]).body,
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
