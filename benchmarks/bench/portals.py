"""A simulated portal in a process of its own, so that it takes nothing of the time measured.

With two cores it has one for itself. Nothing of the product is used here.
"""

import asyncio
import gc
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from lastseen.simulator.server.app import serve
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.clock import system_clock
from testing.worlds import Shape, scenario


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which portal is to be served."""

    shape: Shape
    filters: Filters = Filters.AFTER_WINDOW
    latency: float = 0.0
    """Seconds of a round trip: every answer takes one, a new connection one more."""
    rate_limit: RateLimit | None = None


class Served:
    """A portal that is being served."""

    def __init__(self, pipe: Connection, url: str, key: str) -> None:
        """Speak with its process through `pipe`."""
        self.url = url
        self.key = key
        self._pipe = pipe

    def requests(self) -> int:
        """Return how many requests came since it was last asked."""
        return int(self._ask("requests"))

    def processor_seconds(self) -> float:
        """Return how much processor time the portal has taken."""
        return float(self._ask("processor"))

    def guests(self) -> list[str]:
        """Return the ids of the portal's guests."""
        return list(self._ask("guests"))

    def _ask(self, what: str) -> Any:
        self._pipe.send(what)
        return self._pipe.recv()


@contextmanager
def served(place: Place) -> Iterator[Served]:
    """Serve a portal until the block ends."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, place), daemon=True
    )
    process.start()
    theirs.close()
    try:
        yield Served(ours, *ours.recv())
    finally:
        ours.send("stop")
        process.join(10)
        if process.is_alive():
            process.kill()


def _serve(pipe: Connection, place: Place) -> None:
    asyncio.run(_serve_until_told(pipe, place))


async def _serve_until_told(pipe: Connection, place: Place) -> None:
    portal = SimulatedPortal(
        scenario(place.shape, time.time()),
        clock=system_clock,
        setup=Setup(filters=place.filters, latency=place.latency, rate_limit=place.rate_limit),
    )
    # What stays for good is not looked through again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    async with serve(portal) as url:
        pipe.send((url, portal.api_key))
        while (asked := await asyncio.to_thread(pipe.recv)) != "stop":
            match asked:
                case "requests":
                    pipe.send(portal.requests.total())
                    portal.requests.clear()
                case "processor":
                    pipe.send(time.process_time())
                case "guests":
                    pipe.send([p.id for p in portal.world.people.values() if p.is_guest])
