"""Servers of a few lines for tests of the network: each answers as its one function says."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

KEY = "sk-0123456789abcdef-not-to-be-seen"

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[str]:
    """Yield the address of a server that answers every request by `answering`."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answering)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


Speaking = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def speaking(speak: Speaking) -> AsyncIterator[str]:
    """Yield the address of a server that knows no HTTP but what `speak` writes."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def envelope(response: object, **more: object) -> web.Response:
    count = {"count": len(response)} if isinstance(response, list) else {}
    return web.json_response(
        {"response": response, **count, "status": 0, "statusCode": 200, **more}
    )
