"""The client against the simulated portal: what it brings is what really is there."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest

from lastseen.docspace import open_portal
from lastseen.docspace.client import Client, client_over
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import Runtime
from lastseen.docspace.http.transport import network
from lastseen.docspace.interface import EventQuery, PeopleQuery, Portal
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.errors import PortalError
from lastseen.model.instant import Instant
from lastseen.model.secret import ApiKey
from lastseen.simulator.server.app import serve
from lastseen.simulator.server.fault_names import NAMES
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.people import Kind, Status
from lastseen.simulator.world.population import Population, populate

NOW = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)


def clock() -> Instant:
    return Instant(NOW)


@pytest.fixture(scope="module")
def scenario():
    return populate(NOW, Population(contractors=150, staff=20, days=12, seed=4))


def listed(scenario):
    """Return those whom a portal shows: not its own system accounts."""
    return [person for person in scenario.people if person.kind is not Kind.SYSTEM]


@asynccontextmanager
async def opened(simulated: SimulatedPortal) -> AsyncIterator[Portal]:
    key = ApiKey(simulated.api_key)
    async with serve(simulated) as url, open_portal(url, key, clock=clock) as portal:
        yield portal


class Hurry:
    """The machine's time, but that all waiting is over at once."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds
        await asyncio.sleep(0)


@asynccontextmanager
async def hurried(
    simulated: SimulatedPortal, hurry: "Hurry | None" = None
) -> AsyncIterator[Client]:
    """Yield a client over a real socket that waits for nothing."""
    hurry = hurry or Hurry()
    runtime = Runtime(sleep=hurry.sleep, monotonic=hurry.monotonic, random=random.Random(1).random)
    key = ApiKey(simulated.api_key)
    async with serve(simulated) as url, network(url, key, Limits()) as transport:
        client = client_over(transport, url=url, clock=clock, key=key, runtime=runtime)
        yield client
        await client.close()


def test_everyone_of_the_portal_is_listed_as_they_are(scenario):
    async def play():
        async with opened(SimulatedPortal(scenario, clock=clock)) as portal:
            everyone = await portal.people(PeopleQuery())
            guests = await portal.people(PeopleQuery(guests_only=True))
            number = await portal.count_people(PeopleQuery(guests_only=True))
            return everyone, guests, number, await portal.whoami()

    everyone, guests, number, me = asyncio.run(play())

    real = {person.id: person for person in listed(scenario)}
    assert {one.id for one in everyone} == set(real)
    for one in everyone:
        person = real[one.id]
        assert one.email == person.email
        assert one.status == int(person.status)
        assert (one.type is AccountType.GUEST) == person.is_guest
        assert (one.type is AccountType.OWNER) == person.is_owner
        assert (one.is_ldap, one.is_sso) == (person.is_ldap, person.is_sso)
        assert one.registered_at is not None
        assert one.registered_at.timestamp() == person.registered
    assert {one.id for one in guests} == {one.id for one in everyone if real[one.id].is_guest}
    assert number == len(guests)
    assert me.id == scenario.key_account


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
def test_the_whole_log_is_read_in_every_time_zone(scenario, zone):
    # given twelve days in which the clocks of Berlin and St. John's go back
    simulated = SimulatedPortal(scenario, clock=clock, setup=Setup(time_zone=zone))

    async def play():
        async with opened(simulated) as portal:
            pages = [await portal.sign_ins(EventQuery())]
            while pages[-1].events:
                pages.append(await portal.sign_ins(EventQuery(start=100 * len(pages))))
            return [event for page in pages for event in page.events], portal.traffic

    events, traffic = asyncio.run(play())

    assert traffic.retries == 0
    seconds = sorted(scenario.logins.seconds, reverse=True)
    assert len(events) == len(seconds)
    written = [event.at.timestamp() for event in events]
    off = {real for real, told in zip(seconds, written, strict=True) if real != told}
    assert all(0 <= told - real <= 3600 for real, told in zip(seconds, written, strict=True))
    assert not off or zone in ("Europe/Berlin", "America/St_Johns")


def test_one_person_is_found_in_every_way(scenario):
    person = next(one for one in scenario.people if one.is_guest)

    async def play():
        async with opened(SimulatedPortal(scenario, clock=clock)) as portal:
            by_id = await portal.person(UserId(person.id.upper()))
            by_email = await portal.people_by_email(person.email.upper())
            nobody = await portal.person(UserId("0badc0de-0000-4000-8000-00000000abcd"))
            no_address = await portal.people_by_email("nobody@example.invalid")
            return by_id, by_email, nobody, no_address, await portal.retention()

    by_id, by_email, nobody, no_address, retention = asyncio.run(play())

    assert by_email == (by_id,)
    assert by_id is not None
    assert by_id.id == person.id
    assert nobody is None
    assert no_address == ()
    assert retention.sign_in_days == 180


def test_people_are_disabled_and_reinstated(scenario):
    people = [one for one in scenario.people if one.is_guest and one.status is Status.ACTIVE][:3]
    ids = tuple(UserId(one.id) for one in people)

    async def play():
        async with opened(SimulatedPortal(scenario, clock=clock)) as portal:
            disabled = await portal.set_status(ids, AccountStatus.TERMINATED)
            reinstated = await portal.set_status(ids, AccountStatus.ACTIVE)
            return disabled, reinstated

    disabled, reinstated = asyncio.run(play())

    assert {one.id: one.status for one in disabled} == dict.fromkeys(ids, AccountStatus.TERMINATED)
    assert {one.id for one in reinstated} == set(ids)
    assert AccountStatus.TERMINATED not in {one.status for one in reinstated}


ABOUT_LOGS = ("clock-skew", "arrivals", "deletions", "nameless")
LISTING_FAULTS = [name for name in NAMES if name not in ABOUT_LOGS]


@pytest.mark.parametrize("fault", LISTING_FAULTS)
def test_a_faulty_portal_gives_the_whole_list_or_an_error(scenario, fault):
    rates = FaultRates.of({fault: 0.02 if fault == "slow" else 0.3})
    simulated = SimulatedPortal(scenario, clock=clock, setup=Setup(faults=rates, seed=3))

    async def play():
        lists = []
        async with hurried(simulated) as portal:
            for _ in range(6):
                with suppress(PortalError):
                    lists.append(await portal.people(PeopleQuery()))
        return lists

    lists = asyncio.run(play())
    assert lists
    assert {len(one) for one in lists} == {len(listed(scenario))}


def test_a_portal_with_a_wrong_clock_is_noticed(scenario):
    rates = FaultRates.of({"clock-skew": 1.0})
    simulated = SimulatedPortal(scenario, clock=clock, setup=Setup(faults=rates))

    async def play():
        async with opened(simulated) as portal:
            await portal.whoami()
            return portal.largest_skew_seconds

    assert abs(asyncio.run(play()) - simulated.faults.skew_seconds) <= 1


@pytest.mark.parametrize("announced", [True, False])
def test_the_portals_limiter_is_used_and_not_overstepped(scenario, announced):
    # given a limiter as the vendor documents it, or as release 3.7.2 has it
    hurry = Hurry()
    setup = Setup(rate_limit=RateLimit(announced=announced))
    simulated = SimulatedPortal(scenario, clock=clock, setup=setup, pace=hurry.monotonic)
    wanted = 3200

    async def play():
        async with hurried(simulated, hurry) as portal:
            began = hurry.monotonic()
            for _ in range(wanted // 40):
                await asyncio.gather(*(portal.sign_ins(EventQuery(count=1)) for _ in range(40)))
            return hurry.monotonic() - began, portal.traffic

    # when more than twice the allowance of a minute is asked for
    seconds, traffic = asyncio.run(play())

    # then it takes two minutes and a little
    assert traffic.throttled <= 1
    assert 120 <= seconds < 140
