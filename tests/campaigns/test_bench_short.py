"""Every measurement works, on small portals; what comes out is not judged here."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_measurement_gives_its_rows() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench", "--short"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for figure in (
        "requests ÷ fewest possible",
        "wall time",
        "1,500 a minute",
        "peak memory",
        "processor time",
        "lastseen --help",
        "growth",
        "regret",
    ):
        assert f"| {figure}" in ran.stdout or figure in ran.stdout
