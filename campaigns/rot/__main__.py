"""`python -m campaigns.rot`: damages ledgers, says what came of it, exits with 1 on a wrong."""

import argparse
import itertools
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from campaigns.progress import watched
from campaigns.rot.flips import Flip, flipped_bits, ledger_in_use
from campaigns.rot.values import Databases, changed_value
from campaigns.safety.cases import Review
from campaigns.safety.generator import draw
from campaigns.safety.setting import Setting
from lastseen.fleet.throwaway import throwaway_postgres

FLIPS = 2_000
A_LEDGER = 50
"""Flips of one ledger each."""
WRONG = frozenset({"wrongful", "bug"})


def flips(number: int, *, seed: int) -> Iterator[Flip]:
    """Flip so many bits of SQLite ledgers, one at a time."""
    chance = random.Random(f"rot {seed}")
    with tempfile.TemporaryDirectory(prefix="lastseen-rot-") as name:
        file = Path(name) / "ledger.sqlite3"
        for setting, many in _settings(number, Path(name), seed=seed):
            file.unlink(missing_ok=True)
            honest = ledger_in_use(setting, f"sqlite:///{file}")
            for _ in range(many):
                yield flipped_bits(setting, file, honest, chance)


def changes(number: int, *, seed: int, server: str) -> Iterator[Flip]:
    """Change so many values of PostgreSQL ledgers on a server, one at a time."""
    chance = random.Random(f"rot {seed}")
    databases = Databases(server)
    with tempfile.TemporaryDirectory(prefix="lastseen-rot-") as name:
        for setting, many in _settings(number, Path(name), seed=seed):
            with databases.in_use() as url:
                honest = ledger_in_use(setting, url)
                for _ in range(many):
                    yield changed_value(setting, databases, honest, chance)


def _settings(number: int, folder: Path, *, seed: int) -> Iterator[tuple[Setting, int]]:
    """Yield portals, and how many damages each gets, until there are `number`."""
    for case_seed in itertools.count(seed):
        if number <= 0:
            return
        case = draw(case_seed)
        if case.is_hidden or len(case.people) > 60:
            continue
        calm = msgspec.structs.replace(
            case, faults={}, steps=(Review(),), per_minute=None, machine_ahead=0.0
        )
        yield Setting(calm, folder), min(A_LEDGER, number)
        number -= A_LEDGER


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.rot", description=__doc__)
    parser.add_argument("--flips", type=int, default=FLIPS, help=f"of each kind ({FLIPS:,})")
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), help="only this database")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args(arguments)
    logging.getLogger("lastseen").setLevel(logging.CRITICAL)
    wrong = 0
    if wanted.kind in (None, "sqlite"):
        found = flips(wanted.flips, seed=wanted.seed)
        wrong += _told("bits flipped in SQLite", found, wanted.flips)
    if wanted.kind in (None, "postgresql"):
        with throwaway_postgres() as server:
            found = changes(wanted.flips, seed=wanted.seed, server=server)
            wrong += _told("values changed in PostgreSQL", found, wanted.flips)
    return 1 if wrong else 0


def _told(what: str, damages: Iterator[Flip], number: int) -> int:
    """Print what came of the damages; return how many went wrong."""
    began = time.monotonic()
    found = list(watched(damages, what=what, of=number))
    ends = Counter(flip.end for flip in found)
    wrong = [flip for flip in found if flip.end in WRONG]
    told = ", ".join(f"{many} {end}" for end, many in ends.most_common())
    seconds = time.monotonic() - began
    speed = f"{seconds:.0f} s, {len(found) / max(seconds, 0.01):.1f} a second"
    print(f"{len(found):,} {what}: {told}; {len(wrong)} wrong, {speed}", flush=True)
    for flip in wrong[:20]:
        print(f"  {flip.where}: {flip.end}: {flip.text}")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
