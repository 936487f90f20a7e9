"""Exemptions: who, why, until when; found in any case, and every change in the journal."""

from datetime import date

import msgspec
import pytest

from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.errors import UsageError
from tests.unit.ledger.conftest import TickingClock

UNTIL = date(2026, 12, 31)


def test_an_exemption_says_who_added_it_and_when(portal: PortalLedger, clock: TickingClock):
    portal.acting_as("admin@example.com")
    exemption = portal.exemptions.add("anna@example.com", until=UNTIL, reason=" on leave ")
    assert portal.exemptions.all() == (exemption,)
    assert (exemption.added_by, exemption.reason) == ("admin@example.com", "on leave")
    assert exemption.added_at.date() == clock.at.date()


def test_without_an_account_the_user_of_the_machine_added_it(portal: PortalLedger):
    exemption = portal.exemptions.add("anna@example.com", until=UNTIL, reason="on leave")
    assert exemption.added_by == f"{portal.actor.os_user}@{portal.actor.host}"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Anna@Example.COM ", "anna@example.com"),
        ("STRASSE@example.com", "strasse@example.com"),
        ("{0000000A-0000-4000-8000-000000000000}", "0000000a-0000-4000-8000-000000000000"),
    ],
)
def test_a_person_is_found_in_any_way_of_writing(portal: PortalLedger, written: str, kept: str):
    assert portal.exemptions.add(written, until=UNTIL, reason="on leave").who == kept
    assert portal.exemptions.remove(kept.upper())


def test_an_exemption_holds_through_its_last_day(portal: PortalLedger):
    exemption = portal.exemptions.add("anna@example.com", until=UNTIL, reason="on leave")
    assert portal.exemptions.active(UNTIL) == (exemption,)
    assert portal.exemptions.active(date(2027, 1, 1)) == ()
    assert portal.exemptions.all() == (exemption,)


def test_adding_again_renews_and_counts_it(portal: PortalLedger):
    portal.exemptions.add("anna@example.com", until=UNTIL, reason="on leave")
    longer = portal.exemptions.add("ANNA@example.com", until=date(2027, 6, 30), reason="still")
    assert portal.exemptions.all() == (longer,)
    assert longer.renewals == 1
    assert [entry.content["change"] for entry in portal.journal.entries()] == ["add", "renew"]


def test_ticket_and_approval_are_kept_and_in_the_journal(portal: PortalLedger):
    exemption = portal.exemptions.add(
        "domain:.Vendor.example", until=UNTIL, reason="audit", ticket=" T-1 ", approved_by="boss"
    )
    assert portal.exemptions.all() == (exemption,)
    assert (exemption.who, exemption.ticket) == ("domain:.vendor.example", "T-1")
    content = msgspec.to_builtins(next(portal.journal.entries()).content)["exemption"]
    assert (content["ticket"], content["approved_by"]) == ("T-1", "boss")
    assert portal.exemptions.remove("domain:.vendor.example")


def test_the_account_of_an_exemption_is_noted_once_and_kept_when_it_is_renewed(
    portal: PortalLedger,
):
    account = UserId("00000000-0000-4000-8000-000000000001")
    portal.exemptions.add("anna@example.com", until=UNTIL, reason="on leave")
    portal.exemptions.bind("anna@example.com", account)
    portal.exemptions.bind("anna@example.com", account)
    portal.exemptions.bind("nobody@example.com", account)
    portal.exemptions.add("anna@example.com", until=UNTIL, reason="on leave")
    assert [one.user_id for one in portal.exemptions.all()] == [account]
    changes = [entry.content["change"] for entry in portal.journal.entries()]
    assert changes == ["add", "bind", "renew"]


@pytest.mark.parametrize("who", ["domain:*.x.org", "group:designers"])
def test_what_is_no_domain_and_no_group_is_refused(portal: PortalLedger, who: str):
    with pytest.raises(UsageError):
        portal.exemptions.add(who, until=UNTIL, reason="on leave")
    assert not portal.exemptions.remove(who)


def test_removing_says_whether_there_was_one(portal: PortalLedger):
    portal.exemptions.add("anna@example.com", until=UNTIL, reason="on leave")
    assert portal.exemptions.remove("anna@example.com")
    assert not portal.exemptions.remove("anna@example.com")
    assert portal.exemptions.all() == ()


def test_every_change_is_in_the_journal(portal: PortalLedger):
    portal.exemptions.add("anna@example.com", until=UNTIL, reason="on leave")
    portal.exemptions.remove("anna@example.com")
    portal.exemptions.remove("nobody@example.com")
    told = [(entry.kind, entry.content["change"]) for entry in portal.journal.entries()]
    assert told == [("exemption", "add"), ("exemption", "remove")]
    content = msgspec.to_builtins(next(portal.journal.entries()).content)
    assert content["exemption"]["until"] == "2026-12-31"
    assert content["exemption"]["reason"] == "on leave"
    assert portal.journal.verify() is None


@pytest.mark.parametrize(
    ("who", "until", "reason", "found"),
    [
        ("  ", UNTIL, "on leave", "nobody"),
        ("anna@example.com", UNTIL, "  ", "no reason"),
        ("anna@example.com", date(2026, 10, 31), "on leave", "has passed"),
        ("anna@example.com", date(2028, 1, 1), "on leave", "the latest day is"),
        ("anna@example.com", UNTIL, "caf\udce9", "not text"),
        ("ann\0a@example.com", UNTIL, "on leave", "not text"),
    ],
)
def test_an_exemption_without_who_why_or_a_day_to_come_is_refused(
    portal: PortalLedger, who: str, until: date, reason: str, found: str
):
    with pytest.raises(UsageError) as refused:
        portal.exemptions.add(who, until=until, reason=reason)
    assert found in refused.value.found
    assert portal.exemptions.all() == ()
    assert portal.journal.head() is None


def test_an_exemption_may_end_today(portal: PortalLedger, clock: TickingClock):
    today = clock.at.date()
    exemption = portal.exemptions.add("anna@example.com", until=today, reason="last day")
    assert portal.exemptions.active(today) == (exemption,)
