"""The product's real client over the simulated portal's request handling: no socket, no waiting.

Time is virtual. The event loop never sleeps: where it would wait for a timer, its clock jumps on
to it, and the portal's clock and the product's go by that. Every request spends a random while on
its way there and back, so that segments of a reading overlap, answers overtake one another and
events arrive between two pages. Nothing here knows what is asked, or what an answer should be.
"""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import unquote

from lastseen.docspace.client import Client, client_over
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import (
    AnswerTooLarge,
    ConnectionFailure,
    ConnectionLost,
    Request,
    Response,
    Runtime,
)
from lastseen.model.instant import Instant
from lastseen.model.secret import ApiKey
from lastseen.simulator.endpoints.wire import Answer, Damage
from lastseen.simulator.server.portal import SimulatedPortal

T = TypeVar("T")

URL = "https://portal.example"
"""The address that the product is told."""


class VirtualTime:
    """Seconds that pass only when everybody waits."""

    def __init__(self, start: float, *, machine_ahead: float = 0.0) -> None:
        """Begin at `start`, in seconds since 1970; the machine's clock is so far `ahead`."""
        self.start = start
        self.machine_ahead = machine_ahead
        self.passed = 0.0

    def now(self) -> float:
        """Return the portal's present instant, in seconds since 1970."""
        return self.start + self.passed

    def portal_clock(self) -> datetime:
        """Tell the time as the portal does."""
        return datetime.fromtimestamp(self.now(), UTC)

    def machine_clock(self) -> Instant:
        """Tell the time as the machine does on which the product runs."""
        return Instant(datetime.fromtimestamp(self.now() + self.machine_ahead, UTC))

    def advance(self, by: timedelta) -> None:
        """Let so much time pass at once; nothing may be under way."""
        self.start += by.total_seconds()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry `work` to its end, and return what it returns."""
        with asyncio.Runner(loop_factory=lambda: _VirtualLoop(self)) as runner:
            return runner.run(work)


class InProcess:
    """A transport of the product that ends in a simulated portal."""

    def __init__(
        self,
        portal: SimulatedPortal,
        time: VirtualTime,
        *,
        chance: random.Random,
        latency: float = 0.0,
        limits: Limits | None = None,
    ) -> None:
        """Ask `portal` with its first key; a journey takes up to `latency` seconds each way."""
        self.portal = portal
        self.requests = 0
        self.before: Callable[[int, Request], None] | None = None
        """Called just before the portal answers, with the number of the request, from 1."""
        self.altered: Callable[[int, Request, Response], Response] | None = None
        """Called with an answer that arrives whole; what it returns arrives instead."""
        self.time = time
        self._chance = chance
        self._latency = latency
        self._limits = limits or Limits()
        self._account = portal.keys[portal.api_key].account

    async def send(self, request: Request) -> Response:
        """Return the answer; raises ConnectionLost or AnswerTooLarge as the network would."""
        self.requests += 1
        number = self.requests
        limiter = self.portal.limiter
        await self._travel()
        if limiter is not None:
            limiter.enter(self._account, request.method)
        try:
            if self.before is not None:
                self.before(number, request)
            answer = self._answer(request)
            await self._travel(answer.delay)
        finally:
            if limiter is not None:
                limiter.leave(self._account, request.method)
        response = self._arrived(answer)
        return response if self.altered is None else self.altered(number, request, response)

    def client(self) -> Client:
        """Return the product's client over this transport; close it before the loop ends."""
        return client_over(
            self,
            url=URL,
            clock=self.time.machine_clock,
            key=ApiKey(self.portal.api_key),
            limits=self._limits,
            runtime=Runtime(
                sleep=asyncio.sleep,
                monotonic=lambda: self.time.passed,
                random=self._chance.random,
            ),
        )

    def run(self, work: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        """Carry out `work` with a client of its own in virtual time; return what it returns."""

        async def carried_out() -> T:
            client = self.client()
            try:
                return await work(client)
            finally:
                await client.close()

        return self.time.run(carried_out())

    async def _travel(self, more: float = 0.0) -> None:
        await asyncio.sleep(self._latency * self._chance.random() + more)

    def _answer(self, request: Request) -> Answer:
        return self.portal.respond(
            request.method,
            unquote(request.path),
            query=dict(request.query),
            headers={"Authorization": f"Bearer {self.portal.api_key}", "Host": "portal.example"},
            body=request.body or b"",
        )

    def _arrived(self, answer: Answer) -> Response:
        """Return what the product's transport over the network would return or raise."""
        if answer.delay > self._limits.answer_seconds:
            raise ConnectionLost(ConnectionFailure.TIMEOUT, sent=True)
        if answer.damage is not Damage.NONE:
            raise ConnectionLost(ConnectionFailure.BROKEN, sent=True)
        if len(answer.body) > self._limits.largest_answer_bytes:
            raise AnswerTooLarge
        return Response(status=answer.status, headers=answer.headers, body=answer.body)


class _JumpingSelector(selectors.DefaultSelector):
    """Doesn't wait for the timers of its loop: moves their clock on."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer is set: a thread will wake the loop
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout > 0:
            self._time.passed += timeout
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__(_JumpingSelector(time))
        self._virtual = time

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._virtual.passed
