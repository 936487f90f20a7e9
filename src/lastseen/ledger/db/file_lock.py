"""A file lock that the operating system releases when its process dies, however it dies."""

import os
from pathlib import Path

from lastseen.ledger.db.database import Lock


def try_file_lock(path: Path) -> Lock | None:
    """Lock `path`, creating it if needed; return None if it is locked. Raises OSError.

    The file is never removed: that would let two processes lock two files of the same name. If
    another program removes or replaces it, the lock reports itself as lost.
    """
    import filelock  # a tenth of a second, which only commands that lock need to spend

    lock = filelock.FileLock(path, timeout=0, mode=0o600, fallback_to_soft=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        return None
    try:
        held = path.stat()
    except OSError:
        lock.release()
        raise

    def is_lost() -> bool:
        try:
            return not os.path.samestat(held, path.stat())
        except OSError:
            return True

    return Lock(release=lock.release, is_lost=is_lost)
