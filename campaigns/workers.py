"""`python -m campaigns.workers`: kills workers of a fleet at random, and judges what is left.

Every portal must be done, nobody disabled twice or while at work, nobody forgotten: whoever was to
be disabled and was not must have come back meanwhile, by the simulator's own truth. Ends with 1 on
a wrong.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from lastseen.fleet.throwaway import throwaway_postgres
from lastseen.ledger import PortalLedger
from lastseen.model.fleet import PortalState
from testing.fleets import Fleet, disabled

_CONTRACTORS = 12
_WORKERS = 3
_WINDOW_SECONDS = 30 * 86_400
_LONGEST_CAMPAIGN_SECONDS = 3_600


def main() -> int:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description="Kill workers at random and let others finish.")
    parser.add_argument("--portals", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, throwaway_postgres() as url, ExitStack() as stack:
        fleet = Fleet(Path(folder), url, stack)
        for number in range(wanted.portals):
            seed = wanted.seed + number
            fleet.serve(f"p{number:03}", contractors=_CONTRACTORS, seed=seed, latency=0.02)
        fleet.sync()
        fleet.enqueue("run", agreed=True)
        began = time.monotonic()
        killed = _kill(fleet, wanted.kills, random.Random(wanted.seed))
        ended = fleet.drain("--concurrency", "4")
        wrongs = _wrongs(fleet)
        people = sum(len(disabled(portal)) for portal in fleet.portals.values())
    print(
        f"{wanted.portals} portals, {killed} workers killed, {people} people disabled, "
        f"{len(wrongs)} wrong, {time.monotonic() - began:.0f} s; "
        f"the last worker ended with {ended.returncode}"
    )
    for wrong in wrongs[:20]:
        print(f"   {wrong}")
    return 1 if wrongs else 0


def _kill(fleet: Fleet, kills: int, chance: random.Random) -> int:
    """Keep workers running and kill one at random, until so many are dead or all is done."""
    workers = [fleet.worker("--concurrency", "4", quiet=True) for _ in range(_WORKERS)]
    killed = 0
    while killed < kills and fleet.unfinished():
        time.sleep(chance.uniform(0.2, 4.0))
        place = chance.randrange(_WORKERS)
        workers[place].kill()
        workers[place].wait()
        killed += 1
        workers[place] = fleet.worker("--concurrency", "4", quiet=True)
    for worker in workers:
        worker.kill()
        worker.wait()
    return killed


def _wrongs(fleet: Fleet) -> list[str]:
    wrongs = []
    states = fleet.status()
    for name, portal in fleet.portals.items():
        state = states[name].state
        if state not in (PortalState.CLEAN, PortalState.HELD):
            wrongs.append(f"{name} is {state}: {states[name].last_error}")
        counts = disabled(portal)
        wrongs += [f"{name}: {who} was disabled {n} times" for who, n in counts.items() if n > 1]
        truths = portal.truths()
        # What the trail shows is written minutes late: of that nobody could know.
        at_work = {one.id for one in truths if _since([one.last_sign_in_at])}
        wrongs += [f"{name}: {who} was disabled at work" for who in at_work & set(counts)]
        back = {t.id for t in truths if _since([t.last_sign_in_at, t.last_activity_at])}
        known = _of_ledger(fleet, name, set(counts), back)
        wrongs += [f"{name}: {problem}" for problem in known]
    return wrongs


def _since(moments: Iterable[int | None]) -> bool:
    """Say whether one of the moments is in the window, but for the minutes of the campaign."""
    start = time.time() - _WINDOW_SECONDS + _LONGEST_CAMPAIGN_SECONDS
    return any(moment is not None and moment > start for moment in moments)


def _of_ledger(fleet: Fleet, name: str, changed: set[str], back: set[str]) -> list[str]:
    """Check that the runs are closed, and that their receipts claim exactly those changed."""
    with fleet.ledger(name) as ledger:
        runs = ledger.runs.all()
        wrongs = [
            f"run {run.run_id} is {run.state}"
            for run in runs
            if run.kind == "run" and run.state in ("running", "interrupted")
        ]
        claimed = {
            outcome.user_id
            for run in runs
            if (receipt := ledger.runs.receipt(run.run_id)) is not None
            for outcome in receipt.outcomes
            if outcome.outcome in ("disabled", "already-disabled")
        }
        meant = {
            str(decision.user_id)
            for run in runs
            if run.kind == "run" and (plan := ledger.runs.plan(run.run_id)) is not None
            for decision in plan.to_disable()
        }
        fates = {who: _fate(ledger, who) for who in meant - changed - back}
    wrongs += [f"{who} was changed and no receipt says so" for who in changed - claimed]
    wrongs += [f"{who} was forgotten: {fate}" for who, fate in fates.items()]
    return wrongs


def _fate(ledger: PortalLedger, who: str) -> str:
    """Say what each run decided on somebody, and what came of it."""
    told = []
    for run in ledger.runs.all():
        plan, receipt = ledger.runs.plan(run.run_id), ledger.runs.receipt(run.run_id)
        decided = (
            [f"{one.decision} ({one.reason})" for one in plan.decisions if one.user_id == who]
            if plan
            else []
        )
        done = (
            [str(one.outcome) for one in receipt.outcomes if one.user_id == who] if receipt else []
        )
        told.append(
            f"{run.kind} {run.run_id[:8]} {run.state}: {', '.join(decided + done) or 'nothing'}"
        )
    return "; ".join(told)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # two hundred servers in threads need no farewell
