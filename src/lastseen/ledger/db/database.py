"""Transactions on the ledger's database, the same for SQLite and PostgreSQL.

`sqlite` and `postgres` know how a database is reached; the stores know what is in it. Writing
transactions of one portal wait for one another: on SQLite for all of them (BEGIN IMMEDIATE), on
PostgreSQL for an advisory lock that ends with the transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from hashlib import sha256
from threading import RLock
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, Engine, Insert, Table, text
from sqlalchemy.exc import DBAPIError

from lastseen.ledger.db.db_errors import translate_error

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """A lock that is held."""

    release: Callable[[], None]
    """Releases it."""
    is_lost: Callable[[], bool] = lambda: False
    """Returns whether another process may have taken it meanwhile."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How a database is reached."""

    engine: Engine
    """Where connections come from."""
    place: str
    """How messages name the database; never with a password."""
    try_lock: Callable[[str], Lock | None]
    """Takes the named lock, or returns None if it is held; it ends with this process."""
    held: Connection | None = None
    """The only connection, if the database lives no longer than it (in memory)."""


class Database:
    """A ledger's database: provides connections in transactions and translates its errors."""

    def __init__(self, access: Access) -> None:
        """Use the database that `access` reaches; connects on first use."""
        self._access = access
        self._turn = RLock()
        self._driver_error: type[Exception] = access.engine.dialect.loaded_dbapi.Error
        self.dialect = access.engine.dialect.name
        self.place = access.place
        self.addresses_changed = 0
        """How often a portal changed its address while this was open."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Provide a connection in a read-only transaction; raises LedgerError."""
        with self._translating("reading"), self._connection("BEGIN", "NORMAL") as connection:
            if self.dialect == "postgresql":  # one snapshot, as SQLite gives by itself
                connection.exec_driver_sql(_SNAPSHOT)
            yield connection

    @contextmanager
    def writing(self, scope: str, *, durable: bool = True) -> Iterator[Connection]:
        """Provide a connection in a writing transaction, the only one within `scope`.

        `durable` waits until the disk has it; without that a power cut may take the last
        transactions back, whole. Raises LedgerError.
        """
        flush = "FULL" if durable else "NORMAL"
        with (
            self._translating("writing to"),
            self._connection("BEGIN IMMEDIATE", flush) as connection,
        ):
            if self.dialect == "postgresql":
                commit = "on" if durable else "off"
                connection.execute(_QUEUE, {"commit": commit, "key": lock_key("write", scope)})
            yield connection

    def take_turns(self, connection: Connection, purpose: str) -> None:
        """Let no other writing transaction pass here until this one ends, whatever its scope."""
        if self.dialect == "postgresql":  # SQLite writes one at a time anyway
            connection.execute(_TURN, {"key": lock_key("turn", purpose)})

    def try_lock(self, name: str) -> Lock | None:
        """Take the named lock, or return None if it is held; raises LedgerError."""
        with self._translating("locking"):
            return self._access.try_lock(name)

    def close(self) -> None:
        """Close every connection."""
        if self._access.held is not None:
            self._access.held.close()
        else:
            self._access.engine.dispose()

    @contextmanager
    def _connection(self, begin: str, flush: str) -> Iterator[Connection]:
        held = self._access.held
        alone = nullcontext() if held is None else self._turn
        with alone, self._access.engine.connect() if held is None else nullcontext(held) as source:
            connection = source.execution_options(ledger_begin=begin, ledger_flush=flush)
            with connection.begin():
                yield connection

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, self._driver_error, UnicodeDecodeError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            known = translate_error(cause, attempted=f"{doing} the ledger {self.place}")
            if known is None:
                raise
            raise known from None


def lock_key(purpose: str, scope: str) -> int:
    """Return the number of PostgreSQL's lock on `scope` for `purpose`."""
    digest = sha256(f"lastseen {purpose} {scope}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def insert_into(dialect: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return the INSERT of SQLite or PostgreSQL that supports ON CONFLICT."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def insert_rows(
    connection: Connection, insert: Insert, rows: Sequence[tuple[str | int | None, ...]]
) -> None:
    """Execute `insert` for each of `rows`, whose values are in the order of the table's columns.

    A reading has tens of thousands of rows. SQLite's driver takes them as they are; SQLAlchemy
    would spend more time on each than the database does.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_in_sqlite(insert), list(rows))
    else:
        names = insert.table.columns.keys()
        connection.execute(insert, [dict(zip(names, row, strict=True)) for row in rows])


@cache
def _in_sqlite(insert: Insert) -> str:
    """Return the text of `insert` with a question mark for each column of its table."""
    from sqlalchemy.dialects import sqlite

    compiled = insert.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    assert compiled.positiontup == insert.table.columns.keys()
    return str(compiled)


_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TURN = text("SELECT pg_advisory_xact_lock(:key)")
_QUEUE = text("SELECT set_config('synchronous_commit', :commit, true), pg_advisory_xact_lock(:key)")
