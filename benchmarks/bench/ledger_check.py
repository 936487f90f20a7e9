"""What it costs to check a ledger before anyone is disabled: one of a year, with its documents.

One review and one `apply` of a portal are real; the other days of the year are copies of them, each
with its run, its plan and its entries in the journal, which name as many people as a day has.
"""

import sqlite3
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.bench.commands import lastseen
from benchmarks.bench.portals import Place, served
from benchmarks.bench.reviewing import environ_of
from benchmarks.bench.table import Row
from lastseen.ledger import open_ledger
from lastseen.ledger.db.schema import plans
from lastseen.ledger.db.seals import row_digest
from lastseen.model.instant import Instant, system_clock
from lastseen.model.journal_entry import EntryKind
from lastseen.model.sighting import EvidenceKind
from testing.worlds import company

MOST_SECONDS = 0.5
DAYS = 365
CHANGED_A_DAY = 20
RUNS = 5


def check_of_a_year(contractors: int) -> list[Row]:
    """Measure the processor time that checking takes `apply`, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="lastseen-bench-") as name:
        folder = Path(name)
        with served(Place(shape=company(contractors))) as portal:
            environ = environ_of(portal, folder)
            lastseen(["review", "-o", "plan.json"], environ=environ, folder=folder, expected=(0,))
            lastseen(
                ["apply", "plan.json", "--yes", "-q"],
                environ=environ,
                folder=folder,
                expected=(0, 6),
            )
            url = portal.url
        file = folder / "ledger.sqlite3"
        entries = _fill(file, url)
        took = [_checked(file, url) for _ in range(RUNS)]
        megabytes = file.stat().st_size / 1e6
    least = min(took)  # other programs beside it only add to processor time
    return [
        Row(
            figure=f"checking a ledger of a year before anyone is disabled, {contractors:,} "
            f"contractors: processor time ({DAYS} runs, {entries:,} entries in the journal, "
            f"{megabytes:,.0f} MB)",
            measured=f"{least:.2f} s",
            goal=f"≤ {MOST_SECONDS} s",
            met=least <= MOST_SECONDS,
        )
    ]


def _checked(file: Path, url: str) -> float:
    """Return the processor seconds of what `apply` checks: records, journal, both logs."""
    with open_ledger(f"sqlite:///{file}", clock=system_clock) as ledger:
        portal = ledger.portal(url)
        began = time.process_time()
        with portal.lock("apply"):
            damage = [portal.evidence.drop_damaged(kind) for kind in EvidenceKind]
        took = time.process_time() - began
    if any(damage):
        raise RuntimeError(f"the ledger is damaged: {damage}")
    return took


def _fill(file: Path, url: str) -> int:
    """Let a year of daily runs be in the ledger; returns how many entries the journal has."""
    now = Instant(datetime.now(UTC) - timedelta(days=DAYS))
    run_ids: list[str] = []

    def clock() -> Instant:
        return now

    with open_ledger(f"sqlite:///{file}", clock=clock) as ledger:
        portal = ledger.portal(url)
        entries = list(portal.journal.entries())
        for _ in range(DAYS - 1):
            now = Instant(now + timedelta(days=1))
            run = portal.runs.begin("run")
            for one in entries:
                kind: EntryKind = msgspec.convert(one.kind, EntryKind)
                content = _of_a_day(one.content)
                portal.journal.append(kind, run_id=run.run_id, content=content)
            portal.runs.finish(run.run_id, state="done", summary={"disabled": 20}, exit_code=0)
            run_ids.append(run.run_id)
    _copy_documents(file, run_ids)
    return DAYS * len(entries)


def _of_a_day(content: Mapping[str, object]) -> dict[str, object]:
    """Return an entry with no more people than a day has: the first run disables a year's."""
    return {
        name: value[:CHANGED_A_DAY] if isinstance(value, list) else value
        for name, value in content.items()
    }


def _copy_documents(file: Path, run_ids: list[str]) -> None:
    """Keep the one plan for all runs: making another for each would take minutes."""
    with closing(sqlite3.connect(file)) as database, database:
        portal_id, _, _, plan, record, _ = database.execute("SELECT * FROM plans").fetchone()
        rows = [(portal_id, run_id, run_id, plan, record) for run_id in run_ids]
        database.executemany(
            "INSERT INTO plans VALUES (?, ?, ?, ?, ?, ?)",
            [(*row, row_digest(plans, row)) for row in rows],
        )
