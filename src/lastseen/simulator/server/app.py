"""The thin shell that puts a simulated portal on a socket and does the damage for real.

Nothing about the portal is decided here. aiohttp's low-level server, since a page of a hundred
events should cost its client more than it costs us.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from queue import SimpleQueue
from weakref import WeakSet

from aiohttp import web

from lastseen.simulator.endpoints.controls import PREFIX, control
from lastseen.simulator.endpoints.wire import Answer, Damage
from lastseen.simulator.server.portal import SimulatedPortal


class _Connections:
    """Those that have carried a request before: a new one costs its client a round trip more."""

    def __init__(self) -> None:
        self._used: WeakSet[asyncio.Transport] = WeakSet()

    def delay(self, request: web.BaseRequest, round_trip: float) -> float:
        """Return for how many seconds connecting would have kept this request back."""
        transport = request.transport
        if transport is None or transport in self._used:
            return 0.0
        self._used.add(transport)
        return round_trip


@asynccontextmanager
async def serve(
    portal: SimulatedPortal,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    controls: bool = True,
) -> AsyncIterator[str]:
    """Serve the portal inside a running event loop; gives its address, as `http://127.0.0.1:8092`.

    Port 0 is any that is free. Without `controls` nothing but the portal's own API answers.
    """
    portal.world.logins.build_indexes()
    portal.world.trail.build_indexes()
    handler = partial(_handle, portal, controls, _Connections())
    # No access log, and no signals: the caller stops it.
    runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()


@contextmanager
def serve_in_thread(
    portal: SimulatedPortal, *, port: int = 0, controls: bool = True
) -> Iterator[str]:
    """Serve the portal from a thread of its own, for callers without an event loop."""
    started: SimpleQueue[str | OSError] = SimpleQueue()
    stop = asyncio.Event()
    loop = asyncio.new_event_loop()
    serving = _serve_until(stop, started, serve(portal, port=port, controls=controls))
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,), daemon=True)
    thread.start()
    try:
        url = started.get()
        if isinstance(url, OSError):
            raise url
        yield url
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _serve_until(
    stop: asyncio.Event,
    started: "SimpleQueue[str | OSError]",
    served: AbstractAsyncContextManager[str],
) -> None:
    try:
        async with served as url:
            started.put(url)
            await stop.wait()
    except OSError as error:
        started.put(error)


async def _handle(
    portal: SimulatedPortal,
    controls: bool,
    connections: "_Connections",
    request: web.BaseRequest,
) -> web.StreamResponse:
    body = await request.read() if request.can_read_body else b""
    path = request.path
    if controls and path.startswith(PREFIX):
        return _plain(control(portal, request.method, path, body))
    limiter = portal.limiter
    account = portal.account_of(request.headers) if limiter else None
    if limiter is not None and account is not None:
        limiter.enter(account, request.method)
    try:
        answer = portal.respond(
            request.method,
            path,
            query=request.query,
            headers=request.headers,
            body=body,
        )
        delay = answer.delay + connections.delay(request, portal.setup.latency)
        if delay:
            await asyncio.sleep(delay)
        return await _send(request, answer)
    finally:
        if limiter is not None and account is not None:
            limiter.leave(account, request.method)


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    if answer.damage is Damage.NONE:
        return _plain(answer)
    transport = request.transport
    response = _plain(answer)
    if transport is None:
        return response
    if answer.damage is Damage.RESET:
        connection = transport.get_extra_info("socket")
        # Lingering for no time makes the kernel send a reset rather than an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    elif answer.damage is Damage.LOST:
        transport.close()
    else:
        partial = web.StreamResponse(status=answer.status, headers=answer.headers)
        partial.content_length = answer.full_length
        await partial.prepare(request)
        await partial.write(answer.body)
        transport.close()
        return partial
    return response


class _Undated(web.Response):
    """An answer without a `Date` header, which aiohttp would add."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        del self.headers["Date"]


def _plain(answer: Answer) -> web.Response:
    kind = web.Response if "Date" in answer.headers or not answer.status else _Undated
    return kind(status=answer.status or 200, body=answer.body, headers=answer.headers)
