"""A job in its own process: `python -m lastseen.fleet.isolated`, started by a worker.

For jobs that have broken a worker or take much memory. The request comes as one line of JSON on
standard input, the outcome goes to standard output as another. When standard input ends, the
worker has died, and the job ends as well, to be taken up by the next worker.
"""

import asyncio
import logging
import os
import resource
import signal
import sys
import threading

import msgspec

from lastseen.config.logging import LogFormat, configure_logs
from lastseen.fleet.configuration import FleetPortal
from lastseen.fleet.job import JobContext, carry_out
from lastseen.fleet.logs import name_portals, portal_at_work
from lastseen.fleet.order import JobOrder
from lastseen.fleet.outcome import JobOutcome
from lastseen.ledger import open_ledger
from lastseen.model.errors import LedgerError, LockHeld
from lastseen.model.instant import system_clock

BUSY = 75
"""Exit code: another run holds the portal's lock (EX_TEMPFAIL)."""

OUT_OF_MEMORY = 71
"""Exit code: the job exceeded its memory limit (EX_OSERR)."""

NO_LEDGER = 74
"""Exit code: the ledger can't be used (EX_IOERR)."""

INTERRUPTED = 130
"""Exit code: the job was asked to end."""


_LOG = logging.getLogger("lastseen.fleet")


class IsolatedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker requests. It holds the ledger's address, so it only goes through a pipe."""

    order: JobOrder
    """The job."""
    entry: FleetPortal
    """How the portal is configured."""
    ledger_url: str
    """The fleet's ledger."""
    time_limit_seconds: float
    """How long the job may take."""
    per_minute: int | None
    """How many requests a minute it may send; None: as many as the portal allows."""
    memory_limit_bytes: int
    """How much memory the process may take for its data."""
    log_format: LogFormat
    """Log format."""
    log_level: int
    """The lowest level that is logged."""


class IsolatedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the process answers."""

    outcome: JobOutcome
    """How the job ended."""
    peak_bytes: int
    """The process's peak memory."""


def main() -> int:
    """Carry out the request on standard input; returns the exit code."""
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=IsolatedRequest)
    configure_logs(request.log_format, request.log_level)
    name_portals(logging.getLogger().handlers)
    portal_at_work.set(request.entry.name)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (request.memory_limit_bytes, hard))
    try:
        outcome = asyncio.run(_carried_out(request))
    except LockHeld:
        return BUSY
    except LedgerError as error:
        _LOG.error("%s", error)
        return NO_LEDGER
    except asyncio.CancelledError:
        return INTERRUPTED
    except MemoryError:
        return OUT_OF_MEMORY
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = peak if sys.platform == "darwin" else peak * 1024
    answer = IsolatedAnswer(outcome=outcome, peak_bytes=peak_bytes)
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
    return 0


async def _carried_out(request: IsolatedRequest) -> JobOutcome:
    stop = asyncio.Event()
    _end_with_the_worker(stop)
    with open_ledger(request.ledger_url, clock=system_clock) as ledger:
        context = JobContext(
            ledger=ledger,
            environ=os.environ,
            clock=system_clock,
            time_limit_seconds=request.time_limit_seconds,
            per_minute=request.per_minute,
            stop=stop,
        )
        return await carry_out(request.order, request.entry, context)


def _end_with_the_worker(stop: asyncio.Event) -> None:
    """Stop on the first SIGTERM, end on the second, and end when standard input does."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def asked() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    def watch() -> None:
        # Not through Python's own buffer: the interpreter waits for its lock when it ends.
        while os.read(sys.stdin.fileno(), 1024):
            pass
        loop.call_soon_threadsafe(task.cancel)

    loop.add_signal_handler(signal.SIGTERM, asked)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the terminal's, meant for the worker
    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
