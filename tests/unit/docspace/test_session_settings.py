"""How long sessions live: no limit is ever read where there is none."""

import asyncio

import pytest

from lastseen.docspace.session_settings import read_session_settings
from lastseen.docspace.wire import MalformedResponse
from lastseen.model.errors import PortalRefused
from tests.unit.docspace.scripted import Scripted, failed, ok


@pytest.mark.parametrize(
    ("answer", "minutes"),
    [
        ({"enabled": True, "lifeTime": 60}, 60),
        ({"enabled": True, "lifeTime": 1_000_000}, 1_000_000),
        ({"enabled": False, "lifeTime": 60}, None),  # a number beside a limit that is off
        ({"enabled": True, "lifeTime": 0}, None),
        ({"enabled": True}, None),
        ({"enabled": False}, None),
    ],
)
def test_a_limit_holds_only_where_it_is_switched_on(answer, minutes):
    assert read_session_settings(ok(answer).body).minutes == minutes


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"lifeTime": 60},
        {"enabled": None, "lifeTime": 60},
        {"enabled": True, "lifeTime": -1},
        {"enabled": True, "lifeTime": 1_000_001},
        {"enabled": True, "lifeTime": "60"},
        {"enabled": "true", "lifeTime": 60},
        {"enabled": True, "lifeTime": 1.5},
    ],
)
def test_what_is_no_setting_is_unreadable_and_never_a_limit(answer):
    with pytest.raises(MalformedResponse):
        read_session_settings(ok(answer).body)


def test_a_key_that_may_not_ask_is_reported():
    with pytest.raises(PortalRefused):
        asyncio.run(Scripted(lambda _: failed(403)).client().session_settings())
