"""The portal's time zone is a name to be shown: whatever it is, it breaks nothing."""

import asyncio

import pytest

from lastseen.docspace.time_zone import read_time_zone
from lastseen.docspace.wire import MalformedResponse
from lastseen.model.errors import PortalRefused
from tests.unit.docspace.scripted import Scripted, failed, ok


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Etc/GMT+5", "Nowhere/At_All"])
def test_the_name_is_told_as_it_is(name):
    assert asyncio.run(Scripted(lambda _: ok({"timezone": name})).client().time_zone()) == name


@pytest.mark.parametrize("name", [None, "", "x" * 65, "Europe/\x1b[31mBerlin", "a\nb"])
def test_what_is_no_name_is_not_shown(name):
    assert read_time_zone(ok({"timezone": name}).body) is None


def test_a_portal_that_does_not_tell_is_no_error():
    assert read_time_zone(ok({}).body) is None


@pytest.mark.parametrize("answer", [[], "UTC", {"timezone": 3}])
def test_another_shape_is_unreadable(answer):
    with pytest.raises(MalformedResponse):
        read_time_zone(ok(answer).body)


def test_a_refusal_is_reported():
    with pytest.raises(PortalRefused):
        asyncio.run(Scripted(lambda _: failed(403)).client().time_zone())
