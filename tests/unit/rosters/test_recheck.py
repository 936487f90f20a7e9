import asyncio

import pytest

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor
from lastseen.model.decision import Reason
from lastseen.rosters import Listing, match_again
from tests.unit.rosters.pretended_portal import PretendedPortal, guest


class Fixed:
    """An outside roster with fixed people."""

    name = "fixed"
    outside = True
    query = "fixed"

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    async def load(self, portal: Portal) -> Listing:
        return self._listing


def again(listing: Listing, *accounts):
    return asyncio.run(match_again(Fixed(listing), accounts, PretendedPortal(accounts)))


def test_an_account_that_a_row_names_is_matched_and_another_is_left_out():
    listing = Listing(contractors=(Contractor(email=guest(1).email),))

    found = again(listing, guest(1), guest(2))

    assert set(found) == {guest(1).id}
    assert found[guest(1).id].problem is None


def test_an_account_that_a_row_nearly_names_is_in_doubt():
    account = guest(1, "hans.strasse@vendor.com")
    listing = Listing(contractors=(Contractor(email="hans.straße@vendor.com"),))

    assert again(listing, account)[account.id].problem is Reason.AMBIGUOUS


@pytest.mark.parametrize(
    "listing",
    [
        Listing(contractors=()),
        Listing(contractors=(Contractor(email="other@vendor.com"),), complete=False),
    ],
    ids=["empty", "a row names nobody"],
)
def test_nobody_counts_as_missing_from_a_roster_that_may_not_be_whole(listing):
    assert again(listing, guest(1))[guest(1).id].problem is Reason.AMBIGUOUS
