import asyncio

from lastseen.model.contractor import Contractor
from lastseen.rosters.lookup import Accounts, look_up
from tests.unit.rosters.pretended_portal import PretendedPortal, guest, guid


def test_accounts_are_found_by_id_by_address_and_by_what_looks_like_it():
    accounts = Accounts([guest(1, "hans.strasse@vendor.com")])

    assert accounts.by_id(Contractor(id=guid(1))) is not None
    assert accounts.by_email(Contractor(email="Hans.Strasse@VENDOR.com"))
    assert accounts.by_email(Contractor(email="hans.straße@vendor.com")) == []
    assert accounts.nearly_by_email(Contractor(email="hans.straße@vendor.com"))
    assert accounts.of(Contractor(email="hans.straße@vendor.com"))


def test_an_address_of_other_letters_is_asked_for_in_every_spelling():
    portal = PretendedPortal([guest(1, "ann@xn--fa-hia.example")])
    accounts = Accounts()

    asyncio.run(look_up([Contractor(email="Ann@faß.example")], accounts, portal))

    assert [account.id for account in accounts] == [guid(1)]
