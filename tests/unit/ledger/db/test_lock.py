"""One portal, one run that changes it; other processes are in tests/portal."""

import os
import threading
import time
from pathlib import Path

import pytest

from lastseen.ledger import Ledger, open_ledger
from lastseen.model.errors import ExitCode, LedgerError, LockHeld
from tests.unit.ledger.conftest import PORTAL, TickingClock


def test_a_portal_is_locked_once(ledger: Ledger):
    portal = ledger.portal(PORTAL)
    with portal.lock("apply"), pytest.raises(LockHeld), portal.lock("undo"):
        pytest.fail("locked twice")


def test_a_lock_counts_for_every_ledger_opened_on_that_database(
    ledger: Ledger, ledger_url: str, clock: TickingClock
):
    with (
        ledger.portal(PORTAL).lock("apply"),
        open_ledger(ledger_url, clock=clock) as again,
        pytest.raises(LockHeld),
        again.portal(PORTAL).lock("apply"),
    ):
        pytest.fail("locked twice")


def test_the_message_names_who_holds_the_lock_and_since_when(ledger: Ledger):
    portal = ledger.portal(PORTAL)
    portal.acting_as("admin@example.com")
    with portal.lock("apply"), pytest.raises(LockHeld) as told, portal.lock("undo"):
        pytest.fail("locked twice")
    assert told.value.exit_code is ExitCode.GUARDRAIL
    assert "to undo" in told.value.attempted
    for part in (
        "`apply`",
        "admin@example.com",
        portal.actor.host,
        str(os.getpid()),
        "2026-11-01 12:00 UTC",
    ):
        assert part in told.value.found


def test_a_lock_that_ended_is_free(ledger: Ledger):
    for _ in range(3):
        with ledger.portal(PORTAL).lock("apply"):
            pass


def test_a_lock_ends_with_an_error_inside(ledger: Ledger):
    with pytest.raises(ZeroDivisionError), ledger.portal(PORTAL).lock("apply"):
        raise ZeroDivisionError
    with ledger.portal(PORTAL).lock("apply"):
        pass


def test_portals_are_locked_apart(ledger: Ledger):
    with ledger.portal(PORTAL).lock("apply"), ledger.portal("https://other.example").lock("apply"):
        pass


def test_everything_else_works_while_a_portal_is_locked(
    ledger: Ledger, ledger_url: str, clock: TickingClock
):
    with (
        ledger.portal(PORTAL).lock("apply"),
        open_ledger(ledger_url, clock=clock) as again,
    ):
        again.portal(PORTAL).runs.begin("review")
        again.portal(PORTAL).journal.append("scope", run_id=None, content={})
    assert ledger.portal(PORTAL).journal.verify() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forking is Unix's")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_lock_that_ended_is_free_though_a_forked_process_lives_on(
    tmp_path: Path, clock: TickingClock
):
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", clock=clock) as ledger:
        portal = ledger.portal(PORTAL)
        reading, writing = os.pipe()
        with portal.lock("apply"):
            child = os.fork()
            if child == 0:
                os.read(reading, 1)
                os._exit(0)
        try:
            with portal.lock("undo"):
                pass
        finally:
            os.write(writing, b"x")
            os.waitpid(child, 0)
            os.close(reading)
            os.close(writing)


def test_a_run_whose_lock_file_was_removed_writes_nothing_more(tmp_path: Path, clock: TickingClock):
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", clock=clock) as ledger:
        portal = ledger.portal(PORTAL)
        with portal.lock("apply"):
            next(tmp_path.glob("*.lock")).unlink()
            with pytest.raises(LedgerError, match="lock is lost"):
                portal.journal.append("intent", run_id=None, content={})
        assert portal.journal.head() is None


def test_a_run_whose_lock_another_took_through_a_new_file_writes_nothing_more(
    tmp_path: Path, clock: TickingClock
):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    with (
        open_ledger(url, clock=clock) as first,
        open_ledger(url, clock=clock) as second,
        first.portal(PORTAL).lock("apply"),
    ):
        next(tmp_path.glob("*.lock")).unlink()
        with second.portal(PORTAL).lock("apply"):
            with pytest.raises(LedgerError, match="lock is lost"):
                first.portal(PORTAL).runs.begin("apply")
            second.portal(PORTAL).runs.begin("apply")


def test_a_lock_can_be_waited_for(ledger: Ledger, ledger_url: str, clock: TickingClock):
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with open_ledger(ledger_url, clock=clock) as other, other.portal(PORTAL).lock("apply"):
            taken.set()
            done.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(5)
    threading.Timer(0.2, done.set).start()
    with ledger.portal(PORTAL).lock("undo", wait_seconds=5):
        assert done.is_set()
    holder.join(5)


def test_waiting_ends(ledger: Ledger):
    with ledger.portal(PORTAL).lock("apply"):
        begin = time.monotonic()
        with pytest.raises(LockHeld), ledger.portal(PORTAL).lock("undo", wait_seconds=0.2):
            pytest.fail("locked twice")
        assert 0.2 <= time.monotonic() - begin < 30


def test_a_ledger_in_memory_is_locked_too(clock: TickingClock):
    with Ledger.in_memory(clock=clock) as ledger:
        portal = ledger.portal(PORTAL)
        held = pytest.raises(LockHeld, match="`apply` holds it")
        with portal.lock("apply"), held, portal.lock("undo"):
            pytest.fail("locked twice")
