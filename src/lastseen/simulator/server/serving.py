"""Serves a simulated portal until it is stopped: what the command `lastseen simulate` runs."""

import asyncio
import contextlib
import signal
import sys
from dataclasses import replace
from datetime import timedelta

from lastseen.simulator.server.app import serve
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.options import SimulateOptions
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.clock import system_clock
from lastseen.simulator.world.population import Population, populate


class NobodyTold(Exception):
    """Address and key can't be printed; its cause is the OSError."""


def portal_for(options: SimulateOptions) -> SimulatedPortal:
    """Make the portal that the options describe, as of now, with the machine's clock."""
    # People a second inside the edge of the window would fall out of it while it is read.
    scenario = populate(
        system_clock() - timedelta(seconds=3),
        Population(
            contractors=options.contractors,
            staff=options.staff,
            days=options.days,
            seed=options.seed,
            release=options.release,
            session_minutes=options.session_minutes,
        ),
    )
    limit = options.rate_limit
    setup = Setup(
        filters=options.filters,
        retention_days=options.retention_days,
        release=options.release,
        session_minutes=options.session_minutes,
        time_zone=options.time_zone,
        seed=options.seed,
        rate_limit=None if limit is None else RateLimit(per_minute=limit),
        faults=FaultRates.parse(options.faults),
        latency=options.latency_ms / 1000,
    )
    return SimulatedPortal(scenario, clock=system_clock, setup=setup)


def run(options: SimulateOptions) -> None:
    """Serve until SIGINT or SIGTERM.

    First prints the address and the key of each portal to standard output, ready for a shell.
    Raises `OSError` where a port is taken, and `NobodyTold`.
    """
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options))


async def _serve(options: SimulateOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # Not the loop's own handlers: Windows has none.
    before = {
        number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        async with contextlib.AsyncExitStack() as served:
            for number in range(options.portals):
                port = options.port and options.port + number
                portal = portal_for(replace(options, seed=options.seed + number, portals=1))
                serving = serve(portal, port=port, controls=options.controls)
                _tell(await served.enter_async_context(serving), portal.api_key)
            await stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(url: str, key: str) -> None:
    try:
        # One write, so that a reader that leaves after the first line has been given both.
        sys.stdout.write(f"LASTSEEN_PORTAL__URL={url}\nLASTSEEN_API_KEY={key}\n")
        sys.stdout.flush()
    except OSError as error:
        raise NobodyTold from error
