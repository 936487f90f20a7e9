import json
from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from lastseen.model.errors import UsageError
from lastseen.model.exemption import Exemption
from lastseen.model.instant import instant
from lastseen.reports import Screen
from lastseen.reports.exemptions import render_exemptions

EXEMPTION = Exemption(
    who="ann@example.org",
    until=date(2026, 12, 31),
    reason="on leave\x1b[2J",
    added_by="root@host",
    added_at=instant(datetime(2026, 11, 1, tzinfo=UTC)),
)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_table_tells_who_until_when_and_why_on_any_screen(width):
    shown = render_exemptions([EXEMPTION], "table", screen=Screen(width=width)).decode()
    for said in ("ann@example.org", "2026-12-31", "on leave", "root@host", "2026-11-01"):
        assert said in shown
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= width


def test_nobody_exempt_is_said():
    assert b"Nobody is exempt" in render_exemptions([], "table")


def test_json_names_its_schema():
    told = json.loads(render_exemptions([EXEMPTION], "json"))
    assert told["schema"] == "lastseen.exemptions/1"
    assert told["exemptions"][0]["until"] == "2026-12-31"


def test_json_shows_a_hostile_reason_as_escapes():
    hostile = structs.replace(EXEMPTION, reason="on leave \x9b2J\u202e")
    shown = render_exemptions([hostile], "json").decode()
    assert "on leave \\u009b2J\\u202e" in shown
    assert json.loads(shown)["exemptions"][0]["reason"] == hostile.reason


def test_another_format_is_refused():
    with pytest.raises(UsageError):
        render_exemptions([], "csv")
