"""How long the commands take that are given all day: help, and the history of a year."""

import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.bench.commands import lastseen
from benchmarks.bench.table import Row
from lastseen.ledger import open_ledger
from lastseen.model.instant import Instant

MOST_HELP_SECONDS, MOST_HISTORY_SECONDS = 0.25, 0.6
RUNS = 5
DAYS = 365
ENTRIES_A_DAY = 6
URL = "https://portal.example"


def commands_of_every_day() -> list[Row]:
    """Measure the median wall time of each command."""
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
            _row("lastseen --help", ["--help"], MOST_HELP_SECONDS, environ, folder),
            _row(
                f"lastseen history on a ledger of a year, {DAYS} runs",
                ["history"],
                MOST_HISTORY_SECONDS,
                environ,
                folder,
            ),
        ]


def _row(
    figure: str, arguments: list[str], most: float, environ: dict[str, str], folder: Path
) -> Row:
    took = [
        lastseen(arguments, environ=environ, folder=folder, expected=(0,)).seconds
        for _ in range(RUNS + 1)
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
