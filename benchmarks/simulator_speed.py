"""Measures how many pages of a hundred login events the simulated portal serves in a second.

The portal runs in one process and the load comes from another, over real sockets; with two cores
neither takes the other's time. Prints the figure, and the same by the processor time that the
portal spent, since a machine that is busy otherwise says little about the portal.

    python -m benchmarks.simulator_speed [--seconds 5] [--connections 8] [--pages 20]
"""

import argparse
import asyncio
import multiprocessing
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from lastseen.simulator.server.app import serve
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.clock import system_clock
from lastseen.simulator.world.population import populate


def main() -> None:
    """Measure, and print the figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to ask")
    parser.add_argument("--connections", type=int, default=8, help="how many ask at once")
    parser.add_argument("--pages", type=int, default=20, help="how many different pages to ask for")
    chosen = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    portal = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs,), daemon=True
    )
    portal.start()
    port, key = ours.recv()
    requests = [_request(port, key, page) for page in range(chosen.pages)]
    asyncio.run(_load(port, requests, 0.5, chosen.connections))
    ours.send("start")
    began = time.perf_counter()
    answered, received = asyncio.run(_load(port, requests, chosen.seconds, chosen.connections))
    took = time.perf_counter() - began
    ours.send("stop")
    spent = ours.recv()
    portal.join(5)
    print(
        f"{answered / took:,.0f} pages of 100 login events a second"
        f" ({answered:,} in {took:.1f} s, {received / took / 1e6:.0f} MB/s,"
        f" {chosen.connections} connections);"
        f" {answered / spent:,.0f} a second of the portal's own processor time"
    )


def _serve(pipe: Connection) -> None:
    asyncio.run(_serve_until_told(pipe))


async def _serve_until_told(pipe: Connection) -> None:
    portal = SimulatedPortal(populate(datetime.now(UTC)), clock=system_clock)
    async with serve(portal) as url:
        pipe.send((int(url.rpartition(":")[2]), portal.api_key))
        await asyncio.to_thread(pipe.recv)
        before = time.process_time()
        await asyncio.to_thread(pipe.recv)
        pipe.send(time.process_time() - before)


def _request(port: int, key: str, page: int) -> bytes:
    return (
        f"GET /api/2.0/security/audit/login/filter?count=100&startIndex={page * 100} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nAccept: application/json\r\n\r\n"
    ).encode()


async def _load(
    port: int, requests: list[bytes], seconds: float, connections: int
) -> tuple[int, int]:
    end = time.perf_counter() + seconds
    counts = await asyncio.gather(
        *(
            _connection(port, requests[offset:] + requests[:offset], end)
            for offset in (number % len(requests) for number in range(connections))
        )
    )
    return sum(count for count, _ in counts), sum(size for _, size in counts)


async def _connection(port: int, requests: list[bytes], end: float) -> tuple[int, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    answered = received = 0
    while time.perf_counter() < end:
        writer.write(requests[answered % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"the portal answered {head.splitlines()[0].decode()}")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        answered += 1
        received += length
    writer.close()
    return answered, received


if __name__ == "__main__":
    main()
