"""What a fleet costs: workers beside one another, the queue's overhead, status and memory.

Portals are served by one process, the database by a wheel; workers are processes as an operator
starts them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.bench.commands import lastseen, run
from benchmarks.bench.table import Row
from lastseen.fleet.configuration import FleetPortal
from lastseen.fleet.database import SESSION, FleetDatabase
from lastseen.fleet.queue import opened_queue
from lastseen.fleet.store import FleetStore
from lastseen.fleet.throwaway import throwaway_postgres
from lastseen.model.instant import system_clock

CONTRACTORS = 40
LATENCY_MS = 20
KEY = "env:FLEET_KEY_"
WORK = (0, 3, 4)


class Place:
    """A fleet that is served: a database, portals, and the environment of its workers."""

    def __init__(self, ledger_url: str, served: Sequence[tuple[str, str]], folder: Path) -> None:
        """Enter the portals in `served`, addresses and keys, into the database."""
        self.folder = folder
        self.served = served
        self.ledger_url = ledger_url
        self.environ = {"LASTSEEN_LEDGER__URL": ledger_url} | {
            f"FLEET_KEY_{number}": key for number, (_, key) in enumerate(served)
        }
        portals = tuple(portal(number, url) for number, (url, _) in enumerate(served))
        with FleetDatabase(ledger_url) as database:
            database.bring_up_to_date()
            FleetStore(database).replace(portals, now=system_clock())

    def enqueue(self) -> None:
        """Put a run that only reports into the queue for every portal."""
        with FleetDatabase(self.ledger_url) as database, opened_queue(database) as queue:
            queue.put(FleetStore(database).chosen((), now=system_clock()), "run")

    def drain(self, workers: int, *options: str) -> float:
        """Let so many workers drain the queue; return the seconds from start to the last end."""
        command = [sys.executable, "-m", "lastseen", "worker", "--drain", *options]
        environ = {**os.environ, **self.environ}
        began = time.perf_counter()
        processes = [
            subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
            for _ in range(workers)
        ]
        for process in processes:
            if process.wait() not in WORK:
                raise RuntimeError(f"a worker ended with {process.returncode}")
        return time.perf_counter() - began

    def done(self) -> int:
        """Return how many portals have had a review with complete evidence."""
        with psycopg.connect(self.ledger_url.replace("+psycopg", "")) as connection:
            row = connection.execute(
                "SELECT count(*) FROM lastseen_fleet.portals WHERE whole_review_at IS NOT NULL"
            ).fetchone()
        return int(row[0]) if row else 0


def portal(number: int, url: str) -> FleetPortal:
    """Return a portal of the fleet by its number."""
    return FleetPortal(
        name=f"portal-{number:04}",
        url=url,
        api_key=f"{KEY}{number}",
        command="review",
        schedule=None,
        tables={"portal": {"url": url}, "guardrails": {"max_disable_share": 1.0}},
    )


@contextmanager
def fleet(portals: int) -> Iterator[Place]:
    """Serve so many portals and a database until the block ends."""
    command = [sys.executable, "-m", "lastseen", "simulate", "--portals", str(portals)]
    command += ["--contractors", str(CONTRACTORS), "--staff", "4", "--days", "45"]
    command += ["--latency-ms", str(LATENCY_MS)]
    with TemporaryDirectory(prefix="lastseen-bench-") as folder, throwaway_postgres() as ledger_url:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().strip() for _ in range(2 * portals)]
            values = [line.partition("=")[2] for line in lines]
            served = list(zip(values[::2], values[1::2], strict=True))
            yield Place(ledger_url, served, Path(folder))
        finally:
            process.kill()
            process.communicate()


def several_workers(portals: int, workers: int = 4) -> list[Row]:
    """Measure how much sooner several workers are done than one, one portal at a time each."""
    seconds = []
    for count in (1, workers):
        with fleet(portals) as place:
            place.enqueue()
            seconds.append(place.drain(count, "--concurrency", "1"))
            assert place.done() == portals
    factor = seconds[0] / seconds[1]
    return [
        Row(
            figure=f"{portals:,} portals of {CONTRACTORS} contractors, {LATENCY_MS} ms, "
            f"--concurrency 1 each: {workers} workers / 1 ({os.cpu_count()} cores)",
            measured=f"{factor:.2f} ({seconds[0]:.0f} s / {seconds[1]:.0f} s)",
            goal="≥ 3.2",
            met=factor >= 3.2,
        )
    ]


def overhead(portals: int) -> list[Row]:
    """Measure a worker with one portal at a time beside plain `lastseen run`, one after another."""
    with fleet(portals) as place:
        began = time.perf_counter()
        for url, key in place.served:
            environ = {
                "LASTSEEN_PORTAL__URL": url,
                "LASTSEEN_API_KEY": key,
                "LASTSEEN_LEDGER__URL": f"sqlite:///{place.folder}/{urlsplit(url).port}.sqlite3",
            }
            arguments = ["run", "-o", "run.json"]
            lastseen(arguments, environ=environ, folder=place.folder, expected=(0, 2, 4))
        plain = time.perf_counter() - began
        place.enqueue()
        drained = place.drain(1, "--concurrency", "1")
        assert place.done() == portals
    share = drained / plain - 1
    return [
        Row(
            figure="queue and ledger per portal and run, compared with a plain `run` "
            f"({portals} portals)",
            measured=f"{share:+.0%} ({drained / portals * 1000:.0f} ms; "
            f"plain {plain / portals * 1000:.0f} ms)",
            goal="≤ +15 %",
            met=share <= 0.15,
        )
    ]


def status(portals: int) -> list[Row]:
    """Measure `lastseen fleet status` of a fleet of so many portals, the best of three."""
    with TemporaryDirectory() as folder, throwaway_postgres() as ledger_url:
        with FleetDatabase(ledger_url) as database:
            database.bring_up_to_date()
        _fill(ledger_url, portals)
        command = [sys.executable, "-m", "lastseen", "fleet", "status"]
        environ = {"LASTSEEN_LEDGER__URL": ledger_url}
        took = min(run(command, environ=environ, folder=Path(folder)).seconds for _ in range(3))
    return [
        Row(
            figure=f"`fleet status`, {portals:,} portals",
            measured=f"{took:.2f} s",
            goal="≤ 1 s",
            met=took <= 1,
        )
    ]


def many_at_once(portals: int) -> list[Row]:
    """Measure the peak memory of one worker with so many portals at once."""
    with fleet(portals) as place:
        place.enqueue()
        command = [sys.executable, "-m", "lastseen", "worker", "--drain"]
        command += ["--concurrency", str(portals)]
        took = run(command, environ=place.environ, folder=place.folder)
        assert place.done() == portals
    return [
        Row(
            figure=f"one worker, {portals} portals at once: peak memory",
            measured=f"{took.peak_megabytes:.0f} MB",
            goal="≤ 250 MB",
            met=took.peak_megabytes <= 250,
        )
    ]


def _fill(ledger_url: str, portals: int) -> None:
    """Enter so many portals, as after a night's work."""
    now = datetime.now(UTC)
    statement = (
        "INSERT INTO portals (name, url, api_key, command, cron, tables, added_at, changed_at,"
        " next_due_at, state, last_job_at, whole_review_at, disabled, to_disable, kept, held,"
        " due_soon) VALUES (%s, %s, %s, 'run', '15 2 * * *', %s, %s, %s, %s, %s, %s, %s, 1, 0, 38,"
        " %s, 2)"
    )
    rows = [
        (
            f"portal-{number:05}",
            f"https://portal-{number}.example",
            f"env:KEY_{number}",
            Jsonb({"portal": {"url": f"https://portal-{number}.example"}}),
            *(now,) * 3,
            "held" if number % 10 == 0 else "clean",
            *(now,) * 2,
            number % 10 == 0,
        )
        for number in range(portals)
    ]
    info = ledger_url.replace("+psycopg", "")
    with psycopg.connect(info, **SESSION) as connection, connection.cursor() as cursor:
        cursor.executemany(statement, [(*row[:-1], int(row[-1])) for row in rows])
