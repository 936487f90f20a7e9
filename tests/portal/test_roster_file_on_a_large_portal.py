"""How much of a portal's people is read for a roster that is a file."""

import pytest

from lastseen.rosters import RosterOptions, match, open_roster
from testing.virtual import VirtualPortal
from testing.worlds import Shape

PEOPLE, GUESTS = 20_000, 4_000
WHOLE_LIST = PEOPLE // 100
"""Requests that bring everyone on the portal."""
ON_FEWER = 60
"""The same of a portal with fewer people."""


@pytest.fixture(scope="module")
def portal():
    return VirtualPortal(
        Shape(contractors=GUESTS, staff=PEOPLE - GUESTS, sign_ins=2_000, trail=2_000)
    )


def test_forty_people_are_asked_for_one_by_one_and_thousands_as_a_list(portal, tmp_path):
    few = _requests_for_people(portal, 40, tmp_path)
    many = _requests_for_people(portal, GUESTS, tmp_path)
    assert 40 <= few <= 45
    assert WHOLE_LIST <= many <= WHOLE_LIST + 5


@pytest.mark.parametrize("column", ["email", "id"])
def test_a_short_file_costs_a_request_a_row_by_whatever_it_names_people(portal, tmp_path, column):
    rows = [getattr(guest, column) for guest in _guests(portal, 40)]
    matches, requests = _matched(portal, rows, tmp_path, column=column)
    assert 40 <= requests <= 45 < WHOLE_LIST / 4
    assert [found.profile is not None for found in matches] == [True] * 40


def test_people_not_on_the_portal_are_asked_for_thrice_and_not_as_a_list(portal, tmp_path):
    """An empty answer is believed when it was given three times."""
    matches, requests = _matched(portal, _nobodies(40), tmp_path)
    assert 120 <= requests <= 125
    assert not any(found.profile for found in matches)


def test_many_people_not_on_the_portal_cost_hardly_more_than_the_list(portal, tmp_path):
    matches, requests = _matched(portal, _nobodies(WHOLE_LIST - 1), tmp_path)
    assert WHOLE_LIST <= requests <= WHOLE_LIST * 1.5
    assert not any(found.profile for found in matches)


def test_a_few_of_many_who_are_not_on_the_portal_do_not_bring_the_list(portal, tmp_path):
    rows = [guest.email for guest in _guests(portal, 120)] + _nobodies(8)
    _, requests = _matched(portal, rows, tmp_path)
    assert requests <= 120 + 3 * 8 + 5


@pytest.mark.parametrize("there", [GUESTS, GUESTS // 2, 0])
def test_a_long_file_costs_the_whole_list_however_many_of_it_are_there(portal, tmp_path, there):
    rows = [guest.email for guest in _guests(portal, there)] + _nobodies(GUESTS - there)
    matches, requests = _matched(portal, rows, tmp_path)
    assert WHOLE_LIST <= requests <= WHOLE_LIST + 5
    assert len(matches) == GUESTS
    assert sum(found.profile is not None for found in matches) == there


@pytest.mark.parametrize("rows", [ON_FEWER, ON_FEWER + 2])
def test_a_file_about_as_long_as_the_list_costs_whichever_is_fewer(tmp_path, rows):
    portal = VirtualPortal(
        Shape(contractors=1_000, staff=ON_FEWER * 100 - 1_000, sign_ins=100, trail=100)
    )
    _, requests = _matched(portal, [guest.email for guest in _guests(portal, rows)], tmp_path)
    assert requests <= min(rows, ON_FEWER) + 5


def test_for_guests_on_no_list_the_guests_are_read_and_not_everyone(portal, tmp_path):
    rows = [guest.email for guest in _guests(portal, 40)]
    matches, requests = _matched(portal, rows, tmp_path, reconcile=True)
    assert len(matches) == GUESTS
    assert GUESTS // 100 <= requests <= GUESTS // 100 + 5


def _guests(portal, number):
    return [p for p in portal.portal.world.people.values() if p.is_guest][:number]


def _nobodies(number):
    return [f"nobody{n}@elsewhere.example" for n in range(number)]


def _matched(portal, rows, folder, *, column="email", reconcile=False):
    """Match a file of one column to the portal; return the matches, and all requests it took."""
    file = folder / "roster.csv"
    file.write_text("\n".join([column, *rows, ""]))
    roster = open_roster(RosterOptions(source="csv", path=file, reconcile=reconcile))

    async def matched(client):
        return await match(await roster.load(client), client, reconcile=reconcile)

    transport = portal.transport()
    matches = portal.with_client(transport, matched)
    return matches, len(transport.sent)


def _requests_for_people(portal, rows, folder):
    """Match a file with so many rows to the portal without reconciling; return the requests."""
    guests = [p for p in portal.portal.world.people.values() if p.is_guest][:rows]
    file = folder / f"{rows}.csv"
    file.write_text("email\n" + "".join(f"{guest.email}\n" for guest in guests))
    roster = open_roster(RosterOptions(source="csv", path=file, reconcile=False))
    before = portal.portal.requests.copy()
    portal.review(roster=roster, reconcile=False)
    asked = portal.portal.requests - before
    return sum(number for what, number in asked.items() if "people" in str(what))
