"""Reading people back: whoever it is, in the fewest requests."""

import asyncio
from collections.abc import Sequence

import pytest

from lastseen.execution.readback import PeopleNow, read_people
from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId
from lastseen.model.errors import PortalRefused, PortalUnreachable
from tests.unit.execution.fake_portal import FakePortal, refused

NOBODY = UserId("nobody")


def read(portal: FakePortal, people: Sequence[UserId], *, guests_only: bool = False) -> PeopleNow:
    """Read people whose addresses are known."""
    emails = {who: portal.accounts[who].email for who in people if who in portal.accounts}
    work = read_people(portal, people, emails=emails, guests_only=guests_only)
    return asyncio.run(work)


def test_few_people_of_many_are_read_one_by_one(portal: FakePortal):
    everybody = [portal.add(n) for n in range(600)]

    now = read(portal, everybody[:5])

    assert set(now.profiles) == set(everybody[:5])
    assert (portal.requests, portal.searches, portal.lists) == (6, 5, 0)


def test_many_people_of_few_are_read_from_the_list(portal: FakePortal):
    everybody = [portal.add(n) for n in range(40)]

    now = read(portal, everybody)

    assert set(now.profiles) == set(everybody)
    assert (portal.reads, portal.lists) == (0, 1)


def test_guests_are_looked_for_among_guests(portal: FakePortal):
    guests = [portal.add(n) for n in range(10)]
    for n in range(1000, 2000):
        portal.add(n, kind=AccountType.USER)

    read(portal, guests, guests_only=True)

    assert (portal.reads, portal.lists) == (0, 1)


def test_who_is_not_in_the_list_is_asked_for_alone_before_being_called_gone(portal: FakePortal):
    guests = [portal.add(n) for n in range(10)]
    portal.change(guests[0], type=AccountType.USER)

    now = read(portal, [*guests, NOBODY], guests_only=True)

    assert set(now.profiles) == set(guests)
    assert now.gone == {NOBODY}
    assert (portal.searches, portal.reads) == (1, 1)


def test_a_change_that_was_never_saved_is_not_believed(portal: FakePortal):
    ann = portal.add(1)
    portal.unsaved[ann] = AccountStatus.TERMINATED

    now = read(portal, [ann])

    assert now.profiles[ann].status is AccountStatus.ACTIVE
    assert portal.requests == 1


def test_a_person_with_another_address_by_now_is_read_by_id(portal: FakePortal):
    ann = portal.add(1)

    now = asyncio.run(read_people(portal, [ann], emails={ann: "earlier@vendor.example"}))

    assert set(now.profiles) == {ann}


def test_a_person_of_unknown_address_is_read_by_id(portal: FakePortal):
    ann = portal.add(1)

    now = asyncio.run(read_people(portal, [ann], emails={ann: None}))

    assert set(now.profiles) == {ann}
    assert portal.requests == 1


def test_one_account_that_cannot_be_read_stops_nobody_else(portal: FakePortal):
    ann, bob = portal.add(1), portal.add(2)
    portal.unreadable.add(ann)

    now = read(portal, [ann, bob])

    assert set(now.profiles) == {bob}
    assert set(now.unread) == {ann}


def test_a_portal_that_does_not_answer_is_no_matter_of_one_person(portal: FakePortal):
    people = [portal.add(n) for n in range(3)]
    portal.deaf_people = True

    with pytest.raises(PortalUnreachable):
        read(portal, people)


def test_nobody_costs_no_request(portal: FakePortal):
    read(portal, [])
    assert portal.requests == 0


class Refusing(FakePortal):
    """Refuses to show anybody, with the status given."""

    status_given = 403

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        raise refused(self.status_given)


@pytest.mark.parametrize(("status", "stops"), [(401, True), (429, True), (403, False)])
def test_a_refusal_of_one_account_stops_the_work_only_where_it_means_every_account(status, stops):
    portal = Refusing()
    portal.status_given = status
    ann = portal.add(1)

    if stops:
        with pytest.raises(PortalRefused):
            read(portal, [ann])
    else:
        assert set(read(portal, [ann]).unread) == {ann}
