"""`python -m campaigns.kills`: runs the campaign, says what came of it, ends with 1 on a wrong."""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from campaigns.kills.in_process import Death, Stage, every_step, several_deaths
from campaigns.kills.judging import Verdict
from campaigns.kills.sigkill import Kill, kills, theatre


def main() -> int:
    """Run every part of the campaign."""
    parser = argparse.ArgumentParser(description="Kill an apply everywhere and finish it.")
    parser.add_argument("--worlds", type=int, default=2, help="portals, each with every step")
    parser.add_argument("--deaths", type=int, default=100, help="commands that die several times")
    parser.add_argument("--sigkill", type=int, default=40, help="real processes that are killed")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    logging.disable(logging.WARNING)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="lastseen-kills-") as name:
        folder = Path(name)
        for world in range(wanted.worlds):
            stage = Stage(folder, seed=wanted.seed + world, batch=3, faults=bool(world % 2))
            faults = " on a portal with faults" if world % 2 else ""
            where: Counter[str] = Counter()
            wrong += _tell(f"every step{faults}", _counted(every_step(stage), where))
            print("   at " + ", ".join(f"{name} {count}" for name, count in where.most_common()))
            several = several_deaths(stage, wanted.deaths // wanted.worlds, seed=wanted.seed)
            wrong += _tell(f"up to five deaths{faults}", (death.verdict for death in several))
        if wanted.sigkill:
            apart = folder / "served"  # another portal, with a ledger of its own
            apart.mkdir()
            with theatre(apart, seed=wanted.seed, latency=0.005) as served:
                died: Counter[bool] = Counter()
                killed = kills(served, wanted.sigkill, seed=wanted.seed)
                wrong += _tell("SIGKILL", _survived(killed, died))
            print(f"   {died[True]} killed at work, {died[False]} had ended by then")
    return 1 if wrong else 0


def _counted(deaths: Iterable[Death], where: Counter[str]) -> Iterator[Verdict]:
    for death in deaths:
        where[death.name] += 1
        yield death.verdict


def _survived(killed: Iterable[Kill], died: Counter[bool]) -> Iterator[Verdict]:
    for kill in killed:
        died[kill.died] += 1
        yield kill.verdict


def _tell(what: str, verdicts: Iterable[Verdict]) -> int:
    began = time.monotonic()
    found = list(verdicts)
    wrongs = [wrong for verdict in found for wrong in verdict.wrongs]
    changed = sum(verdict.changed for verdict in found)
    repeated = sum(verdict.repeated for verdict in found)
    seconds = time.monotonic() - began
    print(
        f"{what}: {len(found)} kills, {changed} people disabled, {len(wrongs)} wrong,"
        f" {repeated} named again without effect, {seconds:.1f} s",
        flush=True,
    )
    for wrong in wrongs[:10]:
        print(f"   {wrong}")
    return len(wrongs)


if __name__ == "__main__":
    sys.exit(main())
