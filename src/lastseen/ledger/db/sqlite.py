"""SQLite as the ledger's database: a file that only its owner can read, or memory.

How a file is made, opened and locked is here; what is stored in it isn't.
"""

import logging
import os
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from errno import EACCES
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from lastseen.ledger.db.database import Access, Lock
from lastseen.ledger.db.db_errors import translate_error
from lastseen.ledger.db.file_lock import try_file_lock
from lastseen.model.errors import LedgerError
from lastseen.regular_file import is_anothers, not_regular

_COMPANIONS = ("", "-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps; the first is the ledger itself."""

_TRACE = r"(-wal|-shm|\.[0-9a-f]{12}\.lock)"
"""Endings of the files beside a ledger that only its use creates."""

_PROGRESS = logging.getLogger("lastseen.progress")

PATIENCE_SECONDS = 15.0
"""How long a transaction waits for another to end."""


def file_access(path: Path) -> Access:
    """Reach the ledger in `path`, creating the file if needed, but not its folder.

    Only its owner may read and write the file; looser modes are tightened. SQLite gives its
    companions (`-wal`, `-shm`) the same mode. Raises LedgerError.
    """
    _prepare_file(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": PATIENCE_SECONDS},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    try:
        _write_ahead(engine)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite's own message may not be UTF-8
        engine.dispose()
        raise (translate_error(error, attempted=f"opening the ledger {path}") or error) from None
    return Access(engine=engine, place=str(path), try_lock=_file_locks(path))


def memory_access(image: bytes) -> Access:
    """Reach a ledger in memory, initially a copy of `image`, a serialised SQLite database."""
    connection = _memory_engine().connect()
    _driver(connection).deserialize(image)
    return Access(
        engine=connection.engine, place="in memory", try_lock=MemoryLocks().take, held=connection
    )


def empty_memory() -> tuple[Connection, Callable[[], bytes]]:
    """Return a connection to an empty database in memory, and the function that serialises it."""
    connection = _memory_engine().connect()
    return connection, lambda: _driver(connection).serialize()


class MemoryLocks:
    """Locks of a database that only this process uses."""

    def __init__(self) -> None:
        """Begin without locks."""
        self._taken: set[str] = set()
        self._turn = threading.Lock()

    def take(self, name: str) -> Lock | None:
        """Take the lock, or return None if it is held."""
        with self._turn:
            if name in self._taken:
                return None
            self._taken.add(name)
        return Lock(release=lambda: self._taken.discard(name))


def _prepare_file(path: Path) -> None:
    """Ensure that the file exists, is writable, and only its owner can read it."""
    try:
        if problem := not_regular(path):
            raise _unusable(
                path,
                found=problem,
                meaning="the ledger is one file",
                remedy="name a file in [ledger] url, such as ledger.sqlite3 in a folder of its own",
            )
        if not path.parent.is_dir():
            raise _unusable(
                path,
                found=f"the folder {path.parent} does not exist",
                meaning="folders are not created, so that a typo can't start an empty ledger",
                remedy="create the folder, or correct [ledger] url",
            )
        _check_not_lost(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)
        try:
            _check_file(path, os.fstat(descriptor))
        finally:
            os.close(descriptor)
        as_who = os.access in os.supports_effective_ids
        if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=as_who):
            raise PermissionError(EACCES, "its folder can't be written to")
    except OSError as error:
        raise _unusable(
            path,
            found=(error.strerror or str(error)).lower(),
            meaning="the file and its folder must be writable: SQLite keeps more files there",
            remedy="give this user the right to write there, or name another place in [ledger] url",
        ) from None
    _tighten(path)


def _check_not_lost(path: Path) -> None:
    """Raise LedgerError if the file is empty or missing although it was a ledger.

    A full disk or a crash can empty a file; SQLite would take it for a new database and drop what
    is left in `-wal`. Only a ledger in use has such files beside it: an interrupted first start
    leaves its file before any of them. They are looked for before the file is read again, since
    another process may have created the ledger meanwhile. Warns about a file that is just empty.
    """
    if not _is_lost(path):
        return
    traces = _traces(path)
    if not _is_lost(path):
        return
    exists = path.exists()
    if not traces:
        if exists:
            _PROGRESS.warning(
                "the ledger %s is an empty file: a new ledger begins there, without past runs and "
                "exemptions",
                path,
                extra={"event": "note"},
            )
        return
    name = path.name
    raise _unusable(
        path,
        found=f"the file is {'empty' if exists else 'missing'}, but {' and '.join(traces)} beside "
        f"it {'shows' if len(traces) == 1 else 'show'} that it was in use",
        meaning="its contents are lost, with the exemptions and past runs; nobody was changed",
        # SQLite would write the entries of another file's log into a restored one.
        remedy=f"move {f'{name}, ' if exists else ''}{name}-wal, {name}-shm and {name}.*.lock away "
        "and restore a backup; without one a new ledger begins, with no exemptions and no past "
        "runs",
    )


def _is_lost(path: Path) -> bool:
    """Return whether SQLite would begin a new database in the file, which may be missing."""
    try:
        # A file of one byte is empty to SQLite (os_unix.c, unixFileSize).
        return path.stat().st_size <= 1
    except FileNotFoundError:
        return True


def _traces(path: Path) -> list[str]:
    """Return the names of files beside `path` that exist only once a ledger has been there.

    SQLite keeps its own where a link leads to.
    """
    return sorted(
        {
            one.name
            for file in (path, path.resolve())
            if file.parent.is_dir()
            for one in file.parent.iterdir()
            if re.fullmatch(re.escape(file.name) + _TRACE, one.name)
        }
    )


def _check_file(path: Path, status: os.stat_result) -> None:
    """Raise LedgerError unless the open file is regular and owned by the user or root."""
    if not stat.S_ISREG(status.st_mode):
        raise _unusable(
            path,
            found="it is not a regular file",
            meaning="the ledger is one file",
            remedy="name a file in [ledger] url",
        )
    if is_anothers(status):
        raise _unusable(
            path,
            found="it belongs to another user",
            meaning="its owner could change the evidence for decisions",
            remedy="run Lastseen as its owner, or name another place in [ledger] url",
        )


def _tighten(path: Path) -> None:
    for companion in _COMPANIONS:
        file = path.with_name(path.name + companion)
        if companion and (file.is_symlink() or not_regular(file)):
            raise _unusable(
                path,
                found=f"{file.name} beside it is not a regular file",
                meaning="SQLite keeps the newest entries there, and would lose them",
                remedy=f"remove {file} if it doesn't belong there, or name another file in "
                "[ledger] url",
            )
        try:
            if companion and is_anothers(file.stat()):
                raise _unusable(
                    path,
                    found=f"{file.name} beside it belongs to another user",
                    meaning="SQLite would take entries from there that its owner made up",
                    remedy=f"remove {file.name} if it doesn't belong there, and keep the ledger in "
                    "a folder that only you can write to",
                )
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)
        except FileNotFoundError:
            continue  # another process has just ended and taken its companions along
        except OSError:
            raise _unusable(
                path,
                found="others can read it, and this user can't change that",
                meaning="the ledger contains names and addresses, so only its owner may read it",
                remedy="have its owner run `chmod 600` on it, or name another file in [ledger] url",
            ) from None


def _unusable(path: Path, *, found: str, meaning: str, remedy: str) -> LedgerError:
    return LedgerError(
        attempted=f"opening the ledger {path}", found=found, meaning=meaning, remedy=remedy
    )


def _prepare_connection(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says so
    connection.text_factory = _text
    for setting in ("foreign_keys", "fullfsync", "cell_size_check"):
        connection.execute(f"PRAGMA {setting} = ON")
    connection.execute("PRAGMA trusted_schema = OFF")


def _text(stored: bytes) -> str:
    """Return text even if a flipped bit made it invalid UTF-8: the row's digest shows it."""
    return stored.decode("utf-8", "surrogateescape")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA synchronous = {options.get('ledger_flush', 'FULL')}")
    connection.exec_driver_sql(options.get("ledger_begin", "BEGIN"))


def _write_ahead(engine: Engine) -> None:
    """Allow readers and a writer at the same time; the mode is stored in the file.

    SQLite does not wait while another process changes the mode, hence the loop.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        connection = engine.raw_connection()
        try:
            mode = connection.cursor().execute("PRAGMA journal_mode").fetchone()
            if mode != ("wal",):
                connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # not set where Python itself fails
            if (
                code not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                or time.monotonic() > deadline
            ):
                raise
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()


def _file_locks(path: Path) -> Callable[[str], Lock | None]:
    def take(name: str) -> Lock | None:
        digest = sha256(name.encode()).hexdigest()[:12]
        return try_file_lock(path.with_name(f"{path.name}.{digest}.lock"))

    return take


@cache
def _memory_engine() -> Engine:
    """Return the engine that all ledgers in memory share, with its compiled statements.

    Each of its connections is a database of its own.
    """
    engine = create_engine(
        "sqlite://",
        poolclass=NullPool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
