"""`python -m campaigns.rot`: flips bits, says what came of it, exits with 1 on a wrong."""

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

from campaigns.rot.flips import Flip, flipped_bits, ledger_in_use
from campaigns.safety.cases import Review
from campaigns.safety.generator import draw
from campaigns.safety.setting import Setting

FLIPS = 2_000
A_LEDGER = 50
"""Flips of one ledger each."""
WRONG = frozenset({"wrongful", "bug"})


def flips(number: int, *, seed: int) -> Iterator[Flip]:
    """Flip so many bits of SQLite ledgers, one at a time."""
    chance = random.Random(f"rot {seed}")
    with tempfile.TemporaryDirectory(prefix="lastseen-rot-") as name:
        for case_seed in itertools.count(seed):
            case = draw(case_seed)
            if case.is_hidden or len(case.people) > 60:
                continue
            calm = msgspec.structs.replace(
                case, faults={}, steps=(Review(),), per_minute=None, machine_ahead=0.0
            )
            file = Path(name) / "ledger.sqlite3"
            file.unlink(missing_ok=True)
            setting = Setting(calm, Path(name))
            honest = ledger_in_use(setting, file)
            for _ in range(min(A_LEDGER, number)):
                yield flipped_bits(setting, file, honest, chance)
            number -= A_LEDGER
            if number <= 0:
                return


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.rot", description=__doc__)
    parser.add_argument("--flips", type=int, default=FLIPS, help=f"bits to flip ({FLIPS:,})")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args(arguments)
    logging.getLogger("lastseen").setLevel(logging.CRITICAL)
    began = time.monotonic()
    found = list(flips(wanted.flips, seed=wanted.seed))
    ends = Counter(flip.end for flip in found)
    wrong = [flip for flip in found if flip.end in WRONG]
    told = ", ".join(f"{many} {end}" for end, many in ends.most_common())
    print(f"{len(found):,} flips: {told}; {len(wrong)} wrong, {time.monotonic() - began:.0f} s")
    for flip in wrong[:20]:
        print(f"  {flip.where}: {flip.end}: {flip.text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
