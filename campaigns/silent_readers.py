"""How many people at work are disabled who only read: `python -m campaigns.silent_readers`.

Portals of every release, with and without limited sessions, reviewed under each `open_sessions`.
The simulator knows who was there, though no log shows it.
"""

import argparse
import random
import sys
from collections import Counter
from datetime import UTC, datetime

from lastseen.ledger import Ledger
from lastseen.model.plan import OpenSessions, Plan, Policy
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from lastseen.simulator.world.release import Release
from testing.in_process import URL, InProcess, VirtualTime
from testing.reviews import reviewed

DAY = 86_400
MODES: tuple[OpenSessions, ...] = ("report", "hold", "sign-out")


def plan_of(portal: SimulatedPortal, time: VirtualTime, mode: OpenSessions) -> Plan:
    """Return the plan of a review with an empty ledger."""
    ledger = Ledger.in_memory(clock=time.machine_clock).portal(URL)
    transport = InProcess(portal, time, chance=random.Random(1))
    return reviewed(transport, ledger, Policy(open_sessions=mode))


def counted(seed: int) -> Counter[tuple[str, str]]:
    """Return, by mode, how many were disabled and how many of them had been there."""
    chance = random.Random(f"silent readers {seed}")
    start = int(datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp()) + chance.randrange(90 * DAY)
    release = chance.choice(list(Release))
    minutes = chance.choice((None, None, 60, 1440, 9999))
    population = Population(
        contractors=40, staff=6, seed=seed, release=release, session_minutes=minutes
    )
    filters = chance.choice((Filters.AFTER_WINDOW, Filters.BEFORE_WINDOW))
    found: Counter[tuple[str, str]] = Counter()
    for mode in MODES:
        time = VirtualTime(start)
        portal = SimulatedPortal(
            populate(time.portal_clock(), population),
            clock=time.portal_clock,
            setup=Setup(release=release, session_minutes=minutes, filters=filters, seed=seed),
        )
        plan = plan_of(portal, time, mode)
        # What the portal has not written yet is the business of the recheck.
        there = {
            truth.id: max(
                truth.last_sign_in_at or 0,
                truth.last_written_activity_at or 0,
                truth.last_read_at or 0,
            )
            for truth in portal.truths()
        }
        edge = plan.now.timestamp() - 30 * DAY
        for decision in plan.to_disable():
            found[mode, "disabled"] += 1
            wrongly = there[decision.user_id or ""] > edge and not decision.session_may_be_open
            at_work = there[decision.user_id or ""] > edge
            found[mode, "at work"] += at_work
            found[mode, "at work and not marked"] += wrongly
    return found


def main() -> int:
    """Print the table; returns 1 where `hold` or `sign-out` would disable somebody at work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portals", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    total: Counter[tuple[str, str]] = Counter()
    for seed in range(asked.seed, asked.seed + asked.portals):
        total += counted(seed)
    columns = ("disabled", "at work", "at work and not marked")
    sys.stdout.write(f"| open_sessions | {' | '.join(columns)} |\n| --- | ---: | ---: | ---: |\n")
    for mode in MODES:
        cells = " | ".join(str(total[mode, column]) for column in columns)
        sys.stdout.write(f"| {mode} | {cells} |\n")
    return int(any(total[mode, "at work"] for mode in ("hold", "sign-out")))


if __name__ == "__main__":
    sys.exit(main())
