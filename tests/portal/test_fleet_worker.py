"""Workers at work on a fleet: real processes, a real PostgreSQL, portals on sockets."""

import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lastseen.model.fleet import PortalState
from testing.fleets import Fleet, disabled

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
HELPFUL = (PortalState.CLEAN, PortalState.HELD, PortalState.PROPOSED)


@pytest.fixture
def fleet(tmp_path: Path, fresh_postgres_url: str) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield Fleet(tmp_path, fresh_postgres_url, stack)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(holds, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.1)


def test_what_befalls_one_portal_touches_no_other(fleet):
    fleet.serve("well", seed=1)
    fleet.serve("guarded", seed=2)
    fleet.configure("guarded", 'command = "run"\n[portal.guardrails]\nmax_disable = 1\n')
    fleet.enter("gone", "http://127.0.0.1:9", key="sk-x")
    fleet.enter("keyless", "http://127.0.0.1:8", key=None)
    fleet.serve("refusing", seed=4)
    fleet.environ["REFUSING_KEY"] = "sk-wrong"
    fleet.sync()
    fleet.enqueue("run", agreed=True)
    ended = fleet.drain()
    states = {name: status.state for name, status in fleet.status().items()}
    assert states["well"] in HELPFUL
    assert states["guarded"] is PortalState.GUARDRAIL
    assert states["gone"] is PortalState.UNREACHABLE
    assert states["keyless"] is PortalState.FAILED
    assert states["refusing"] is PortalState.REFUSED
    assert disabled(fleet.portals["well"])
    assert not disabled(fleet.portals["guarded"])
    assert ended.returncode == 2
    assert "env:KEYLESS_KEY" in (fleet.status()["keyless"].last_error or "")
    assert fleet.status()["gone"].unreachable_since is not None


def test_keys_are_in_no_row_no_job_and_no_log(fleet):
    fleet.serve("one")
    fleet.sync()
    fleet.enqueue("review")
    key = fleet.portals["one"].api_key
    tables = fleet.execute(
        "SELECT schemaname || '.' || tablename FROM pg_tables"
        " WHERE schemaname IN ('lastseen', 'lastseen_fleet')"
    )

    def everything() -> str:
        return "".join(str(fleet.execute(f"SELECT t::text FROM {name} t")) for (name,) in tables)

    assert "env:ONE_KEY" in everything()
    assert key not in everything()
    ended = fleet.drain()
    assert ended.returncode in (0, 4), ended.stderr
    assert key not in everything()
    assert key not in ended.stdout + ended.stderr


def test_no_other_variable_of_the_workers_overrides_a_portal(fleet):
    fleet.serve("one")
    fleet.sync()
    fleet.enqueue("review")
    ended = fleet.drain(
        LASTSEEN_PORTAL__URL="http://127.0.0.1:9",
        LASTSEEN_API_KEY="sk-other",
        LASTSEEN_POLICY__INACTIVE_DAYS="1",
    )
    assert ended.returncode in (0, 4), ended.stderr
    with fleet.ledger("one") as ledger:
        plan = ledger.runs.plan(ledger.runs.all()[0].run_id)
    assert plan is not None
    assert plan.policy.inactive_days == 30
    assert plan.portal == fleet.urls["one"]


def test_a_run_that_nobody_agreed_to_only_reports(fleet):
    fleet.serve("one")
    fleet.sync()
    fleet.enqueue("run")
    fleet.drain()
    assert not disabled(fleet.portals["one"])
    assert (fleet.status()["one"].to_disable or 0) > 0


def test_a_job_agreed_to_for_one_address_changes_nobody_at_another(fleet):
    fleet.serve("one", seed=1)
    fleet.serve("two", seed=2)
    fleet.sync()
    fleet.enqueue("run", "one", agreed=True)
    fleet.retire("two")
    fleet.move("one", fleet.urls["two"], key=fleet.portals["two"].api_key)
    fleet.sync()
    ended = fleet.drain()
    assert "at another address" in ended.stderr
    assert not disabled(fleet.portals["one"])
    assert not disabled(fleet.portals["two"])
    fleet.enqueue("run", "one", agreed=True)
    fleet.drain()
    assert disabled(fleet.portals["two"])


def test_an_approved_number_lifts_the_guardrails_of_one_run(fleet):
    fleet.serve("one")
    fleet.configure("one", "[portal.guardrails]\nmax_disable = 1\n")
    fleet.sync()
    fleet.enqueue("run", agreed=True)
    fleet.drain()
    assert fleet.status()["one"].state is PortalState.GUARDRAIL
    assert not disabled(fleet.portals["one"])
    fleet.enqueue("run", agreed=True, max_disable=12)
    fleet.drain()
    assert len(disabled(fleet.portals["one"])) > 1


def test_a_job_of_another_version_is_named_and_skipped(fleet):
    fleet.serve("one")
    fleet.sync()
    fleet.enqueue("run", agreed=True)
    fleet.execute("UPDATE lastseen_fleet.procrastinate_jobs SET args = args - 'url'")
    ended = fleet.drain()
    assert "a job for the portal one is not one of this version" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 2
    assert not disabled(fleet.portals["one"])


def test_one_portal_under_two_names_is_changed_by_one_of_them_only(fleet):
    fleet.serve("one")
    same = fleet.urls["one"].replace("127.0.0.1", "localhost")
    fleet.enter("other", same, key=fleet.portals["one"].api_key)
    fleet.sync()
    fleet.enqueue("run", agreed=True)
    fleet.drain()
    states = sorted(status.state for status in fleet.status().values())
    assert PortalState.FAILED in states
    assert set(states) & set(HELPFUL)
    (failed,) = [one for one in fleet.status().values() if one.state is PortalState.FAILED]
    assert "the ledger knows the same accounts at" in (failed.last_error or "")


def test_a_killed_workers_job_is_taken_over_and_finishes_the_same_run(fleet):
    fleet.serve("one", contractors=60, latency=0.05)
    fleet.sync()
    fleet.enqueue("run", agreed=True)
    portal = fleet.portals["one"]
    first = fleet.worker()
    eventually(lambda: portal.puts)
    first.kill()
    first.communicate()
    began = time.monotonic()
    ended = fleet.drain()
    assert time.monotonic() - began < 60
    assert "put back into the queue" in ended.stderr
    counts = disabled(portal)
    assert counts
    assert set(counts.values()) == {1}
    with fleet.ledger("one") as ledger:
        carried_out = [run for run in ledger.runs.all() if run.kind == "run"]
        assert all(run.state == "done" for run in carried_out)
        claimed = [
            outcome.user_id
            for run in carried_out
            for outcome in ledger.runs.receipt(run.run_id).outcomes
            if outcome.outcome == "disabled"
        ]
    assert sorted(claimed) == sorted(counts)


def test_one_portal_is_worked_on_by_one_worker_at_a_time(fleet):
    fleet.serve("one", latency=0.05)
    fleet.sync()
    fleet.enqueue("review")
    fleet.enqueue("run")
    workers = [fleet.worker("--drain") for _ in range(2)]
    running = 0
    while any(worker.poll() is None for worker in workers):
        ((count,),) = fleet.execute(
            "SELECT count(*) FROM lastseen_fleet.procrastinate_jobs"
            " WHERE status = 'doing' AND queue_name = 'portals'"
        )
        running = max(running, count)
        assert count <= 1
        fleet.execute("UPDATE lastseen_fleet.portals SET last_job_at = NULL")
        time.sleep(0.05)
    for worker in workers:
        worker.communicate()
    assert running == 1
    with fleet.ledger("one") as ledger:
        kinds = sorted(run.kind for run in ledger.runs.all())
    assert kinds == ["review", "review", "run"]


def test_a_command_at_work_on_the_portal_makes_its_job_wait(fleet):
    fleet.serve("one")
    fleet.sync()
    fleet.enqueue("review")
    with fleet.ledger("one") as ledger, ledger.lock("apply"):
        worker = fleet.worker("--drain")
        time.sleep(4)
        assert worker.poll() is None
        assert fleet.status()["one"].state is PortalState.NEVER
    worker.communicate(timeout=60)
    assert fleet.status()["one"].state in HELPFUL


def test_a_worker_that_is_asked_to_stop_puts_its_job_back(fleet):
    fleet.serve("one", contractors=60, latency=0.2)
    fleet.sync()
    fleet.enqueue("review")
    worker = fleet.worker()
    eventually(lambda: fleet.portals["one"].requests.total() > 3)
    worker.send_signal(signal.SIGTERM)
    began = time.monotonic()
    worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert time.monotonic() - began < 45
    rows = fleet.execute("SELECT status FROM lastseen_fleet.procrastinate_jobs")
    assert ("doing",) not in rows


def test_a_job_that_breaks_its_process_is_stopped_and_named_and_others_go_on(fleet):
    fleet.serve("greedy", seed=1)
    fleet.serve("well", seed=2)
    fleet.sync()
    fleet.execute("UPDATE lastseen_fleet.portals SET isolated = true WHERE name = 'greedy'")
    fleet.enqueue("review")
    ended = fleet.drain(FLEET_ISOLATED_MB="1")
    status = fleet.status()
    assert status["greedy"].state is PortalState.STOPPED
    assert "its process failed" in (status["greedy"].last_error or "")
    assert "greedy" in ended.stderr
    assert status["well"].state in HELPFUL
    fleet.enqueue("review", "greedy")
    fleet.drain()
    assert fleet.status()["greedy"].state in HELPFUL


def test_a_worker_short_of_memory_gives_its_jobs_processes_of_their_own(fleet):
    fleet.serve("one", latency=0.4)
    fleet.sync()
    fleet.enqueue("review")
    worker = fleet.worker("--memory-limit", "300", FLEET_RESIDENT_LATER_MB="400")
    eventually(lambda: fleet.status()["one"].state in HELPFUL)
    worker.terminate()
    _, errors = worker.communicate(timeout=60)
    assert "in their own processes" in errors


def test_a_worker_of_an_older_version_refuses_a_newer_ledger_and_leaves_the_jobs(fleet):
    fleet.serve("one")
    fleet.sync()
    running = fleet.worker()
    eventually(lambda: fleet.execute("SELECT to_regclass('lastseen.runs')") != [(None,)])
    time.sleep(1)
    fleet.execute("UPDATE lastseen.alembic_version SET version_num = '9999'")
    fleet.enqueue("review")
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "newer version of Lastseen" in errors
    late = fleet.drain()
    assert late.returncode == 2
    assert "newer version of Lastseen" in late.stderr
    rows = fleet.execute(
        "SELECT status FROM lastseen_fleet.procrastinate_jobs WHERE queue_name = 'portals'"
    )
    assert rows == [("todo",)]


def test_a_portals_minute_of_requests_is_waited_out_whoever_sent_them(fleet):
    fleet.serve("one")
    fleet.sync()
    fleet.enqueue("review")
    fleet.drain()
    asked = fleet.portals["one"].requests.total()
    fleet.execute("UPDATE lastseen_fleet.portals SET last_requests = 1400")
    fleet.enqueue("review")
    worker = fleet.worker()
    eventually(
        lambda: fleet.execute(
            "SELECT 1 FROM lastseen_fleet.procrastinate_jobs WHERE queue_name = 'portals'"
            " AND scheduled_at > now() + interval '20 seconds'"
        )
    )
    worker.terminate()
    worker.communicate(timeout=60)
    assert fleet.portals["one"].requests.total() == asked


def test_a_portal_tells_its_time_zone_and_when_its_key_expires(fleet):
    fleet.serve("one", time_zone="Asia/Tokyo")
    fleet.configure("one", 'schedule = "0 6 * * *"\ntime_zone = "portal"\n')
    fleet.sync()
    assert fleet.status()["one"].next_due_at.hour == 6
    fleet.enqueue("review")
    fleet.drain()
    assert fleet.status()["one"].next_due_at.hour == 21
    assert fleet.status()["one"].key_expires_at is None


def test_metrics_tell_how_the_portals_stand(fleet, free_port):
    fleet.serve("one")
    fleet.enter("gone", "http://127.0.0.1:9", key="sk-x")
    fleet.sync()
    fleet.enqueue("review")
    worker = fleet.worker("--metrics-port", str(free_port))
    try:
        eventually(lambda: fleet.status()["gone"].state is PortalState.UNREACHABLE)
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics") as answer:
            told = answer.read().decode()
    finally:
        worker.terminate()
        worker.communicate(timeout=60)
    assert 'lastseen_portal_unreachable{portal="gone"} 1.0' in told
    assert 'lastseen_portal_unreachable{portal="one"} 0.0' in told
    assert 'lastseen_portal_clean{portal="gone"} 0.0' in told
    assert 'lastseen_jobs_total{command="review",state="unreachable"} 1.0' in told
    assert "lastseen_portal_requests_total" in told
    assert 'lastseen_portal_last_success_timestamp_seconds{portal="gone"}' not in told
