"""The fleet's own schema in the ledger's database: connections, and bringing it up to date.

Procrastinate's tables and the fleet's own are in the schema `lastseen_fleet`, next to the ledger's.
No portal and no job is known here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from lastseen.fleet.schema import FLEET_MIGRATIONS
from lastseen.model.errors import LedgerError, UsageError

SCHEMA = "lastseen_fleet"
"""The PostgreSQL schema that holds the queue and the fleet's own tables."""

SESSION: dict[str, Any] = {
    "options": f"-c search_path={SCHEMA} -c tcp_keepalives_idle=10"
    " -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    "connect_timeout": 10,
}
"""How every session is set up: the server notices a lost machine within half a minute."""

_MOST_CONNECTIONS = 4


class FleetDatabase:
    """The fleet's schema in one database; a context manager that closes its connections."""

    def __init__(self, ledger_url: str | None) -> None:
        """Reach the database that holds the ledger; connects when something is asked.

        Raises UsageError if `ledger_url` doesn't name a PostgreSQL database.
        """
        self.conninfo = conninfo(ledger_url)
        self.place = _place(self.conninfo)
        self._pool = ConnectionPool(
            self.conninfo,
            kwargs={**SESSION, "row_factory": dict_row},
            min_size=0,
            max_size=_MOST_CONNECTIONS,
            open=False,
            timeout=15,
            reconnect_timeout=10,
            check=ConnectionPool.check_connection,
        )

    def __enter__(self) -> "FleetDatabase":
        """Return the database itself."""
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[DictRow]]:
        """Yield a connection inside a transaction; raises LedgerError."""
        with self._telling(), self._pool.connection() as connection:
            yield connection  # type: ignore[misc] # the pool's row factory is not in its type

    def bring_up_to_date(self) -> None:
        """Make or upgrade the schema; several processes may do so at once.

        Raises LedgerError if a newer version of Lastseen has upgraded it.
        """
        with self._telling(), psycopg.connect(self.conninfo, **SESSION) as connection:
            done = _applied(connection)
            if _is_current(done):
                return
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('lastseen fleet schema'))")
            done = _applied(connection)
            self._refuse_newer(done)
            if not _is_current(done):
                _upgrade(connection, done)

    def check_revision(self) -> None:
        """Raise LedgerError if a newer version of Lastseen has upgraded the schema since."""
        with self.transaction() as connection:
            self._refuse_newer(_applied(connection))

    def _refuse_newer(self, done: dict[str, set[str]] | None) -> None:
        unknown = sorted(
            name
            for component, names in (done or {}).items()
            for name in names - _known().get(component, set())
        )
        if unknown:
            raise LedgerError(
                attempted=f"opening the fleet in {self.place}",
                found=f"its schema has {unknown[-1]}, which this version doesn't know",
                meaning="a newer version of Lastseen has upgraded it",
                remedy="install that version here as well; other workers keep running",
            )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, PoolTimeout) as error:
            from lastseen.ledger.db.db_errors import translate_error  # brings SQLAlchemy along

            if isinstance(error, PoolTimeout):  # why no connection came is in the log
                error = psycopg.OperationalError("no connection within the time limit")
            attempted = f"using the fleet's tables in {self.place}"
            known = translate_error(error, attempted=attempted)
            if known is None and isinstance(error, psycopg.DataError):
                known = _altered(attempted)
            if known is None:
                raise
            raise known from None


def conninfo(ledger_url: str | None) -> str:
    """Return the ledger's address for libpq; raises UsageError unless it is a PostgreSQL one."""
    driver, separator, rest = (ledger_url or "").partition("://")
    if not separator:
        raise _not_postgres("[ledger] url names no database")
    if driver not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise _not_postgres("[ledger] url names a database of another kind")
    info = f"postgresql://{rest}"
    try:
        psycopg.conninfo.conninfo_to_dict(info)
    except psycopg.ProgrammingError:  # its text may repeat the password
        raise _not_postgres("[ledger] url can't be read as an address") from None
    return info


def _not_postgres(found: str) -> UsageError:
    return UsageError(
        attempted="opening the fleet",
        found=found,
        meaning="workers share one ledger and one queue, and only PostgreSQL can hold them",
        remedy="set LASTSEEN_LEDGER__URL, or url under [ledger] in the file that -c names, to "
        "postgresql+psycopg://USER@HOST/DATABASE",
    )


def _altered(attempted: str) -> LedgerError:
    return LedgerError(
        attempted=attempted,
        found="a value in it can't be read",
        meaning="somebody has altered the rows; no job is started from them",
        remedy=f"correct the row in {SCHEMA}.portals, or delete it and run `lastseen fleet sync`",
    )


def _place(info: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(info)
    return f"{parts.get('host') or 'localhost'}/{parts.get('dbname') or ''}"


def _known() -> dict[str, set[str]]:
    return {
        "fleet": {name for name, _ in FLEET_MIGRATIONS},
        "procrastinate": {file.name for file in _procrastinate_migrations()},
    }


@cache
def _procrastinate_migrations() -> tuple[Path, ...]:
    """Return the files of Procrastinate's migrations; found without importing it."""
    found = find_spec("procrastinate")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "sql" / "migrations"
    return tuple(sorted(folder.glob("*.sql")))


def _is_current(done: dict[str, set[str]] | None) -> bool:
    return done is not None and done == _known()


def _applied(connection: psycopg.Connection[Any]) -> dict[str, set[str]] | None:
    """Return the migrations applied, by component; None if there is no schema."""
    # Not by to_regclass: inside a transaction that keeps returning its first result.
    where = f"schemaname = '{SCHEMA}' AND tablename = 'migrations'"
    if connection.execute(f"SELECT FROM pg_tables WHERE {where}").fetchone() is None:
        return None
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(f"SELECT component, name FROM {SCHEMA}.migrations").fetchall()
    done: dict[str, set[str]] = {}
    for row in rows:
        done.setdefault(row["component"], set()).add(row["name"])
    return done


def _upgrade(connection: psycopg.Connection[Any], done: dict[str, set[str]] | None) -> None:
    if done is None:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute(
            f"CREATE TABLE {SCHEMA}.migrations (component text, name text, applied_at timestamptz"
            " NOT NULL DEFAULT now(), PRIMARY KEY (component, name))"
        )
        from procrastinate.schema import SchemaManager

        connection.execute(SchemaManager.get_schema().encode())  # its tables, as they are now
        _note(connection, "procrastinate", _known()["procrastinate"])
    before = done or _known() | {"fleet": set()}
    for file in _procrastinate_migrations():
        if file.name not in before.get("procrastinate", set()):
            connection.execute(file.read_bytes())
            _note(connection, "procrastinate", {file.name})
    for name, statements in FLEET_MIGRATIONS:
        if name not in before.get("fleet", set()):
            connection.execute(statements.encode())
            _note(connection, "fleet", {name})


def _note(connection: psycopg.Connection[Any], component: str, names: set[str]) -> None:
    for name in sorted(names):
        connection.execute(
            f"INSERT INTO {SCHEMA}.migrations (component, name) VALUES (%s, %s)", (component, name)
        )
