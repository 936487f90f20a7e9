"""`python -m campaigns.safety`: plays the campaign, prints tables, ends with 1 on a failure."""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from campaigns.safety.campaign import Failure, failures_of, run
from campaigns.safety.cases import Case
from campaigns.safety.document import document
from campaigns.safety.generator import draw
from campaigns.safety.playing import play
from campaigns.safety.shrinking import shrink
from campaigns.safety.table import written
from campaigns.safety.tallies import Tally

SHORT = 200
FULL = 10_000
SHOWN = 40
"""Failures that are told one by one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    wanted = _parser().parse_args(arguments)
    if wanted.shrink is not None:
        return _shrink(wanted.shrink)
    portals = SHORT if wanted.short else wanted.portals
    seeds = range(wanted.seed, wanted.seed + portals)
    began = time.monotonic()
    counts, failures = Tally(), list[Failure]()
    done = 0
    for result in run(seeds, jobs=wanted.jobs):
        counts.update(result.counts)
        failures += result.failures
        done = min(portals, done + 20)
        if sys.stderr.isatty():
            print(f"\r{done:,} of {portals:,} portals", end="", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    table = written(counts)
    print(table)
    print(f"{portals:,} portals in {seconds:,.0f} s, {len(failures)} failures")
    for failure in failures[:SHOWN]:
        print(f"seed {failure.seed}: {failure.text}")
    if wanted.write is not None:
        command = f"--portals {portals} --seed {wanted.seed} --jobs {wanted.jobs}"
        wanted.write.write_text(document(table, portals=portals, command=command), "utf-8")
    killed = 0 if wanted.without_kills else _kills()
    return 1 if failures or killed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.safety",
        description="Try to make Lastseen disable somebody who is at work.",
    )
    number = parser.add_mutually_exclusive_group()
    number.add_argument("--portals", type=int, default=FULL, help=f"how many ({FULL:,})")
    number.add_argument("--short", action="store_true", help=f"{SHORT} portals")
    parser.add_argument("--seed", type=int, default=0, help="the first portal's seed (0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--write", type=Path, help="also write the tables into this document")
    parser.add_argument("--without-kills", action="store_true", help="leave out that campaign")
    parser.add_argument("--shrink", type=int, metavar="SEED", help="make this failing case small")
    return parser


def _kills() -> int:
    """Let the campaign of kills follow, where it is there; return its exit code."""
    if importlib.util.find_spec("campaigns.kills") is None:
        return 0
    print("\nKilling an apply at every step, and finishing it:", flush=True)
    return subprocess.run([sys.executable, "-m", "campaigns.kills"], check=False).returncode


def _shrink(seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="lastseen-safety-") as name:
        folder = Path(name)

        def lines(case: Case) -> list[str]:
            return list(failures_of(case, play(case, folder)))

        case = draw(seed)
        first = lines(case)
        if not first:
            print(f"seed {seed} does not fail")
            return 0
        kind = _kind(first[0])
        small = shrink(case, lambda one: any(_kind(line) == kind for line in lines(one)))
        print("\n".join(lines(small)))
        print(msgspec.json.format(msgspec.json.encode(small), indent=1).decode())
        return 1


def _kind(line: str) -> str:
    """Return what sort of failure a line tells of, without who and when."""
    parts = line.split(": ")
    return parts[1] if parts[0].startswith("review ") and len(parts) > 1 else parts[0][:24]


if __name__ == "__main__":
    sys.exit(main())
