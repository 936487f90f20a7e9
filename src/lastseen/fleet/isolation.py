"""Starts a job in its own process, and reports how that process ended.

The other side is `isolated`. The memory limit applies to that process only; whatever it does, the
worker continues.
"""

import asyncio
import contextlib
import os
import sys

import msgspec

from lastseen.fleet.isolated import (
    BUSY,
    INTERRUPTED,
    NO_LEDGER,
    OUT_OF_MEMORY,
    IsolatedAnswer,
    IsolatedRequest,
)
from lastseen.fleet.threads import JobCancelled
from lastseen.model.errors import LedgerError, LockHeld

GRACE_SECONDS = 30.0
"""How long a process may take to end after its time is over or it was asked to end."""


class ProcessBroke(Exception):
    """The process died before it reported an outcome; the text says how."""


async def run_in_process(request: IsolatedRequest, stop: asyncio.Event) -> IsolatedAnswer:
    """Carry out `request` in its own process.

    When `stop` is set it is asked to finish its current step; a cancellation ends it. Raises
    ProcessBroke, JobCancelled, LockHeld and LedgerError.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lastseen.fleet.isolated",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stopping = asyncio.create_task(_stop_when_set(stop, process))
    try:
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()  # it stays open: closing it means that the worker is gone
        async with asyncio.timeout(request.time_limit_seconds + GRACE_SECONDS):
            output = await process.stdout.read()
            code = await process.wait()
    except TimeoutError:
        raise ProcessBroke("it did not end in time") from None
    finally:
        stopping.cancel()
        await _end(process)
    return _answer(code, output, request)


def _answer(code: int, output: bytes, request: IsolatedRequest) -> IsolatedAnswer:
    if code == 0:
        return msgspec.json.decode(output, type=IsolatedAnswer)
    if code == INTERRUPTED:
        raise JobCancelled
    if code == BUSY:
        raise LockHeld(
            attempted=f"working on the portal {request.entry.name}",
            found="another run holds its lock",
            meaning="two runs must not change one portal at the same time",
            remedy="wait: the job is retried automatically",
        )
    if code == NO_LEDGER:
        raise LedgerError(
            attempted=f"working on the portal {request.entry.name} in its own process",
            found="the ledger could not be used",
            meaning="nothing has been changed on the portal since",
            remedy="see the previous log line; the job is retried automatically",
        )
    if code < 0:
        raise ProcessBroke(f"it was killed by signal {-code}")
    if code == OUT_OF_MEMORY:
        limit = request.memory_limit_bytes // 2**20
        raise ProcessBroke(f"it needed more than {limit} MB of memory")
    raise ProcessBroke(f"it exited with {code}; the log says why")


async def _stop_when_set(stop: asyncio.Event, process: asyncio.subprocess.Process) -> None:
    await stop.wait()
    with contextlib.suppress(ProcessLookupError):
        process.terminate()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Make the process end: ask twice, then kill it."""
    for end in (process.terminate, process.terminate, process.kill):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS / 2)
