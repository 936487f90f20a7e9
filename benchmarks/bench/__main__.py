"""Prints the table of every measurement: `python -m benchmarks.bench [--short] [--only NAME,…]`."""

import argparse
import time
from collections.abc import Callable

from benchmarks.bench import fleet
from benchmarks.bench import growth as growing
from benchmarks.bench.ledger_check import check_of_a_year
from benchmarks.bench.limits import limited
from benchmarks.bench.memory import a_million_entries
from benchmarks.bench.processor import proven_against_plain
from benchmarks.bench.regret import regret
from benchmarks.bench.requests import first_and_second_day, with_dates_to_show
from benchmarks.bench.rosters import every_source
from benchmarks.bench.starting import commands_of_every_day, small_review
from benchmarks.bench.table import Row, machine, table
from benchmarks.bench.wall import Size, against_the_sample

Measurement = Callable[[], list[Row]]

FULL: dict[str, Measurement] = {
    "dates": lambda: with_dates_to_show([1_000, 2_000, 10_000]),
    "requests": lambda: first_and_second_day([1_000, 2_000, 10_000]),
    "wall": lambda: against_the_sample(
        [
            Size(contractors=1_000, sampled=500, least_ratio=15),
            Size(contractors=10_000, sampled=500, least_ratio=50),
        ]
    ),
    "small-review": lambda: small_review(5),
    "limits": lambda: limited(10_000),
    "memory": lambda: a_million_entries(10_000, 1_000_000),
    "processor": lambda: proven_against_plain(10_000),
    "commands": lambda: commands_of_every_day(5),
    "ledger-check": lambda: check_of_a_year(10_000),
    "growth": lambda: growing.growth([1_000, 10_000, 100_000], picture=growing.PICTURE),
    "regret": lambda: regret([40, 100, 500]),
    "rosters": lambda: every_source(100_000),
    "fleet-workers": lambda: fleet.several_workers(1_000),
    "fleet-overhead": lambda: fleet.overhead(20),
    "fleet-status": lambda: fleet.status(5_000),
    "fleet-memory": lambda: fleet.many_at_once(50),
}
"""What `make bench` measures, by the name that `--only` takes."""

SHORT: dict[str, Measurement] = {
    "dates": lambda: with_dates_to_show([200]),
    "requests": lambda: first_and_second_day([200]),
    "wall": lambda: against_the_sample([Size(contractors=60, sampled=5, least_ratio=5)]),
    "small-review": lambda: small_review(1),
    "limits": lambda: limited(300),
    "memory": lambda: a_million_entries(300, 10_000),
    "processor": lambda: proven_against_plain(500),
    "commands": lambda: commands_of_every_day(1),
    "ledger-check": lambda: check_of_a_year(100),
    "growth": lambda: growing.growth([100, 400], picture=None),
    "regret": lambda: regret([10]),
    "rosters": lambda: every_source(2_000),
    "fleet-workers": lambda: fleet.several_workers(4),
    "fleet-overhead": lambda: fleet.overhead(2),
    "fleet-status": lambda: fleet.status(100),
    "fleet-memory": lambda: fleet.many_at_once(5),
}
"""The same on small portals, to see that every measurement works."""


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="small portals, below a minute")
    parser.add_argument("--only", default="", help=f"some of: {', '.join(FULL)}")
    chosen = parser.parse_args()
    measurements = SHORT if chosen.short else FULL
    names = [name for name in chosen.only.split(",") if name] or list(measurements)
    rows: list[Row] = []
    began = time.perf_counter()
    for name in names:
        rows += measurements[name]()
    print(f"On {machine()}. The default configuration unless the row says otherwise:\n")
    print(table(rows))
    print(f"\nMeasured in {time.perf_counter() - began:.0f} s.")


if __name__ == "__main__":
    main()
