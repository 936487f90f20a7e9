"""Ending sessions: of this person and nobody else, and never sent twice."""

import asyncio

import pytest

from lastseen.docspace.http.request import ConnectionLost
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalError, PortalRefused
from tests.unit.docspace.scripted import Scripted, failed, guid, in_turn, ok, raw


def end(portal, who):
    asyncio.run(portal.client().end_sessions(who))


def test_the_sessions_of_one_person_are_ended():
    portal = Scripted(lambda _: ok(True))

    end(portal, guid(7))

    (request,) = portal.requests
    assert request.method == "PUT"
    assert request.path == f"/api/2.0/security/activeconnections/logoutall/{guid(7)}"


def test_an_id_cannot_lead_to_another_address():
    portal = Scripted(lambda _: ok(True))

    end(portal, UserId("../logoutallexceptthis?x=1#y"))

    (request,) = portal.requests
    last = request.path.removeprefix("/api/2.0/security/activeconnections/logoutall/")
    assert not set(last) & set("/?#")


@pytest.mark.parametrize(
    "trouble", [ConnectionLost(sent=True), failed(500), failed(502), failed(504)]
)
def test_what_may_have_been_done_is_not_asked_for_again(trouble):
    portal = Scripted(lambda _: trouble)

    with pytest.raises(PortalError) as caught:
        end(portal, guid(7))

    assert len(portal.requests) == 1
    assert "not known" in caught.value.meaning


@pytest.mark.parametrize("trouble", [ConnectionLost(sent=False), failed(429, Retry_After="1")])
def test_what_cannot_have_been_done_is_asked_for_again(trouble):
    portal = Scripted(in_turn(trouble, ok(True)))

    end(portal, guid(7))

    assert len(portal.requests) == 2


def test_without_the_right_it_is_refused():
    with pytest.raises(PortalRefused) as caught:
        end(Scripted(lambda _: failed(403)), guid(7))

    assert caught.value.status == 403


def test_an_answer_without_words_is_enough():
    end(Scripted(lambda _: raw(b"")), guid(7))
