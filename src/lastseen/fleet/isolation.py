"""Starts a job in a process of its own, and tells how that process ended.

The other side is `isolated`. Limits of memory hold for that process alone; whatever it does, the
worker goes on.
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
"""How long a process that overran its time or was asked to end may take for it."""


class ProcessBroke(Exception):
    """The process died before it could tell an outcome; the text says how."""


async def run_in_process(request: IsolatedRequest, stop: asyncio.Event) -> IsolatedAnswer:
    """Carry out `request` in a process of its own.

    When `stop` is set it is asked to finish what is under way; a cancellation ends it. Raises
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
            await process.stdin.drain()  # it stays open: its end tells that the worker is gone
        async with asyncio.timeout(request.time_limit_seconds + GRACE_SECONDS):
            said = await process.stdout.read()
            code = await process.wait()
    except TimeoutError:
        raise ProcessBroke("it did not end within its time") from None
    finally:
        stopping.cancel()
        await _end(process)
    return _answer(code, said, request)


def _answer(code: int, said: bytes, request: IsolatedRequest) -> IsolatedAnswer:
    if code == 0:
        return msgspec.json.decode(said, type=IsolatedAnswer)
    if code == INTERRUPTED:
        raise JobCancelled
    if code == BUSY:
        raise LockHeld(
            attempted=f"working on the portal {request.entry.name}",
            found="somebody else is at work on it",
            meaning="two runs must not change one portal at the same time",
            remedy="wait: the job is tried again by itself",
        )
    if code == NO_LEDGER:
        raise LedgerError(
            attempted=f"working on the portal {request.entry.name} in a process of its own",
            found="the ledger could not be used",
            meaning="nothing was changed on the portal since",
            remedy="see the line before; the job is tried again by itself",
        )
    if code < 0:
        raise ProcessBroke(f"it was killed by signal {-code}")
    if code == OUT_OF_MEMORY:
        limit = request.memory_limit_bytes // 2**20
        raise ProcessBroke(f"it wanted more than {limit} MB of memory")
    raise ProcessBroke(f"it ended with {code}; the log says why")


async def _stop_when_set(stop: asyncio.Event, process: asyncio.subprocess.Process) -> None:
    await stop.wait()
    with contextlib.suppress(ProcessLookupError):
        process.terminate()


async def _end(process: asyncio.subprocess.Process) -> None:
    """See that the process ends: asked twice, then by force."""
    for end in (process.terminate, process.terminate, process.kill):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS / 2)
