"""How a fleet stands, as a table and as JSON."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from lastseen.model.errors import UsageError
from lastseen.model.fleet import FleetStatus, PortalState, PortalStatus, summarise_portals
from lastseen.model.instant import Instant
from lastseen.reports import Screen
from lastseen.reports.fleet import MOST_LISTED, render_fleet_status
from tests.unit.reports.samples import HOSTILE, NOW, days_ago

WIDE = Screen(width=160)


def portal(name: str = "acme", **fields: Any) -> PortalStatus:
    standard: dict[str, Any] = {
        "name": name,
        "url": f"https://{name}.example",
        "state": PortalState.CLEAN,
        "whole_review_at": days_ago(1),
        "next_due_at": Instant(NOW + timedelta(hours=2)),
        "disabled": 3,
        "to_disable": 0,
        "held": 2,
        "due_soon": 4,
        "guardrail_at": None,
        "unreachable_since": None,
        "key_expires_at": None,
        "last_job_at": NOW,
        "last_error": None,
    }
    return PortalStatus(**(standard | fields))


def fleet(*portals: PortalStatus) -> FleetStatus:
    summary = summarise_portals(portals)
    return FleetStatus(at=NOW, portals=portals, summary=summary, waiting=1, running=2)


def table(*portals: PortalStatus, screen: Screen = WIDE) -> str:
    return render_fleet_status(fleet(*portals), "table", screen=screen).decode()


def unreachable(name: str = "gone", **fields: Any) -> PortalStatus:
    return portal(
        name,
        state=PortalState.UNREACHABLE,
        unreachable_since=days_ago(2),
        last_error="asking the portal: no answer",
        **fields,
    )


@pytest.mark.parametrize("width", [60, 160])
def test_each_portal_and_the_sum_are_shown_on_every_width(width):
    shown = " ".join(table(portal(), unreachable(), screen=Screen(width=width)).split())
    for part in (
        "acme",
        "2026-11-24 10:30",
        "12:30 today",
        "unreachable since 2026-11-23 10:30: asking the portal: no answer",
        "2 portals: 1 clean, 1 unreachable. 1 job waits, 2 running.",
    ):
        assert part in shown


def test_numbers_that_nobody_knows_are_no_zeros():
    unknown: dict[str, Any] = {"disabled": None, "to_disable": None, "held": None, "due_soon": None}
    (row,) = (line for line in table(unreachable(**unknown)).splitlines() if "2026-11-24" in line)
    assert "0" not in row.split("today")[1]
    assert row.count("-") >= 4


def test_why_a_job_failed_is_shown_and_an_old_reason_is_not():
    failed = portal(state=PortalState.FAILED, last_error="the variable ACME_KEY is not set")
    assert "ACME_KEY is not set" in table(failed)
    assert "no longer" not in table(portal(last_error="what was no longer matters"))


def test_a_large_fleet_lists_only_those_that_somebody_has_to_look_at():
    clean = [portal(f"well-{number:03}") for number in range(MOST_LISTED)]
    shown = table(*clean, unreachable())
    assert "gone" in shown
    assert "well-000" not in shown
    assert f"{MOST_LISTED} more are not listed" in shown
    assert "well-000" in table(*clean, unreachable(), screen=Screen(width=160, everyone=True))


def test_an_empty_fleet_says_how_to_begin():
    assert "lastseen fleet sync FILE" in table()


def test_json_has_every_portal_and_its_numbers():
    document = json.loads(render_fleet_status(fleet(portal(), unreachable(held=None)), "json"))
    assert document["schema"] == "lastseen.fleet-status/1"
    assert document["summary"] == {"clean": 1, "unreachable": 1}
    assert [one["held"] for one in document["portals"]] == [2, None]
    assert document["portals"][1]["unreachable_since"] == "2026-11-23T10:30:00Z"


def test_another_format_is_refused():
    with pytest.raises(UsageError):
        render_fleet_status(fleet(), "csv")


@pytest.mark.parametrize("width", [60, 160])
def test_nothing_that_a_portal_said_reaches_the_terminal_as_it_is(width):
    lost = [unreachable(f"p{n}") for n in range(len(HOSTILE))]
    lost = [msgspec.structs.replace(p, last_error=t) for p, t in zip(lost, HOSTILE, strict=True)]
    failed = [msgspec.structs.replace(one, unreachable_since=None) for one in lost]
    shown = table(*lost, *failed, screen=Screen(width=width))
    assert all(character == "\n" or character.isprintable() for character in shown)
