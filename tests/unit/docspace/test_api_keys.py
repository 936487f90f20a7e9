"""Whoever works through an API key is at work: no use of one is lost."""

import asyncio

import pytest

from lastseen.docspace.api_keys import read_key_uses, read_own_key
from lastseen.docspace.wire import MalformedResponse
from lastseen.model.errors import PortalRefused, PortalUnreadable
from lastseen.model.instant import format_instant
from tests.unit.docspace.scripted import Scripted, failed, guid, in_turn, ok, raw

USED = "2026-10-30T08:15:00.0000000Z"


def key(number, **more):
    return {"id": f"k{number}", "createBy": {"id": guid(number)}, "lastUsed": USED, **more}


def uses(portal):
    return asyncio.run(portal.client().key_uses())


def test_a_use_that_any_of_the_answers_shows_counts():
    # Given a list that loses another entry each time
    portal = Scripted(in_turn(ok([key(1)]), ok([key(2)]), ok([key(1), key(3)])))

    assert {use.owner for use in uses(portal)} == {guid(1), guid(2), guid(3)}
    assert len(portal.requests) == 3


def test_the_same_key_in_every_answer_is_one_use():
    assert len(uses(Scripted(lambda _: ok([key(1)])))) == 1


def test_a_key_that_was_switched_off_was_used_all_the_same():
    (use,) = uses(Scripted(lambda _: ok([key(1, isActive=False)])))

    assert use.last_used_at is not None
    assert format_instant(use.last_used_at) == "2026-10-30T08:15:00Z"


@pytest.mark.parametrize("owner", [guid(1), guid(1).upper(), {"id": guid(1)}])
def test_the_owner_is_known_in_any_form(owner):
    (use,) = read_key_uses(ok([key(1, createBy=owner)]).body)

    assert use.owner == guid(1)


@pytest.mark.parametrize("owner", [None, "", {}, {"id": None}, 7, ["x"]])
def test_a_key_of_nobody_makes_the_list_unreadable(owner):
    with pytest.raises(MalformedResponse):
        read_key_uses(ok([key(1, createBy=owner)]).body)
    with pytest.raises(PortalUnreadable):
        uses(Scripted(lambda _: ok([key(1, createBy=owner)])))


@pytest.mark.parametrize("body", [b"", b"[]", b'{"status": 0}', ok([key(1, lastUsed=5)]).body])
def test_what_is_no_list_is_never_a_list_without_uses(body):
    with pytest.raises(MalformedResponse):
        read_key_uses(body)


def test_one_lost_answer_of_three_makes_no_list():
    portal = Scripted(in_turn(ok([key(1)]), raw(b"")))

    with pytest.raises(PortalUnreadable):
        uses(portal)


def test_without_the_right_to_list_keys_it_is_refused_and_not_empty():
    with pytest.raises(PortalRefused):
        uses(Scripted(lambda _: failed(403)))


def test_a_release_that_does_not_know_the_question_says_nothing_about_the_key():
    client = Scripted(lambda _: failed(404)).client()

    assert asyncio.run(client.own_key()) is None


@pytest.mark.parametrize("status", [401, 403, 402])
def test_a_refusal_is_no_release_that_cannot_tell(status):
    with pytest.raises(PortalRefused):
        asyncio.run(Scripted(lambda _: failed(status)).client().own_key())


def test_the_keys_value_is_not_kept():
    own = read_own_key(ok({"key": "sk-secret", "permissions": ["*:read"]}).body)

    assert own.permissions == {"*:read"}
    assert "secret" not in repr(own)
