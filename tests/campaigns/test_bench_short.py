"""Every measurement works, on small portals; what comes out is not judged here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench.__main__ import FULL, SHORT

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FIGURES = {
    "dates": "first review with the dates it shows",
    "requests": "requests ÷ fewest that prove it",
    "wall": "wall time",
    "small-review": "lastseen review from start to end",
    "limits": "1,500 a minute",
    "memory": "peak memory",
    "processor": "processor time",
    "commands": "lastseen --help",
    "ledger-check": "checking a ledger of a year",
    "growth": "growth",
    "regret": "regret",
    "rosters": "roster csv",
    "fleet-workers": "workers",
    "fleet-overhead": "queue and ledger",
    "fleet-status": "fleet status",
    "fleet-memory": "portals at once",
}
"""Words of a row that each measurement gives."""


def test_every_measurement_has_a_short_form() -> None:
    assert list(FULL) == list(SHORT) == list(FIGURES)


@pytest.mark.parametrize("name", SHORT)
def test_every_measurement_gives_its_rows(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench", "--short", "--only", name],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert FIGURES[name] in ran.stdout
