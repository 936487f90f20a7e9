"""A key that ends soon is told by `doctor` and `status`, over a socket, from 14 days before."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lastseen.docspace import open_portal
from lastseen.docspace.interface import Portal
from lastseen.ledger import Ledger
from lastseen.model.diagnosis import Finding
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy
from lastseen.model.secret import ApiKey
from lastseen.reports.status import render_status
from lastseen.simulator.server.app import serve
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.population import Population, populate
from lastseen.workflows.doctor import doctor
from lastseen.workflows.status import status

NOW = Instant(datetime(2026, 11, 25, 12, tzinfo=UTC))
FORTNIGHT = timedelta(days=14)
SECOND = timedelta(seconds=1)
NEW_KEY = "create a new key before"


def now() -> Instant:
    return NOW


async def asked(portal: Portal) -> tuple[Finding, str]:
    """Return what `doctor` finds about the key, and what `status` shows."""
    ledger = Ledger.in_memory(clock=now).portal(portal.url)
    found = await doctor(portal, ledger=ledger, policy=Policy(), clock=now)
    key = await portal.own_key()
    shown = render_status(status(ledger, now=NOW, key=key, key_problem=None), "table").decode()
    return next(one for one in found.findings if one.name == "Rights"), shown


def told(ends_in: timedelta | None, *scopes: str) -> tuple[Finding, str]:
    """Serve a portal whose key ends so much later, and ask it."""
    world = populate(NOW, Population(contractors=3, staff=2, days=30))
    expires = None if ends_in is None else int((NOW + ends_in).timestamp())
    key = replace(make_key(world.key_account, 1, scopes=scopes), expires=expires)
    portal = SimulatedPortal(world, clock=now, setup=Setup(keys=[key]))

    async def look() -> tuple[Finding, str]:
        async with (
            serve(portal) as url,
            open_portal(url, ApiKey(portal.api_key), clock=now) as client,
        ):
            return await asked(client)

    return asyncio.run(look())


@pytest.mark.parametrize("ends_in", [FORTNIGHT, FORTNIGHT - SECOND, timedelta(hours=1)])
def test_a_key_that_ends_within_14_days_is_a_warning(ends_in: timedelta) -> None:
    found, shown = told(ends_in)

    assert found.state == "warning"
    assert f"expires on {(NOW + ends_in).date()}" in found.value
    assert NEW_KEY in (found.remedy or "").lower()
    assert NEW_KEY in " ".join(shown.split())


@pytest.mark.parametrize("ends_in", [FORTNIGHT + SECOND, timedelta(days=300)])
def test_a_key_that_ends_later_is_reported_without_a_warning(ends_in: timedelta) -> None:
    found, shown = told(ends_in)

    assert (found.state, found.remedy) == ("ok", None)
    assert f"expires on {(NOW + ends_in).date()}" in found.value
    assert f"expires {(NOW + ends_in).date()}" in " ".join(shown.split())
    assert NEW_KEY not in shown


def test_a_key_without_an_end_does_not_expire() -> None:
    found, shown = told(None)

    assert (found.state, found.value) == ("ok", "unlimited")
    assert "does not expire" in shown


def test_a_limited_key_that_ends_soon_is_told_both_at_once() -> None:
    found, _ = told(FORTNIGHT - SECOND, "*:read")

    assert found.state == "warning"
    assert "accounts:write" in (found.remedy or "")
    assert "expires soon" in (found.remedy or "")
