"""A release without API keys is refused in words; one that doesn't tell is not refused."""

import asyncio

import pytest

from lastseen.docspace.release import require_supported
from lastseen.model.errors import PortalRefused, PortalTooOld, PortalUnreadable
from tests.unit.docspace.scripted import Scripted, failed, ok, raw


def checked(answer):
    asyncio.run(require_supported(Scripted(lambda _: answer).client()))


@pytest.mark.parametrize("text", ["3.0", "3.0.99", "2.6.1", "1.0.0", " 0.9"])
def test_a_release_before_api_keys_is_named_with_what_to_do(text):
    with pytest.raises(PortalTooOld) as caught:
        checked(ok({"docSpace": text}))

    assert text.strip() in caught.value.found
    assert "update" in caught.value.remedy


@pytest.mark.parametrize("text", ["3.1", "3.1.0.123", "3.7.2", "3.10.0", "10.0", "4"])
def test_releases_from_3_1_on_are_let_pass(text):
    checked(ok({"docSpace": text}))


@pytest.mark.parametrize("text", [None, "", "develop", "v3"])
def test_a_release_that_does_not_tell_is_let_pass(text):
    checked(ok({"docSpace": text}))


def test_a_portal_without_the_address_is_let_pass():
    checked(failed(404, "not found"))


def test_no_answer_is_no_release():
    with pytest.raises(PortalUnreadable):
        checked(raw(b"<html>"))
    with pytest.raises(PortalRefused):
        checked(failed(401))


def test_a_key_that_may_not_ask_for_the_release_is_let_pass():
    checked(failed(403))


def test_a_long_text_is_cut_before_it_is_shown():
    with pytest.raises(PortalTooOld) as caught:
        checked(ok({"docSpace": "2.0.0" + "x" * 500}))

    assert len(caught.value.found) < 60
