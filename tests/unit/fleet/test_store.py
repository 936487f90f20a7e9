"""What the database knows of a fleet."""

import threading
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from lastseen.fleet.database import FleetDatabase
from lastseen.fleet.outcome import Figures, JobOutcome
from lastseen.fleet.schedule import Schedule
from lastseen.fleet.store import MOST_CRASHES, FleetStore
from lastseen.model.errors import LedgerError, UsageError
from lastseen.model.fleet import PortalState
from lastseen.model.instant import after
from tests.unit.fleet.conftest import NOW, portal

pytestmark = pytest.mark.postgres
FIGURES = Figures(disabled=2, to_disable=0, kept=30, held=0, due_soon=4)


def outcome(name: str, state: PortalState, **changes: Any) -> JobOutcome:
    fields: dict[str, Any] = {
        "portal": name,
        "command": "run",
        "state": state,
        "finished_at": NOW,
        "seconds": 1.5,
        "requests": 40,
        "exit_code": 0,
    }
    return JobOutcome(**{**fields, **changes})


def states(store: FleetStore, hours: float = 0) -> dict[str, PortalState]:
    now = after(NOW, timedelta(hours=hours))
    return {status.name: status.state for status in store.statuses(now=now)}


def test_several_workers_may_make_the_schema_at_once(fresh_postgres_url):
    errors: list[BaseException] = []

    def make() -> None:
        try:
            with FleetDatabase(fresh_postgres_url) as database:
                database.bring_up_to_date()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test has to see it
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with FleetDatabase(fresh_postgres_url) as database:
        database.check_revision()


def test_an_older_version_refuses_a_newer_schema_clearly(database, fresh_postgres_url):
    with database.transaction() as connection:
        connection.execute("INSERT INTO migrations (component, name) VALUES ('fleet', '9999')")
    with pytest.raises(LedgerError, match="9999") as caught:
        database.check_revision()
    assert "newer version" in caught.value.meaning
    with FleetDatabase(fresh_postgres_url) as older, pytest.raises(LedgerError, match="9999"):
        older.bring_up_to_date()


def test_a_ledger_in_a_file_makes_no_fleet():
    with pytest.raises(UsageError, match="another kind") as caught:
        FleetDatabase("sqlite:////tmp/ledger.sqlite3")
    assert "LASTSEEN_LEDGER__URL" in caught.value.remedy


def test_a_password_is_in_no_message():
    with FleetDatabase("postgresql+psycopg://me:s3cret-word@127.0.0.1:1/x") as database:
        database._pool.timeout = 0.2
        with pytest.raises(LedgerError) as caught:
            database.check_revision()
    assert "s3cret-word" not in str(vars(caught.value))


def test_a_key_never_enters_the_database(database, store):
    with pytest.raises(psycopg.errors.CheckViolation), database._pool.connection() as connection:
        connection.execute(
            "INSERT INTO portals (name, url, api_key, command, tables, added_at, changed_at)"
            " VALUES ('x', 'https://x.example', 'sk-literal', 'review', '{}', now(), now())"
        )


def test_a_fleet_comes_back_as_it_was_written(store):
    fleet = (
        portal("one", schedule=Schedule(cron="0 3 * * *", time_zone="portal", jitter_minutes=7)),
        portal("two", schedule=None, command="run"),
    )
    store.replace(fleet, now=NOW)
    assert store.portals() == fleet


def test_a_retired_portal_is_kept_but_no_longer_counted(store):
    store.replace((portal("one"), portal("two")), now=NOW)
    store.replace((portal("two"),), now=NOW)
    assert list(states(store)) == ["two"]
    known = store.find("one")
    assert known is not None
    assert known.retired


def test_two_portals_may_swap_their_addresses(store):
    one, two = portal("one"), portal("two")
    store.replace((one, two), now=NOW)
    swapped = (
        msgspec.structs.replace(one, url=two.url),
        msgspec.structs.replace(two, url=one.url),
    )
    store.replace(swapped, now=NOW)
    assert store.portals() == swapped


def test_a_portal_at_another_address_has_no_history(store):
    store.replace((portal("one"),), now=NOW)
    store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, whole=True))
    store.replace((portal("one", url="https://moved.example"),), now=NOW)
    (status,) = store.statuses(now=NOW)
    assert status.state is PortalState.NEVER
    assert status.whole_review_at is None
    assert status.disabled is None


def test_a_portal_that_was_never_reviewed_is_not_clean(store):
    store.replace((portal("one"),), now=NOW)
    assert states(store) == {"one": PortalState.NEVER}


def test_an_unreachable_portal_is_never_clean_and_keeps_its_first_hour(store):
    store.replace((portal("one"),), now=NOW)
    store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, whole=True))
    later = after(NOW, timedelta(hours=1))
    store.note_outcome(outcome("one", PortalState.UNREACHABLE, finished_at=later, error="refused"))
    again = after(NOW, timedelta(hours=2))
    store.note_outcome(outcome("one", PortalState.UNREACHABLE, finished_at=again, error="refused"))
    (status,) = store.statuses(now=again)
    assert status.state is PortalState.UNREACHABLE
    assert status.unreachable_since == later
    assert status.whole_review_at == NOW
    assert status.disabled == 2


def test_a_portal_that_answers_again_is_no_longer_unreachable(store):
    store.replace((portal("one"),), now=NOW)
    store.note_outcome(outcome("one", PortalState.UNREACHABLE, error="refused"))
    store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, whole=True))
    (status,) = store.statuses(now=NOW)
    assert (status.state, status.unreachable_since, status.last_error) == (
        PortalState.CLEAN,
        None,
        None,
    )


def test_a_clean_portal_whose_job_does_not_end_is_overdue(store, queue):
    store.replace((portal("one", schedule=Schedule(cron="0 13 * * *")),), now=NOW)
    store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, whole=True))
    assert states(store, hours=1.9)["one"] is PortalState.CLEAN
    assert states(store, hours=2.1)["one"] is PortalState.OVERDUE


def test_a_guardrail_is_shown_until_a_run_passes(store):
    store.replace((portal("one"),), now=NOW)
    store.note_outcome(outcome("one", PortalState.GUARDRAIL, figures=FIGURES, error="too many"))
    (stopped,) = store.statuses(now=NOW)
    assert (stopped.state, stopped.guardrail_at) == (PortalState.GUARDRAIL, NOW)
    store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, whole=True))
    (passed,) = store.statuses(now=NOW)
    assert passed.guardrail_at is None


def test_what_is_due_is_put_into_the_queue_once(store, queue):
    store.replace((portal("one"), portal("two", schedule=None)), now=NOW)
    assert queue.put_due(store, now=NOW).new == ()
    morning = after(NOW, timedelta(days=3))
    assert queue.put_due(store, now=morning).new == ("one",)
    assert queue.put_due(store, now=morning).new == ()
    (one, _) = store.statuses(now=morning)
    assert one.next_due_at is not None
    assert morning < one.next_due_at < after(morning, timedelta(days=1))


def test_a_paused_portal_is_neither_due_nor_enqueued(store, queue):
    store.replace((portal("one"), portal("two")), now=NOW)
    queue.put(store.chosen((), now=NOW), "review")
    store.pause(("one",), now=NOW)
    assert queue.withdraw(["one"]) == 1
    assert queue.put_due(store, now=after(NOW, timedelta(days=1))).waiting == ("two",)
    assert [one.name for one in store.chosen((), now=NOW)] == ["two"]
    assert states(store)["one"] is PortalState.PAUSED
    with pytest.raises(UsageError, match="one is paused"):
        store.chosen(("one",), now=NOW)
    store.resume(("one",), now=NOW)
    assert queue.put_due(store, now=after(NOW, timedelta(days=1))).new == ("one",)


@pytest.mark.parametrize("change", ["state = 'nonsense'", "tables = 'null'", "tables = '[]'"])
def test_an_altered_row_is_never_clean_and_can_be_synced_again(store, change):
    one = portal("one")
    store.replace((one,), now=NOW)
    store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, whole=True))
    with store.database.transaction() as connection:
        connection.execute(f"UPDATE portals SET {change}".encode())
    if "state" in change:
        assert states(store)["one"] is PortalState.FAILED
    else:
        assert store.portals()[0].tables == {}
    store.replace((one,), now=NOW)
    assert store.portals() == (one,)


def test_a_value_that_nothing_can_read_is_told_as_such(store):
    store.replace((portal("one"),), now=NOW)
    with store.database.transaction() as connection:
        connection.execute(b"UPDATE portals SET last_job_at = 'infinity'")
    with pytest.raises(LedgerError, match="a value in it can't be read"):
        states(store)


def test_a_portal_that_was_paused_stays_so_under_another_name(store):
    one, two = portal("one"), portal("two")
    store.replace((one, two), now=NOW)
    store.pause(("one",), now=NOW)
    renamed = msgspec.structs.replace(one, name="renamed")
    store.replace((renamed, two), now=NOW)
    assert states(store)["renamed"] is PortalState.PAUSED
    assert [p.name for p in store.chosen((), now=NOW)] == ["two"]
    store.resume(("renamed",), now=NOW)
    store.replace((msgspec.structs.replace(one, name="again"), two), now=after(NOW, timedelta(1)))
    assert states(store)["again"] is PortalState.NEVER


def test_a_paused_portal_stays_so_when_addresses_are_swapped(store):
    one, two = portal("one"), portal("two")
    store.replace((one, two), now=NOW)
    store.pause(("one",), now=NOW)
    swap = msgspec.structs.replace
    store.replace((swap(one, url=two.url), swap(two, url=one.url)), now=NOW)
    assert set(states(store).values()) == {PortalState.PAUSED}


def test_a_portal_whose_job_breaks_its_process_stops_after_a_few_times_and_is_named(store):
    store.replace((portal("one"),), now=NOW)
    answers = [store.note_crash("one", now=NOW, error="killed") for _ in range(MOST_CRASHES)]
    assert answers == [True] * (MOST_CRASHES - 1) + [False]
    (status,) = store.statuses(now=NOW)
    assert (status.state, status.last_error) == (PortalState.STOPPED, "killed")
    assert status.next_due_at is None
    assert store.chosen((), now=NOW) == ()
    store.resume(("one",), now=NOW)
    assert states(store)["one"] is PortalState.FAILED
    assert [one.name for one in store.chosen((), now=NOW)] == ["one"]


def test_naming_a_stopped_portal_resumes_it_with_its_schedule_unless_another_is_paused(store):
    store.replace((portal("one"), portal("two")), now=NOW)
    for _ in range(MOST_CRASHES):
        store.note_crash("one", now=NOW, error="killed")
    store.pause(("two",), now=NOW)
    with pytest.raises(UsageError, match="two is paused"):
        store.chosen(("one", "two"), now=NOW)
    assert states(store)["one"] is PortalState.STOPPED
    assert [one.name for one in store.chosen(("one",), now=NOW)] == ["one"]
    one = store.statuses(now=NOW)[0]
    assert one.state is PortalState.FAILED
    assert one.next_due_at is not None


def test_a_job_that_ends_well_clears_what_was_broken_before(store):
    store.replace((portal("one"),), now=NOW)
    for _ in range(MOST_CRASHES * 2):
        assert store.note_crash("one", now=NOW, error="killed")
        store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, whole=True))


def test_an_unknown_name_changes_nothing(store):
    store.replace((portal("one"),), now=NOW)
    for change in (store.pause, store.resume):
        with pytest.raises(UsageError, match="no portal twp"):
            change(("one", "twp"), now=NOW)
    assert states(store)["one"] is PortalState.NEVER


def test_the_same_job_waits_once_however_many_put_it_in(store, queue):
    fleet = tuple(portal(f"portal-{number}") for number in range(30))
    store.replace(fleet, now=NOW)
    results = []

    def put() -> None:
        results.append(queue.put(store.chosen((), now=NOW), "review"))

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for put in results for name in put.new) == sorted(p.name for p in fleet)
    assert store.jobs() == (30, 0)


def test_the_portals_own_time_zone_moves_what_is_due(store):
    zone = Schedule(cron="0 6 * * *", time_zone="portal")
    store.replace((portal("one", schedule=zone),), now=NOW)
    store.note_outcome(outcome("one", PortalState.CLEAN, figures=FIGURES, portal_zone="Asia/Tokyo"))
    (status,) = store.statuses(now=NOW)
    assert status.next_due_at is not None
    assert status.next_due_at.hour == 21
