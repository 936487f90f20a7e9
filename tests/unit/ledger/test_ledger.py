"""A ledger and its portals, whatever the database; and ledgers in memory."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from lastseen.ledger import Ledger, PortalLedger, open_ledger
from lastseen.model.errors import UsageError
from lastseen.model.sighting import EvidenceKind
from tests.unit.ledger.conftest import PORTAL, TickingClock
from tests.unit.ledger.examples import ANNA, reading, seen, stretch


def test_what_was_kept_is_there_when_the_ledger_is_opened_again(
    ledger_url: str, clock: TickingClock
):
    with open_ledger(ledger_url, clock=clock) as ledger:
        ledger.portal(PORTAL).evidence.keep(reading(stretch(0, 9), sightings=(seen(ANNA, 5),)))
        entry = ledger.portal(PORTAL).journal.append("scope", run_id=None, content={})
    with open_ledger(ledger_url, clock=clock) as ledger:
        portal = ledger.portal(PORTAL)
        assert portal.evidence.newest_sightings(EvidenceKind.SIGN_IN)[ANNA] == seen(ANNA, 5)
        assert portal.journal.head() == entry.hash


@pytest.mark.parametrize(
    "written",
    [
        "https://portal.example/",
        " HTTPS://Portal.EXAMPLE ",
        "https://portal.example:443",
        "https://portal.example.",
    ],
)
def test_a_portal_is_the_same_in_any_way_of_writing_its_address(ledger: Ledger, written: str):
    assert ledger.portal(written) is ledger.portal(PORTAL)
    assert ledger.portal(written).url == PORTAL


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://portal.example:8443", "https://portal.example:8443"),
    ],
)
def test_ports_that_matter_are_kept(ledger: Ledger, written: str, kept: str):
    assert ledger.portal(written).url == kept


@pytest.mark.parametrize("written", ["", "portal.example", "https://", "https://x:port"])
def test_what_is_no_address_is_a_usage_error(ledger: Ledger, written: str):
    with pytest.raises(UsageError):
        ledger.portal(written)


def test_the_account_is_known_to_everything_of_that_portal(ledger: Ledger):
    ledger.portal(PORTAL).acting_as("admin@example.com")
    assert ledger.portal(PORTAL).runs.begin("review").by.account == "admin@example.com"
    assert ledger.portal("https://other.example").actor.account is None


def test_threads_of_one_process_may_share_a_ledger(ledger: Ledger, clock: TickingClock):
    with Ledger.in_memory(clock=clock) as in_memory, ThreadPoolExecutor(4) as threads:
        for one in (ledger, in_memory):
            portal = one.portal(PORTAL)

            def write(number: int, portal: PortalLedger = portal) -> None:
                portal.journal.append("scope", run_id=None, content={"number": number})
                portal.evidence.keep(reading(stretch(number, number + 1), events=1))

            list(threads.map(write, range(40)))
            assert portal.journal.verify() is None
            assert len(list(portal.journal.entries())) == 40
            (covered,) = portal.evidence.coverage(EvidenceKind.SIGN_IN)
            assert covered.events == 40


def test_ledgers_in_memory_know_nothing_of_each_other(clock: TickingClock):
    with Ledger.in_memory(clock=clock) as one, Ledger.in_memory(clock=clock) as other:
        one.portal(PORTAL).runs.begin("review")
        other.portal(PORTAL).journal.append("scope", run_id=None, content={})
        assert other.portal(PORTAL).runs.all() == ()
        assert one.portal(PORTAL).journal.head() is None


def test_a_ledger_in_memory_begins_empty_each_time(clock: TickingClock):
    for _ in range(3):
        with Ledger.in_memory(clock=clock) as ledger:
            assert ledger.portal(PORTAL).runs.all() == ()
            ledger.portal(PORTAL).runs.begin("review")


def test_the_journal_in_memory_is_append_only_too(clock: TickingClock):
    with Ledger.in_memory(clock=clock) as ledger:
        ledger.portal(PORTAL).journal.append("scope", run_id=None, content={})
        with (
            pytest.raises(Exception, match="append-only"),
            ledger._database.writing("test") as connection,
        ):
            connection.exec_driver_sql("DELETE FROM journal")
