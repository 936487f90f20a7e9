"""Reviews on a simulated portal inside this process, in time that passes by itself.

For what is counted rather than timed: requests, refusals, minutes that the portal's limits cost.
Deterministic, and free of whatever else the machine is doing.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from lastseen.docspace.client import Client, client_over
from lastseen.docspace.http.request import Request, Response, Runtime
from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress
from lastseen.model.secret import ApiKey
from lastseen.rosters import Roster, RosterOptions, open_roster
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.workflows.review import review
from testing.in_process import URL, InProcess, VirtualTime
from testing.oracle import Fewest, Window, fewest
from testing.worlds import Shape, let_pass, scenario

T = TypeVar("T")

NOON = 1_790_000_400.0
"""When it is on a portal here, in seconds since 1970: a Monday in September 2026, 14:20 UTC."""
NIGHT = NOON + 4 * 86_400 + 42_000
"""The night after the Friday of that week, 02:00 UTC: hardly anybody has come for some hours."""
DAWN = NIGHT + 7_200
"""Two hours later, 04:00 UTC: the newest hundred entries tell nothing of how long a log is."""
LATENCY = 0.02
"""Seconds that a request and its answer are under way, on average."""
DAY = 86_400

WINDOW_ONLY = Policy(lookback_days=Policy().inactive_days)
"""The default rules, without looking further back for dates to show."""


class Watched:
    """A transport that counts what passes through it."""

    def __init__(self, portal: SimulatedPortal, time: VirtualTime, *, seed: int) -> None:
        """Ask `portal`; the same seed gives the same journeys."""
        self.sent: list[float] = []
        """When each request left."""
        self.refused: list[float] = []
        """When each 429 arrived."""
        self.most_at_once = 0
        self._at_once = 0
        self._time = time
        self._chance = random.Random(f"journeys {seed}")
        self._inner = InProcess(portal, time, chance=self._chance, latency=LATENCY)
        self._key = portal.api_key

    async def send(self, request: Request) -> Response:
        """Return the answer."""
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        self.sent.append(self._time.passed)
        try:
            response = await self._inner.send(request)
        finally:
            self._at_once -= 1
        if response.status == 429:
            self.refused.append(self._time.passed)
        return response

    def client(self) -> Client:
        """Return the product's client over this transport; close it before the loop ends."""
        return client_over(
            self,
            url=URL,
            clock=self._time.machine_clock,
            key=ApiKey(self._key),
            runtime=Runtime(
                sleep=asyncio.sleep,
                monotonic=lambda: self._time.passed,
                random=self._chance.random,
            ),
        )


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What a review took."""

    plan: Plan
    requests: int
    seconds: float
    """On the portal's clock."""


class VirtualPortal:
    """A portal of a shape, and a ledger that remembers what was read of it."""

    def __init__(
        self,
        shape: Shape,
        *,
        filters: Filters = Filters.AFTER_WINDOW,
        rate_limit: RateLimit | None = None,
        now: float = NOON,
    ) -> None:
        """Begin with an empty ledger at `now`, in seconds since 1970."""
        self.shape = shape
        self.time = VirtualTime(now)
        self.portal = SimulatedPortal(
            scenario(shape, now),
            clock=self.time.portal_clock,
            setup=Setup(filters=filters, rate_limit=rate_limit),
            pace=lambda: self.time.passed,
        )
        self.ledger: PortalLedger = Ledger.in_memory(clock=self.time.machine_clock).portal(URL)
        self._seed = 0

    def fewest(self) -> Fewest:
        """Return the fewest requests that a review could take now, with an empty ledger."""
        return fewest(self.portal, self.window())

    def window(self) -> Window:
        """Return the time in which presence keeps somebody, as of now."""
        return Window(now=self.time.now(), days=self.shape.window_days)

    def review(
        self,
        policy: Policy = WINDOW_ONLY,
        *,
        roster: Roster | None = None,
        reconcile: bool = True,
        all_dates: bool = False,
        progress: Progress | None = None,
    ) -> Reviewed:
        """Review the portal's guests, or `roster`."""
        transport = self.transport()
        began = self.time.passed
        plan = self.with_client(
            transport,
            lambda client: review(
                client,
                roster or open_roster(RosterOptions()),
                ledger=self.ledger,
                policy=policy,
                clock=self.time.machine_clock,
                reconcile=reconcile,
                all_dates=all_dates,
                progress=progress,
            ),
        )
        return Reviewed(plan=plan, requests=len(transport.sent), seconds=self.time.passed - began)

    def transport(self) -> Watched:
        """Return a way to the portal, with journeys of its own."""
        self._seed += 1
        return Watched(self.portal, self.time, seed=self._seed)

    def with_client(self, transport: Watched, work: Callable[[Client], Awaitable[T]]) -> T:
        """Carry out `work` with a client over `transport`, and return what it returns."""

        async def carried_out() -> T:
            client = transport.client()
            try:
                return await work(client)
            finally:
                await client.close()

        return self.time.run(carried_out())

    def let_pass(self, seconds: float) -> int:
        """Let so much time go by on the portal; returns how many sign-in entries came."""
        before = self.time.now()
        self.time.start += seconds
        return let_pass(self.portal, self.shape, since=before, until=self.time.now())
