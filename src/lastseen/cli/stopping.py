"""How a signal ends work that changes accounts: after the batch in flight.

Only passes the wish on; what is finished and what is left is decided where the work is done.
SIGTERM and SIGHUP come here as SIGINT: see `main`.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lastseen.cli.failures import print_line

if TYPE_CHECKING:
    import asyncio


@contextmanager
def stop_when_asked() -> Iterator["asyncio.Event"]:
    """Yield an event that the first SIGINT sets; a second one interrupts the work itself.

    Called inside a running event loop. Where the platform's loop knows no signals the event is
    never set, and the first SIGINT interrupts.
    """
    import asyncio  # `lastseen --help` goes without

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    before = signal.getsignal(signal.SIGINT)

    def release() -> None:
        if loop.remove_signal_handler(signal.SIGINT):
            signal.signal(signal.SIGINT, before)

    def asked() -> None:
        release()
        stop.set()
        print_line("Stopping after what is under way; asked once more it stops at once.")

    try:
        loop.add_signal_handler(signal.SIGINT, asked)
    except (NotImplementedError, RuntimeError):
        yield stop
        return
    try:
        yield stop
    finally:
        release()
