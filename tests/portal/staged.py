"""A served portal of some forty contractors, for tests that change its people."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from lastseen.docspace import open_portal
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.interface import Portal
from lastseen.execution.context import Pace
from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Clock, system_clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.receipt import Receipt
from lastseen.model.secret import ApiKey
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.server.app import serve
from lastseen.simulator.server.faults import NO_MISHAP, InjectedFault
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from lastseen.simulator.world.scenario import Scenario
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.review import review
from lastseen.workflows.undo import undo
from testing.quiet import QUIET_LOGS

GENEROUS = Guardrails(max_disable=1000, max_disable_share=1.0)
PACE = Pace(pauses=(0.05, 0.05, 0.05))
"""Short pauses: the portal answers at once."""
IMPATIENT = Limits(tries=2, answer_seconds=0.15, longest_pause_seconds=5)


def scenario() -> Scenario:
    """Make people with a past of two months that ends now."""
    return populate(datetime.now(UTC), Population(contractors=40, staff=6, days=60, seed=7))


@dataclass
class Staged:
    """A portal that can be opened, and what was done on it."""

    simulated: SimulatedPortal
    ledger: PortalLedger
    limits: Limits

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Portal]:
        """Serve the portal and open it with the product's own client."""
        key = ApiKey(self.simulated.api_key)
        async with (
            serve(self.simulated) as url,
            open_portal(url, key, clock=system_clock, limits=self.limits) as portal,
        ):
            yield portal

    async def reviewed(self, portal: Portal) -> Plan:
        """Review the portal's guests."""
        return await review(
            portal,
            open_roster(RosterOptions()),
            ledger=self.ledger,
            policy=Policy(),
            clock=system_clock,
            log_silence_days=QUIET_LOGS,
        )

    async def applied(
        self,
        plan: Plan,
        portal: Portal,
        *,
        batch: int = PACE.batch,
        stop: asyncio.Event | None = None,
    ) -> Receipt:
        """Apply a plan without guardrails."""
        pace = msgspec.structs.replace(PACE, batch=batch)
        options = ApplyOptions(guardrails=GENEROUS, pace=pace)
        return await apply(
            plan, portal, ledger=self.ledger, options=options, clock=system_clock, stop=stop
        )

    async def undone(self, run_id: str, portal: Portal, *, clock: Clock = system_clock) -> Receipt:
        """Undo a run without guardrails."""
        return await undo(
            run_id,
            portal,
            ledger=self.ledger,
            guardrails=GENEROUS,
            clock=clock,
            pace=PACE,
        )

    def stumble(self, *mishaps: InjectedFault) -> None:
        """Let these befall the next changes, one after the other, and nothing befall readings."""
        coming: Iterator[InjectedFault] = iter(mishaps)

        def draw(method: str) -> InjectedFault:
            return next(coming, NO_MISHAP) if method == "PUT" else NO_MISHAP

        self.simulated.faults.draw = draw  # type: ignore[method-assign]

    def changed(self) -> list[str]:
        """Return whose status the product changed, once for each time."""
        return [change.user_id for change in self.simulated.world.changes if change.by != "hand"]


def play(
    simulated: SimulatedPortal,
    story: Callable[[Staged], Coroutine[Any, Any, None]],
    limits: Limits | None = None,
) -> None:
    """Play a story on a portal and an empty ledger."""
    with Ledger.in_memory(clock=system_clock) as book:
        staged = Staged(simulated, book.portal("http://127.0.0.1"), limits or Limits())
        asyncio.run(story(staged))
