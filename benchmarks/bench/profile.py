"""Where the time of a review goes: `python -m benchmarks.bench.profile [--entries N]`.

The command runs under Python's own profiler, which makes everything slower, most of all what is
many small calls: the shares tell, not the seconds.
"""

import argparse
import pstats
import sys
import tempfile
from pathlib import Path

from benchmarks.bench.commands import run
from benchmarks.bench.portals import Place, served
from testing.worlds import Shape

PARTS = (
    ("waiting for the portal", ("select.epoll", "selectors.py")),
    ("HTTP and the event loop", ("aiohttp", "asyncio", "yarl", "multidict", "socket", "ssl")),
    ("decoding JSON", ("msgspec",)),
    ("asking, limits and checking answers", ("lastseen/docspace",)),
    ("evidence: proof, sightings, planning", ("lastseen/evidence",)),
    ("the ledger", ("lastseen/ledger", "sqlalchemy", "sqlite3")),
    ("deciding and the plan", ("lastseen/policy", "lastseen/plan", "lastseen/review")),
    ("starting Python and reading modules", ("importlib", "marshal", "{built-in method posix")),
)
"""What is told apart, by where the code lies; the first that fits counts."""

_PROFILED = ("-m", "cProfile", "-o", "profile.out", "-m", "lastseen")


def shares(entries: int, contractors: int = 10_000) -> list[tuple[str, float]]:
    """Return the share of each part of a review of so many sign-in entries, the largest first."""
    shape = Shape(
        contractors=contractors, staff=contractors * 2 // 5, sign_ins=entries, trail=entries
    )
    with served(Place(shape=shape)) as portal, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took = run(
            [sys.executable, *_PROFILED, "review", "-o", "plan.json"],
            environ={
                "LASTSEEN_PORTAL__URL": portal.url,
                "LASTSEEN_API_KEY": portal.key,
                "LASTSEEN_LEDGER__URL": f"sqlite:///{folder / 'ledger.sqlite3'}",
                "LASTSEEN_POLICY__LOOKBACK_DAYS": "30",
            },
            folder=folder,
        )
        if took.exit_code:
            raise RuntimeError((folder / "errors.txt").read_text(encoding="utf-8"))
        functions = pstats.Stats(str(folder / "profile.out")).stats  # type: ignore[attr-defined]
    spent: dict[str, float] = {}
    for (file, _, function), (_, _, seconds, _, _) in functions.items():
        part = _part(f"{file}:{function}")
        spent[part] = spent.get(part, 0.0) + seconds
    whole = sum(spent.values())
    return sorted(((part, s / whole) for part, s in spent.items()), key=lambda p: -p[1])


def _part(where: str) -> str:
    for part, marks in PARTS:
        if any(mark in where for mark in marks):
            return part
    return "all else"


def main() -> None:
    """Print the shares as a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench.profile", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="sign-ins in the window")
    chosen = parser.parse_args()
    print("| part | share |\n|---|---|")
    for part, share in shares(chosen.entries):
        print(f"| {part} | {share:.0%} |")


if __name__ == "__main__":
    main()
