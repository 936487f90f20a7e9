"""How much of a portal's people is read for a roster that is a file."""

import pytest

from benchmarks.bench.virtual import VirtualPortal
from benchmarks.bench.worlds import Shape
from lastseen.rosters import RosterOptions, open_roster

PEOPLE, GUESTS = 50_000, 10_000


@pytest.fixture(scope="module")
def portal():
    return VirtualPortal(
        Shape(contractors=GUESTS, staff=PEOPLE - GUESTS, sign_ins=2_000, trail=2_000)
    )


def test_forty_people_are_asked_for_one_by_one_and_ten_thousand_as_a_list(portal, tmp_path):
    few = _requests_for_people(portal, 40, tmp_path)
    many = _requests_for_people(portal, GUESTS, tmp_path)
    assert 40 <= few <= 45
    assert PEOPLE // 100 <= many <= PEOPLE // 100 + 5


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
