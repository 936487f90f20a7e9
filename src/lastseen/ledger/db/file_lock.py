"""A lock on a file that the operating system takes back when its process dies, however it dies."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def try_file_lock(path: Path) -> Callable[[], None] | None:
    """Lock `path`, made when it isn't there, and return what unlocks it; None when it is locked.

    The file stays behind: removing it would let two processes lock two files of one name.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if not _try_lock(descriptor):
        os.close(descriptor)
        return None

    def release() -> None:
        _unlock(descriptor)  # closing alone would leave it to a process forked off meanwhile
        os.close(descriptor)

    return release
