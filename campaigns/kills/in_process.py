"""Death by an exception at every step of an apply, on virtual time, with a ledger on disk.

Every step is a request to the portal or a write to the ledger; death comes before and after it.
The process that is dead does nothing more; the next one opens the ledger's file anew. The portal is
the simulated one behind the product's own client, with or without faults.
"""

import asyncio
import random
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import msgspec

from campaigns.kills.judging import Verdict, judge
from lastseen.execution.context import Pace
from lastseen.execution.sign_out import TRAIL_LATENESS
from lastseen.ledger import open_ledger
from lastseen.model.decision import Reason
from lastseen.model.decision import Verdict as Decided
from lastseen.model.errors import PortalError
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Plan, Policy, summarise
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import Receipt
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from lastseen.simulator.world.scenario import Scenario
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.review import review
from testing.in_process import URL, InProcess, VirtualTime
from testing.process_death import Killed, Life, Moment, MortalLedger, mortal_portal
from testing.quiet import QUIET_LOGS

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_NO_LIMITS = Guardrails(max_disable=1_000_000, max_disable_share=1.0)
GUESTS = open_roster(RosterOptions())
POLICY = Policy(open_sessions="sign-out")
FAULTS = {"lost-answer": 0.15, "html-502": 0.1, "reset": 0.1, "429": 0.05}
"""How often a request meets each fault where faults are wanted."""


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """One way of dying, and what came of it."""

    steps: tuple[int, ...]
    """At which step each process died, one after the other."""
    moment: Moment
    """Before or after the step was carried out."""
    name: str
    """What the first of the steps was."""
    verdict: Verdict


class Stage:
    """A portal and a ledger with a plan, to be set up again and again."""

    def __init__(self, folder: Path, *, seed: int, batch: int, faults: bool = False) -> None:
        """Review a portal once; `batch` is how many people one request disables."""
        self._folder = folder
        self._seed = seed
        self._pace = Pace(batch=batch, batches_read_back=2)
        self._rates = FAULTS if faults else {}
        population = Population(contractors=30, staff=4, days=60, seed=seed)
        self._scenario: Scenario = populate(START, population)
        self._template = folder / "template.sqlite3"
        self._reviewed_at = START.timestamp()
        self.plan = self._review()

    def steps(self) -> int:
        """Return how many steps an apply takes that nothing disturbs."""
        life = Life()
        self._play([life], rates={})
        return life.steps

    def die(self, lives: list[Life]) -> tuple[Verdict, list[str]]:
        """Apply the plan in one process after the other until one lives to the end."""
        return self._play(lives, rates=self._rates)

    def _review(self) -> Plan:
        time = VirtualTime(self._reviewed_at)
        portal = self._portal(time)

        async def work() -> Plan:
            client = self._transport(portal, time).client()
            with open_ledger(_url(self._template), clock=time.machine_clock) as ledger:
                plan = await review(
                    client,
                    GUESTS,
                    ledger=ledger.portal(URL),
                    policy=POLICY,
                    clock=time.machine_clock,
                    log_silence_days=QUIET_LOGS,
                )
                plan = with_sign_outs(plan)
                ledger.portal(URL).runs.keep_plan(plan.plan_id, plan, b"")
            await client.close()
            return plan

        plan = time.run(work())
        self._reviewed_at = time.now() + 600
        return plan

    def _play(self, lives: list[Life], *, rates: Mapping[str, float]) -> tuple[Verdict, list[str]]:
        time = VirtualTime(self._reviewed_at)
        portal = self._portal(time)
        if rates:
            portal.set_faults(FaultRates.of(rates))
        file = self._folder / "ledger.sqlite3"
        for stale in self._folder.glob("ledger.sqlite3*"):
            stale.unlink()
        shutil.copy(self._template, file)
        receipt = None
        for life in self._with_an_end(lives):
            receipt = self._live(portal, time, file, life)
            if receipt is None and not life.dead:  # given up, and called again without faults
                receipt = self._live(portal, time, file, life)
            if receipt is not None:
                break
            time.advance(TRAIL_LATENESS)
        assert receipt is not None
        with open_ledger(_url(file), clock=time.machine_clock) as ledger:
            portal.world.settle(time.now() + TRAIL_LATENESS.total_seconds())
            verdict = judge(portal, ledger.portal(URL), self.plan, receipt)
        return verdict, lives[0].names

    def _with_an_end(self, lives: list[Life]) -> Iterator[Life]:
        """Give the lives that are to end, then immortal ones on a portal without faults."""
        yield from lives
        for _ in range(20):
            yield Life()

    def _live(
        self, portal: SimulatedPortal, time: VirtualTime, file: Path, life: Life
    ) -> Receipt | None:
        """Apply the plan in one process; None where it died or has to be called again."""

        async def work() -> Receipt:
            asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
            client = self._transport(portal, time).client()
            with open_ledger(_url(file), clock=time.machine_clock) as ledger:
                return await apply(
                    self.plan,
                    mortal_portal(client, life),
                    ledger=MortalLedger(ledger.portal(URL), life),  # type: ignore[arg-type]
                    options=ApplyOptions(guardrails=_NO_LIMITS, pace=self._pace),
                    clock=time.machine_clock,
                    roster=GUESTS,
                    policy=POLICY,
                )

        try:
            receipt = time.run(work())
        except (Killed, BaseExceptionGroup):
            assert life.dead
            return None
        except PortalError:
            portal.set_faults(FaultRates.of({}))  # a request failed until it was given up
            return None
        if any(one.outcome == "failed" for one in receipt.outcomes):
            portal.set_faults(FaultRates.of({}))  # or it would go on for ever
            return None
        return receipt

    def _portal(self, time: VirtualTime) -> SimulatedPortal:
        setup = Setup(seed=self._seed)
        return SimulatedPortal(self._scenario, clock=time.portal_clock, setup=setup)

    def _transport(self, portal: SimulatedPortal, time: VirtualTime) -> InProcess:
        return InProcess(portal, time, chance=random.Random(self._seed), latency=0.01)


def with_sign_outs(plan: Plan) -> Plan:
    """Return the plan with every third of the people whom it changes signed out instead."""
    places = [
        place
        for place, one in enumerate(plan.decisions)
        if one.decision in (Decided.DISABLE, Decided.SIGN_OUT)
    ]
    decisions = list(plan.decisions)
    for number, place in enumerate(places):
        signs_out = number % 3 == 0
        decisions[place] = msgspec.structs.replace(
            decisions[place],
            decision=Decided.SIGN_OUT if signs_out else Decided.DISABLE,
            reason=Reason.SESSION_MAY_BE_OPEN if signs_out else Reason.INACTIVE,
            session_may_be_open=signs_out,
        )
    changed = tuple(decisions)
    return sealed(msgspec.structs.replace(plan, decisions=changed, summary=summarise(changed)))


def every_step(stage: Stage) -> Iterator[Death]:
    """Die once at every step, before and after it."""
    for step in range(stage.steps()):
        for moment in get_args(Moment):
            life = Life(death_at=step, moment=moment)
            verdict, names = stage.die([life])
            if life.dead:
                yield Death(steps=(step,), moment=moment, name=names[-1], verdict=verdict)


def several_deaths(stage: Stage, count: int, *, seed: int) -> Iterator[Death]:
    """Die `count` times over, each time up to five deaths of one command."""
    chance = random.Random(seed)
    longest = stage.steps()
    for _ in range(count):
        moment: Moment = chance.choice(get_args(Moment))
        steps = tuple(chance.randrange(longest) for _ in range(chance.randint(1, 5)))
        lives = [Life(death_at=step, moment=moment) for step in steps]
        verdict, names = stage.die(lives)
        yield Death(steps=steps, moment=moment, name=names[-1], verdict=verdict)


def _url(file: Path) -> str:
    return f"sqlite:///{file}"
