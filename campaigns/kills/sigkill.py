"""Real processes, real sockets, real SIGKILL: at chosen steps, and at any instant at all.

The portal is served by this process and lives on; the one that applies is another and dies. A
ledger is a SQLite file, or a PostgreSQL database.
"""

import asyncio
import copy
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import msgspec

from campaigns.kills.judging import Verdict, judge
from lastseen.docspace import open_portal
from lastseen.ledger import open_ledger
from lastseen.model.instant import system_clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.plan_document import encode_plan
from lastseen.model.receipt import Receipt
from lastseen.model.secret import ApiKey
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.server.app import serve_in_thread
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from lastseen.workflows.review import review
from testing.process_death import Moment
from testing.quiet import QUIET_LOGS

_LONGEST_LIFE_SECONDS = 60.0
_ROOT = Path(__file__).parents[2]


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """One process that was killed and the one that finished its job."""

    how: str
    """At which step, or after how long."""
    died: bool
    """Whether it was still alive to be killed."""
    verdict: Verdict


class Race(msgspec.Struct, frozen=True, kw_only=True):
    """Several processes that applied one plan at once."""

    locked_out: int
    """How many found the portal locked by another."""
    failed: tuple[str, ...]
    """What the others said that did not come to their end."""
    verdict: Verdict


class Theatre:
    """A served portal and a plan; every kill begins with everybody as they were."""

    def __init__(self, folder: Path, portal: SimulatedPortal, url: str) -> None:
        """Review the portal that is served at `url`; files are laid into `folder`."""
        self._folder = folder
        self._portal = portal
        self._url = url
        self._template = folder / "template.sqlite3"
        self._plan_file = folder / "plan.json"
        self._places = 0
        self.plan = asyncio.run(self._review())
        self._world = copy.deepcopy(portal.world)
        self._plan_file.write_bytes(encode_plan(self.plan))

    def steps(self) -> int:
        """Return how many steps an apply takes that nobody kills."""
        child = self._start(self._laid())
        output, _ = child.communicate(timeout=_LONGEST_LIFE_SECONDS)
        return int(output.splitlines()[1])

    def kill_at(self, step: int | str, moment: Moment, *, ledger_url: str | None = None) -> Kill:
        """Let the process kill itself at a step, and another finish the job.

        `step` is a number or, as `set_status:1`, which call of a method. `ledger_url` is an empty
        ledger; None: a file that knows the review.
        """
        ledger = self._laid(ledger_url)
        child = self._start(ledger, str(step), moment)
        child.communicate(timeout=_LONGEST_LIFE_SECONDS)
        return self._finished(ledger, f"{moment} step {step}", died=child.returncode < 0)

    def kill_after(self, seconds: float) -> Kill:
        """Kill the process so long after it began its work, and let another finish the job."""
        ledger = self._laid()
        child = self._start(ledger)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        child.communicate(timeout=_LONGEST_LIFE_SECONDS)
        how = f"after {seconds * 1000:.0f} ms"
        return self._finished(ledger, how, died=child.returncode < 0)

    def race(self, racers: int, *, ledger_url: str | None = None) -> Race:
        """Let several processes apply the plan at once, and one more when they have ended."""
        ledger = self._laid(ledger_url)
        children = [self._start(ledger) for _ in range(racers)]
        errors = [child.communicate(timeout=_LONGEST_LIFE_SECONDS)[1] for child in children]
        return Race(
            locked_out=sum("LockHeld" in error for error in errors),
            failed=tuple(e for e in errors if e and "LockHeld" not in e),
            verdict=self._finished(ledger, "a race", died=False).verdict,
        )

    def _finished(self, ledger_url: str, how: str, *, died: bool) -> Kill:
        child = self._start(ledger_url)
        output, errors = child.communicate(timeout=_LONGEST_LIFE_SECONDS)
        if child.returncode:
            raise RuntimeError(f"could not be finished: {errors}")
        receipt = msgspec.json.decode(output.split("\n", 2)[2], type=Receipt)
        with open_ledger(ledger_url, clock=system_clock) as ledger:
            verdict = judge(self._portal, ledger.portal(self._url), self.plan, receipt)
        return Kill(how=how, died=died, verdict=verdict)

    def _laid(self, ledger_url: str | None = None) -> str:
        """Return the address of a fresh ledger, and have everybody as they were."""
        # What the portal's trail tells of earlier kills would spare everybody.
        self._portal.world = copy.deepcopy(self._world)
        self._portal.puts.clear()
        if ledger_url is not None:
            with open_ledger(ledger_url, clock=system_clock) as ledger:
                runs = ledger.portal(self._url).runs
                runs.keep_plan(self.plan.plan_id, self.plan, b"")
            return ledger_url
        self._places += 1
        file = self._folder / f"ledger-{self._places}.sqlite3"
        shutil.copy(self._template, file)
        return f"sqlite:///{file}"

    def _start(self, ledger_url: str, *death: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "campaigns.kills.child",
                self._url,
                ledger_url,
                str(self._plan_file),
                *death,
            ],
            cwd=_ROOT,
            env={**os.environ, "LASTSEEN_API_KEY": self._portal.api_key},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    async def _review(self) -> Plan:
        key = ApiKey(self._portal.api_key)
        with open_ledger(f"sqlite:///{self._template}", clock=system_clock) as ledger:
            async with open_portal(self._url, key, clock=system_clock) as portal:
                return await review(
                    portal,
                    open_roster(RosterOptions()),
                    ledger=ledger.portal(self._url),
                    policy=Policy(),
                    clock=system_clock,
                    log_silence_days=QUIET_LOGS,
                )


@contextmanager
def theatre(folder: Path, *, seed: int, latency: float = 0.0) -> Iterator[Theatre]:
    """Serve a portal of some thirty contractors for as long as the block lasts."""
    scenario = populate(datetime.now(UTC), Population(contractors=30, staff=4, days=60, seed=seed))
    setup = Setup(seed=seed, latency=latency)
    portal = SimulatedPortal(scenario, clock=lambda: datetime.now(UTC), setup=setup)
    with serve_in_thread(portal) as url:
        yield Theatre(folder, portal, url)


def kills(stage: Theatre, count: int, *, seed: int) -> Iterator[Kill]:
    """Kill `count` processes, half of them at a step and half at any instant."""
    chance = random.Random(seed)
    steps = stage.steps()
    ways: list[Callable[[], Kill]] = [
        lambda: stage.kill_at(chance.randrange(steps), chance.choice(get_args(Moment))),
        lambda: stage.kill_after(chance.uniform(0.0, 0.5)),
    ]
    for number in range(count):
        yield ways[number % 2]()
