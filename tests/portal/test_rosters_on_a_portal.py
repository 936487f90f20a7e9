import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lastseen.docspace import open_portal
from lastseen.model.contractor import AccountStatus, Contractor, UserId
from lastseen.model.decision import Reason
from lastseen.model.errors import PortalError
from lastseen.model.instant import Instant
from lastseen.model.secret import ApiKey
from lastseen.rosters import Listing, RosterOptions, match, open_roster
from lastseen.simulator.server.app import serve
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.people import EmployeeType, Group, Person, Status
from lastseen.simulator.world.population import Population, populate
from lastseen.simulator.world.scenario import Scenario

NOW = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)
DESIGNERS = Group("5b2f7c1e-7f0a-4c55-9d27-8a5a8e0b7c11", "Designers")


def clock() -> Instant:
    return Instant(NOW)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return populate(NOW, Population(contractors=150, staff=20, days=3, seed=4))


@asynccontextmanager
async def opened(scenario: Scenario, setup: Setup | None = None):
    """Yield the portal of `scenario` as the product sees it."""
    simulated = SimulatedPortal(scenario, clock=clock, setup=setup)
    key = ApiKey(simulated.api_key)
    async with serve(simulated) as url, open_portal(url, key, clock=clock) as portal:
        yield portal


def listed(scenario: Scenario, **options) -> Listing:
    async def play() -> Listing:
        async with opened(scenario) as portal:
            return await open_roster(RosterOptions(**options)).load(portal)

    return asyncio.run(play())


def matched(scenario: Scenario, *contractors: Contractor, reconcile: bool, setup=None):
    """Return the matches, and how many requests they took."""

    async def play():
        async with opened(scenario, setup) as portal:
            listing = Listing(contractors=contractors)
            matches = await match(listing, portal, reconcile=reconcile)
            return matches, portal.traffic.requests

    return asyncio.run(play())


def guests(scenario: Scenario) -> list[Person]:
    return [person for person in scenario.people if person.employee_type is EmployeeType.GUEST]


def test_every_guest_of_the_portal_is_listed_whatever_their_status(scenario):
    listing = listed(scenario)

    assert {c.id for c in listing.contractors} == {person.id for person in guests(scenario)}
    statuses = {profile.status for profile in listing.profiles}
    assert statuses == set(AccountStatus)


def test_an_inviter_named_by_address_narrows_the_roster_to_their_guests(scenario):
    inviter = next(
        p for p in scenario.people if any(g.created_by == p.id for g in guests(scenario))
    )

    listing = listed(scenario, inviters=(inviter.email.upper(),))

    wanted = {guest.id for guest in guests(scenario) if guest.created_by == inviter.id}
    assert {c.id for c in listing.contractors} == wanted


def test_an_inviter_who_was_removed_still_narrows_the_roster_to_their_guests(scenario):
    """The portal shows everybody who was removed as one and the same account."""
    removed = "8d0f2f5e-31c5-4e0a-9a50-1d1c6f3b7a02"
    chosen = [person.id for person in guests(scenario)[:3]]
    people = tuple(
        replace(person, created_by=removed) if person.id in chosen else person
        for person in scenario.people
    )

    listing = listed(replace(scenario, people=people), inviters=(removed,))

    assert {c.id for c in listing.contractors} == set(chosen)
    assert {c.sponsor for c in listing.contractors} == {None}


def test_a_group_narrows_the_roster_to_its_guests(scenario):
    chosen = [person.id for person in guests(scenario)[:3]]
    people = tuple(
        replace(person, groups=(DESIGNERS,)) if person.id in chosen else person
        for person in scenario.people
    )

    listing = listed(replace(scenario, people=people), groups=(DESIGNERS.id.upper(),))

    assert {c.id for c in listing.contractors} == set(chosen)


def test_a_group_that_no_guest_is_in_is_an_empty_roster_with_a_warning(scenario):
    office = next(person.groups[0] for person in scenario.people if person.groups)

    listing = listed(scenario, groups=(office.id,))

    assert listing.contractors == ()
    assert office.id in listing.warnings[0]


def test_domains_narrow_the_roster_in_any_case(scenario):
    listing = listed(scenario, email_domains=("EXAMPLE.net",))

    wanted = {g.id for g in guests(scenario) if g.email.lower().endswith("@example.net")}
    assert {c.id for c in listing.contractors} == wanted
    assert 0 < len(wanted) < len(guests(scenario))


def test_a_file_is_matched_by_id_and_by_address(scenario, tmp_path):
    by_id, by_email, *_ = guests(scenario)
    file = tmp_path / "contractors.csv"
    file.write_text(
        f"ID;E-Mail\n{{{by_id.id.upper()}}};\n;{by_email.email.swapcase()}\n;nobody@example.com\n"
    )
    options = RosterOptions(source="csv", path=file, columns={"email": "e-mail"})

    async def play():
        async with opened(scenario) as portal:
            listing = await open_roster(options).load(portal)
            return await match(listing, portal, reconcile=True)

    first, second, third, *strangers = asyncio.run(play())

    assert first.profile.id == by_id.id
    assert second.profile.id == by_email.id
    assert third.problem is Reason.NOT_ON_PORTAL
    assert len(strangers) == len(guests(scenario)) - 2
    assert {stranger.problem for stranger in strangers} == {Reason.UNKNOWN_GUEST}


def test_a_stale_id_and_a_right_address_are_ambiguous_on_a_portal(scenario):
    guest = guests(scenario)[0]
    stale = UserId("11111111-2222-4333-8444-555555555555")

    matches, _ = matched(scenario, Contractor(id=stale, email=guest.email), reconcile=False)

    assert matches[0].problem is Reason.AMBIGUOUS


@pytest.mark.parametrize("text", ["n/a", "@", "a b", "x" * 300 + "@example.com"])
def test_what_is_no_address_costs_no_review(scenario, text):
    matches, requests = matched(scenario, Contractor(email=text), reconcile=False)

    assert matches[0].problem is Reason.NOT_ON_PORTAL
    assert requests == 0


def test_a_user_name_in_the_place_of_an_id_finds_nobody(scenario):
    name = UserId(guests(scenario)[0].user_name)

    matches, _ = matched(scenario, Contractor(id=name), reconcile=False)

    assert matches[0].problem is Reason.NOT_ON_PORTAL


def test_a_short_roster_takes_a_request_a_person_and_a_long_one_a_request_a_page():
    crowd = populate(NOW, Population(contractors=2_000, staff=500, days=1, seed=5))
    people = guests(crowd)
    short = [Contractor(email=person.email) for person in people[:20]]
    long = [Contractor(email=person.email) for person in people]

    few, requests_for_few = matched(crowd, *short, reconcile=False)
    many, requests_for_many = matched(crowd, *long, reconcile=False)

    assert all(found.profile for found in (*few, *many))
    assert requests_for_few <= 20 + 1
    assert requests_for_many <= 25 + 2


def test_disabled_guests_are_found_by_address_as_well(scenario):
    disabled = next(g for g in guests(scenario) if g.status is Status.TERMINATED)

    matches, _ = matched(scenario, Contractor(email=disabled.email), reconcile=False)

    assert matches[0].profile.status is AccountStatus.TERMINATED


def test_a_portal_that_answers_nonsense_is_an_error_and_never_an_absence(scenario):
    broken = Setup(faults=FaultRates.parse("other-shape:1"))
    people = [Contractor(id=UserId(person.id)) for person in guests(scenario)[:5]]

    with pytest.raises(PortalError):
        matched(scenario, *people, reconcile=False, setup=broken)
