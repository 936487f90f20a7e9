"""How a signal ends work that changes accounts: after the batch in flight.

Only passes the request on; what is finished and what is left is decided where the work is done.
SIGTERM and SIGHUP come here as SIGINT: see `main`.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from lastseen.cli.errors import print_line

if TYPE_CHECKING:
    import asyncio


@contextmanager
def stop_when_asked() -> Iterator["asyncio.Event"]:
    """Yield an event that the first SIGINT sets; a second one interrupts the work itself.

    Called in the main thread, inside a running event loop. Not with the loop's own signal handlers,
    which Windows has none of.
    """
    import asyncio  # `lastseen --help` goes without

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    before = signal.getsignal(signal.SIGINT)

    def show_stopping() -> None:
        stop.set()
        print_line("Stopping after the requests in flight; a second signal stops at once.")

    def asked(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(show_stopping)

    signal.signal(signal.SIGINT, asked)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
