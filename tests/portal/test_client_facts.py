"""The client reads sessions, keys, releases and administrators' doings of a served portal."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lastseen.docspace import open_portal
from lastseen.model.errors import PortalRefused
from lastseen.model.instant import before, days, system_clock
from lastseen.model.secret import ApiKey
from lastseen.simulator.server.app import serve
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.people import Status
from lastseen.simulator.world.population import Population, populate
from lastseen.simulator.world.release import Release


def portal_with(setup: Setup, **keys: Any) -> SimulatedPortal:
    now = system_clock() - timedelta(seconds=3)
    world = populate(now, Population(contractors=25, staff=4, days=60, release=setup.release))
    if keys:
        key = replace(make_key(world.key_account, 5), **keys)
        setup = replace(setup, keys=[key])
    return SimulatedPortal(world, clock=system_clock, setup=setup)


def asked(portal, work):
    async def ask():
        async with (
            serve(portal) as url,
            open_portal(url, ApiKey(portal.api_key), clock=system_clock) as client,
        ):
            return await work(client)

    return asyncio.run(ask())


@pytest.mark.parametrize("release", list(Release))
def test_every_release_is_read(release):
    portal = portal_with(Setup(release=release))
    told = asked(portal, lambda client: client.release())
    assert (told.text, told.is_supported) == (release.version, True)
    own = asked(portal, lambda client: client.own_key())
    assert (own is None) is (release is Release.V3_1)


def test_a_portal_in_turkish_knows_an_address_in_capitals():
    portal = portal_with(Setup())
    portal.world.language = "tr"
    person = next(one for one in portal.world.people.values() if one.is_guest)
    portal.world.people[person.id] = replace(person, email="iris@example.net")
    (found,) = asked(portal, lambda client: client.people_by_email("IRIS@EXAMPLE.NET"))
    assert found.id == person.id


def test_a_key_tells_what_it_may_and_until_when():
    expires = int(system_clock().timestamp()) + 86_400
    portal = portal_with(Setup(), scopes=frozenset({"accounts:write"}), expires=expires)
    own = asked(portal, lambda client: client.own_key())
    assert own.permissions == {"accounts:write"}
    assert own.expires_at.timestamp() == expires
    with pytest.raises(PortalRefused) as refused:
        asked(portal, lambda client: client.key_uses())
    assert "limited" in refused.value.meaning


def test_the_own_key_is_among_those_in_use():
    portal = portal_with(Setup())
    uses = asked(portal, lambda client: client.key_uses())
    assert [use.owner for use in uses] == [next(iter(portal.keys.values())).account]
    assert uses[0].last_used_at is not None


@pytest.mark.parametrize("minutes", [None, 90])
def test_how_long_sessions_live(minutes):
    portal = portal_with(Setup(session_minutes=minutes))
    settings = asked(portal, lambda client: client.session_settings())
    assert settings.minutes == minutes


def test_what_administrators_did_names_the_people():
    portal = portal_with(Setup())
    who = next(p.id for p in portal.world.people.values() if p.is_guest)
    now = system_clock().timestamp()
    portal.world.set_status_by_hand(who, Status.TERMINATED, now=now)
    page = asked(
        portal,
        lambda client: client.administration(4020, since=before(system_clock(), days(1))),
    )
    assert [act.people for act in page.acts] == [{who}]
    assert not page.is_full


def test_an_answer_without_a_date_leaves_the_clock_unknown():
    portal = portal_with(Setup(faults=FaultRates.of({"no-date": 1.0})))

    async def look(client):
        await client.whoami()
        return client.tells_its_time

    assert asked(portal, look) is False
    portal.set_faults(FaultRates())
    assert asked(portal, look) is True
