"""Jobs that go back into the queue while another job of their portal waits in it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from procrastinate import App, PsycopgConnector

from lastseen.fleet.attempts import BEHIND
from lastseen.fleet.database import SESSION, FleetDatabase, conninfo
from lastseen.fleet.retries import FleetJobManager
from lastseen.fleet.takeover import take_over
from testing.fleets import Fleet, disabled

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
TABLE = "lastseen_fleet.procrastinate_jobs"
OURS = "WHERE queue_name = 'portals'"
JOBS = f"{TABLE} {OURS}"
IN_SCHEMA = "SET search_path TO lastseen_fleet; "
NOBODY_AT = "http://127.0.0.1:9"


@pytest.fixture
def fleet(tmp_path: Path, fresh_postgres_url: str) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield Fleet(tmp_path, fresh_postgres_url, stack)


def eventually(holds: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def begun(fleet: Fleet) -> None:
    """Make the waiting jobs those of a worker that is gone."""
    fleet.execute(f"{IN_SCHEMA}UPDATE {TABLE} SET status = 'doing' {OURS}")


def taken_over(fleet: Fleet) -> int:
    async def work() -> int:
        connector = PsycopgConnector(
            conninfo=conninfo(fleet.ledger_url), kwargs=dict(SESSION), min_size=1
        )
        app = App(connector=connector)
        app.job_manager = FleetJobManager(connector)
        with FleetDatabase(fleet.ledger_url) as database:
            async with app.open_async():
                return await take_over(app, database, stalled_seconds=1)

    return asyncio.run(work())


def test_a_killed_workers_job_gives_way_to_the_same_job_that_waits(fleet):
    fleet.serve("one", contractors=60, latency=0.05)
    fleet.sync()
    fleet.enqueue("run", agreed=True)
    portal = fleet.portals["one"]
    first = fleet.worker()
    eventually(lambda: portal.puts)
    fleet.enqueue("run", agreed=True)
    assert fleet.execute(f"SELECT count(*) FROM {JOBS}") == [(2,)]
    first.kill()
    first.communicate()
    ended = fleet.drain()
    assert ended.returncode in (0, 4), ended.stderr
    assert "bug" not in ended.stderr
    counts = disabled(portal)
    assert counts
    assert set(counts.values()) == {1}
    with fleet.ledger("one") as ledger:
        carried_out = [run for run in ledger.runs.all() if run.kind == "run"]
    assert all(run.state == "done" for run in carried_out)
    assert fleet.execute(f"SELECT * FROM {JOBS}") == []


def test_a_job_taken_over_keeps_what_only_it_was_allowed(fleet):
    fleet.enter("one", NOBODY_AT, key="sk-x")
    fleet.sync()
    fleet.enqueue("run", agreed=True, max_disable=12)
    begun(fleet)
    fleet.enqueue("run", agreed=True)
    assert taken_over(fleet) == 1
    rows = fleet.execute(f"SELECT status, args ->> 'max_disable' FROM {JOBS} ORDER BY id")
    assert rows == [("todo", "12"), ("todo", None)]


def test_a_job_that_cannot_be_taken_over_is_named_and_keeps_no_other_waiting(
    fleet, monkeypatch, caplog
):
    fleet.enter("broken", NOBODY_AT, key="sk-x")
    fleet.enter("well", "http://127.0.0.1:8", key="sk-x")
    fleet.sync()
    fleet.enqueue("review")
    begun(fleet)
    put_back = FleetJobManager.retry_job_by_id_async
    ((broken,),) = fleet.execute(f"SELECT id FROM {JOBS} AND args ->> 'portal' = 'broken'")

    async def fails_for_one(self, job_id, *arguments, **named):
        if job_id == broken:
            raise RuntimeError("no way back")
        await put_back(self, job_id, *arguments, **named)

    monkeypatch.setattr(FleetJobManager, "retry_job_by_id_async", fails_for_one)
    with caplog.at_level(logging.ERROR, "lastseen.fleet"):
        taken_over(fleet)
    assert "broken: its worker died, and its job could not be put back" in caplog.text
    rows = fleet.execute(f"SELECT args ->> 'portal', status FROM {JOBS} ORDER BY 1")
    assert rows == [("broken", "doing"), ("well", "todo")]


def test_an_outage_with_the_same_job_waiting_leaves_one_job_and_the_worker_at_work(fleet):
    fleet.enter("gone", NOBODY_AT, key="sk-x")
    fleet.sync()
    fleet.enqueue("review")
    worker = fleet.worker()
    try:
        eventually(lambda: fleet.execute(f"SELECT 1 FROM {JOBS} AND status = 'doing'"))
        fleet.enqueue("review")
        assert fleet.execute(f"SELECT count(*) FROM {JOBS}") == [(2,)]
        eventually(lambda: retried_later(fleet) and jobs(fleet) == 1)
        # A job of the same portal that is enqueued now is not held up by the retry.
        fleet.enqueue("run", "gone")
        eventually(lambda: jobs(fleet) == 2 and len(retried_later(fleet)) == 2)
        assert worker.poll() is None
    finally:
        worker.terminate()
        _, errors = worker.communicate(timeout=60)
    assert "bug" not in errors


def test_a_job_that_waits_for_its_retry_is_brought_forward_when_enqueued_again(fleet):
    fleet.enter("gone", NOBODY_AT, key="sk-x")
    fleet.sync()
    fleet.enqueue("review")
    after_an_outage = f"scheduled_at = '2999-01-01', attempts = 2, priority = {BEHIND}"
    fleet.execute(f"{IN_SCHEMA}UPDATE {TABLE} SET {after_an_outage} {OURS}")
    fleet.enqueue("review")
    assert fleet.execute(f"SELECT scheduled_at, attempts FROM {JOBS}") == [(None, 0)]


def retried_later(fleet: Fleet) -> list[object]:
    return fleet.execute(
        f"SELECT id FROM {JOBS} AND status = 'todo' AND scheduled_at > now() + interval '60 s'"
    )


def jobs(fleet: Fleet) -> int:
    ((count,),) = fleet.execute(f"SELECT count(*) FROM {JOBS}")
    return int(count)
