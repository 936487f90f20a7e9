"""A known portal at a new address: nothing is decided until somebody says that it is the same."""

import asyncio
from datetime import date

import pytest

from lastseen.ledger import Ledger
from lastseen.model.errors import UsageError
from lastseen.model.instant import parse_instant, utc_date
from lastseen.rosters import RosterOptions, open_roster
from lastseen.workflows.same_portal import confirm_same_portal, refuse_known_elsewhere
from tests.unit.rosters.pretended_portal import PretendedPortal, guest

NOW = parse_instant("2026-11-20T12:00:00Z")
OLD, NEW = "https://old.example", "https://new.example"
ANN, BEN = guest(1), guest(2)


@pytest.fixture
def book():
    with Ledger.in_memory(clock=lambda: NOW) as ledger:
        yield ledger


def confirm(book, *people):
    portal = PretendedPortal(people_there=people)
    guests = open_roster(RosterOptions())
    return asyncio.run(confirm_same_portal(portal, guests, ledger=book.portal(NEW)))


def test_accounts_that_are_known_elsewhere_are_refused_and_others_are_not(book):
    book.portal(OLD).accounts.note([ANN], NOW)

    with pytest.raises(UsageError, match=r"https://old\.example"):
        refuse_known_elsewhere(book.portal(NEW), [ANN.id, BEN.id])
    refuse_known_elsewhere(book.portal(NEW), [BEN.id])
    refuse_known_elsewhere(book.portal(OLD), [ANN.id])


def test_once_confirmed_exemptions_and_reinstatements_follow(book):
    old = book.portal(OLD)
    old.accounts.note([ANN], NOW)
    old.accounts.note_reinstated([ANN.id], NOW)
    old.exemptions.add(ANN.email, until=date(2027, 1, 1), reason="on leave")

    assert confirm(book, ANN, BEN) == OLD

    new = book.portal(NEW)
    assert new.accounts.reinstated() == {ANN.id: NOW}
    assert [one.who for one in new.exemptions.active(utc_date(NOW))] == [ANN.email]
    refuse_known_elsewhere(new, [ANN.id])


def test_a_portal_that_is_known_where_it_is_takes_over_nothing(book):
    book.portal(OLD).accounts.note([ANN], NOW)
    book.portal(NEW).accounts.note([BEN], NOW)
    book.portal(NEW).accounts.note([ANN], NOW)

    assert confirm(book, ANN) is None
    assert book.portal(OLD).accounts.known() == {ANN.id}


def test_a_portal_that_the_ledger_does_not_know_cannot_be_confirmed(book):
    book.portal(OLD).accounts.note([BEN], NOW)

    with pytest.raises(UsageError, match="none of its accounts"):
        confirm(book, ANN)
    assert book.portal(OLD).accounts.known() == {BEN.id}
