"""How long the commands take that are given all day: help, a small review, a year's history."""

import statistics
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.bench.commands import Took, lastseen, run
from benchmarks.bench.portals import Place, Served, served
from benchmarks.bench.reviewing import desk
from benchmarks.bench.table import Row
from lastseen.ledger import open_ledger
from lastseen.model.instant import Instant
from testing.worlds import company

MOST_HELP_SECONDS, MOST_HISTORY_SECONDS = 0.25, 0.6
MOST_REVIEW_SECONDS = 1.5
SMALL = company(100, staff=20, days=180)
LATENCY = 0.02
_MODULES = ("lastseen.cli.main", "lastseen.config.schema", "lastseen.api", "aiohttp")
"""Between them they bring all that a review reads."""
DAYS = 365
ENTRIES_A_DAY = 6
URL = "https://portal.example"


def commands_of_every_day(runs: int) -> list[Row]:
    """Measure the median wall time of each command, given so many times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        address = f"sqlite:///{folder / 'ledger.sqlite3'}"
        _fill(address)
        # A compiled module is read from its cache, as it is after the first start anywhere.
        environ = {
            "LASTSEEN_PORTAL__URL": URL,
            "LASTSEEN_LEDGER__URL": address,
            "PYTHONDONTWRITEBYTECODE": "",
        }
        return [
            _row("lastseen --help", ["--help"], MOST_HELP_SECONDS, environ, folder, runs),
            _row(
                f"lastseen history on a ledger of a year, {DAYS} runs",
                ["history"],
                MOST_HISTORY_SECONDS,
                environ,
                folder,
                runs,
            ),
        ]


def small_review(runs: int) -> list[Row]:
    """Measure so many first reviews of a small portal, and where the time of the median goes."""
    with served(Place(shape=SMALL, latency=LATENCY)) as portal:
        took = sorted((_reviewed(portal) for _ in range(runs)), key=lambda one: one[0].seconds)
        median, requests = took[runs // 2]
    loading = _loading(runs)
    rest = max(0.0, median.processor_seconds - loading)
    waiting = max(0.0, median.seconds - median.processor_seconds)
    return [
        Row(
            figure=f"lastseen review from start to end, {SMALL.contractors} contractors and "
            f"{SMALL.staff} staff, {LATENCY * 1000:.0f} ms latency",
            measured=f"{median.seconds:.2f} s = {loading:.2f} loading modules + {rest:.2f} other "
            f"processor time + {waiting:.2f} waiting for {requests} requests",
            goal=f"≤ {MOST_REVIEW_SECONDS} s",
            met=median.seconds <= MOST_REVIEW_SECONDS,
        )
    ]


def _reviewed(portal: Served) -> tuple[Took, int]:
    with desk(portal) as commands:
        took, plan = commands.review()
    return took, plan.evidence.requests


def _loading(runs: int) -> float:
    """Return the processor time that a review spends on reading modules."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-c", f"import {', '.join(_MODULES)}"]
        environ = {"PYTHONDONTWRITEBYTECODE": ""}
        took = [run(command, environ=environ, folder=Path(name)) for _ in range(runs)]
    return statistics.median(one.processor_seconds for one in took)


def _row(
    figure: str,
    arguments: list[str],
    most: float,
    environ: dict[str, str],
    folder: Path,
    runs: int,
) -> Row:
    took = [
        lastseen(arguments, environ=environ, folder=folder, expected=(0,)).seconds
        for _ in range(runs + 1)
    ][1:]
    median = statistics.median(took)
    return Row(figure=figure, measured=f"{median:.2f} s", goal=f"≤ {most} s", met=median <= most)


def _fill(address: str) -> None:
    """Let a year of daily runs be in the ledger."""
    now = Instant(datetime.now(UTC) - timedelta(days=DAYS))

    def clock() -> Instant:
        return now

    with open_ledger(address, clock=clock) as ledger:
        portal = ledger.portal(URL)
        for _ in range(DAYS):
            now = Instant(now + timedelta(days=1))
            run = portal.runs.begin("run")
            for number in range(ENTRIES_A_DAY):
                portal.journal.append("outcome", run_id=run.run_id, content={"number": number})
            portal.runs.finish(run.run_id, state="done", summary={"disabled": 3}, exit_code=0)
