"""The roster `sql`: the rows of one SELECT from a database that it can't change.

Two barriers: the query must parse as one SELECT, and it runs in a transaction that PostgreSQL,
SQLite, MySQL and MariaDB keep read-only.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import sqlglot
from sqlalchemy import Connection, Engine, create_engine, exc, make_url
from sqlalchemy.engine import URL
from sqlglot import expressions

from lastseen.docspace.interface import Portal
from lastseen.model.errors import LastseenError, RosterError, UsageError
from lastseen.model.extras import install_extra
from lastseen.regular_file import not_regular
from lastseen.rosters.columns import Columns
from lastseen.rosters.files import unreadable_file
from lastseen.rosters.interface import Listing, RosterOptions
from lastseen.rosters.references import is_reference, resolve
from lastseen.rosters.rows import MOST_ROWS, RowReader

READ_ONLY = frozenset({"postgresql", "sqlite", "mysql", "mariadb"})
"""Databases that have read-only transactions."""

ROWS_AT_ONCE = 1000
"""Rows fetched at once, so that a long result is never in memory as a whole."""

QUERY_SECONDS = 600
"""How long the query may take, if the database supports a limit."""

CONNECT_SECONDS = 15
"""How long connecting may take."""

_DIALECTS = {"postgresql": "postgres", "mariadb": "mysql", "mssql": "tsql"}
_SERVER_STATES = frozenset({"08", "28", "3D", "53", "57", "58", "XX"})
"""Classes of SQLSTATE (PostgreSQL, appendix A) in which the server or the sign-in is at fault."""

_REFUSED_BY_SQLITE = re.compile(r"no such|not authorized|readonly|syntax error|ambiguous column")
_CHANGES = (
    expressions.DML,
    expressions.DDL,
    expressions.Command,
    expressions.Into,
    expressions.Lock,
)


_Row = tuple[Sequence[object], Mapping[str, int], tuple[int, ...]]
"""The fields, the position of each that counts, and further columns that may hold an address."""


class SqlRoster:
    """The result of a query: one row a contractor."""

    name = "sql"
    outside = True

    def __init__(self, options: RosterOptions, *, most_rows: int = MOST_ROWS) -> None:
        """Keep the options; raises UsageError for a URL or a query that can't be used."""
        if options.url is None or options.query is None:
            missing = "roster.url" if options.url is None else "roster.query"
            raise UsageError(
                attempted="opening the roster sql",
                found=f"{missing} is not set",
                meaning="the source sql asks a database",
                remedy="set roster.url to the database and roster.query to one SELECT",
            )
        self._url = _database(options.url)
        self._dialect = self._url.get_backend_name()
        self._query = options.query
        demand_one_select(options.query, self._dialect)
        self._columns = Columns(options.columns)
        self._most_rows = most_rows

    @property
    def query(self) -> str:
        """The database without its password, and the query."""
        return f"{self._place}: {' '.join(self._query.split())}"

    @property
    def _place(self) -> str:
        host = f"{self._url.host}/" if self._url.host else ""
        return f"{self._dialect} {host}{self._url.database or ''}"

    async def load(self, portal: Portal) -> Listing:
        """Run the query.

        Raises UsageError for the query or its rows, RosterError from the database.
        """
        return await asyncio.to_thread(self._read)

    def _read(self) -> Listing:
        reader = RowReader(
            source=self._place,
            unit="row",
            names=self._columns.names,
            most_rows=self._most_rows,
        )
        engine = self._engine()
        try:
            with (
                engine.connect() as connection,
                closing(self._rows(_read_only(connection, self._dialect))) as rows,
            ):
                for number, (fields, positions, others) in enumerate(rows, start=1):
                    reader.read_fields(
                        number, fields, positions, width=len(fields), other_emails=others
                    )
        except exc.SQLAlchemyError as error:
            raise self._told(error) from None
        except (ValueError, OverflowError) as error:  # what drivers raise for values
            raise self._unconverted(type(error).__name__) from None
        finally:
            engine.dispose()
        cautions = [self._unguarded] if self._dialect not in READ_ONLY else []
        return Listing(
            contractors=reader.people(),
            warnings=(*reader.warnings(), *cautions),
            complete=reader.is_complete,
        )

    def _rows(self, connection: Connection) -> Generator[_Row, None, None]:
        """Yield each row and what its columns are, fetching some at a time."""
        # As it is written: no colon and no percent sign is a parameter.
        streamed = connection.execution_options(
            stream_results=True, max_row_buffer=ROWS_AT_ONCE, no_parameters=True
        )
        with streamed.exec_driver_sql(self._query) as result:
            header = list(result.keys())
            positions = self._columns.positions(header, source=self._place)
            others = self._columns.other_emails(header)
            for rows in result.partitions(ROWS_AT_ONCE):
                for row in rows:
                    yield row, positions, others

    def _engine(self) -> Engine:
        url = self._url
        if url.password:
            url = url.set(password=resolve(str(url.password), option="the password in roster.url"))
        try:
            if self._dialect == "sqlite":
                return create_engine(url, creator=_sqlite(url))
            options = {"connect_timeout": CONNECT_SECONDS} if self._dialect in READ_ONLY else {}
            return create_engine(url, connect_args=options)
        except (exc.ArgumentError, ImportError) as error:
            raise UsageError(
                attempted=f"opening the database {self._place}",
                found=f"its driver is not installed: {error}"
                if isinstance(error, ImportError)
                else "roster.url names no known driver",
                meaning="without a driver the database can't be asked",
                remedy="correct roster.url, or install the driver with Lastseen; for PostgreSQL: "
                + install_extra("sql"),
            ) from None

    def _unconverted(self, why: str) -> UsageError:
        return UsageError(
            attempted=f"reading the rows of roster.query on {self._place}",
            found=f"a name or a value can't be converted ({why})",
            meaning="the database is damaged, or holds text that isn't UTF-8",
            remedy="correct the value, or cast it to text in roster.query",
        )

    @property
    def _unguarded(self) -> str:
        return (
            f"{self._place}: this kind of database has no read-only transactions; the query "
            "parses as one SELECT, and the account should be allowed to read only"
        )

    def _told(self, error: exc.SQLAlchemyError) -> LastseenError:
        """Return an error in words; of the driver's text only what holds no row's content."""
        original = getattr(error, "orig", None)
        state = getattr(original, "sqlstate", None)
        if isinstance(error, exc.DataError):
            found = f"a value can't be converted ({state or type(original).__name__})"
        else:
            found = self._without_password(str(original or error).strip().partition("\n")[0][:300])
        if isinstance(error, exc.ProgrammingError | exc.DataError) or (
            state[:2] not in _SERVER_STATES
            if isinstance(state, str)
            else _REFUSED_BY_SQLITE.search(found)
        ):
            return UsageError(
                attempted=f"running roster.query on {self._place}",
                found=found,
                meaning="the query can't be run as it is, or tries to change something",
                remedy="correct roster.query: one SELECT that returns id or email",
            )
        return RosterError(
            attempted=f"reading the roster from {self._place}",
            found=found,
            meaning="the database is down, can't be reached, or refuses the user or the password",
            remedy="check roster.url and the secret that it names, and try again",
        )

    def _without_password(self, text: str) -> str:
        reference = str(self._url.password) if self._url.password else None
        secret = resolve(reference, option="the password in roster.url") if reference else None
        return text.replace(secret, "***") if secret else text


def demand_one_select(query: str, dialect: str) -> None:
    """Raise UsageError unless `query` parses as one SELECT that changes and locks nothing."""
    found = None
    name = _DIALECTS.get(dialect, dialect)
    try:
        statements = sqlglot.parse(query, read=name if sqlglot.Dialect.get(name) else None)
    except (sqlglot.errors.SqlglotError, ValueError, RecursionError):
        found = "it can't be parsed"
    else:
        if len(statements) != 1 or statements[0] is None:
            found = f"it holds {sum(s is not None for s in statements)} statements"
        elif not isinstance(statements[0], expressions.Query):
            found = "it is not a SELECT"
        elif statements[0].find(*_CHANGES) is not None:
            found = "it changes or locks something"
    if found is not None:
        raise UsageError(
            attempted="reading roster.query",
            found=found,
            meaning="a roster is only read, so the query has to be one SELECT",
            remedy="write one SELECT; put what is more into a view, and select from that",
        )


def _database(text: str) -> URL:
    """Return the database's URL; raises UsageError, which does not repeat it."""
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        raise _unusable_url("it is not the URL of a database") from None
    if url.password and not is_reference(str(url.password)):
        raise _unusable_url("it holds a password")
    return url


def _unusable_url(found: str) -> UsageError:
    return UsageError(
        attempted="reading roster.url",
        found=found,
        meaning="the source sql needs a database's URL, in which the password is named by "
        "env:NAME, never written",
        remedy="write it as postgresql+psycopg://reader:env:HR_PASSWORD@db.example/hr or "
        "sqlite:////srv/hr.db",
    )


def _sqlite(url: URL) -> Callable[[], sqlite3.Connection]:
    """Return how to open a SQLite file so that nothing can change it, nor make it."""
    path = Path(url.database or "").absolute()

    def connect() -> sqlite3.Connection:
        if problem := not_regular(path):
            raise unreadable_file(path, problem, option="roster.url")
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    return connect


def _read_only(connection: Connection, dialect: str) -> Connection:
    """Return the connection with a transaction in which the database refuses every change."""
    if dialect == "postgresql":
        reading = connection.execution_options(postgresql_readonly=True)
        reading.exec_driver_sql(f"SET LOCAL statement_timeout = '{QUERY_SECONDS}s'")
        return reading
    if dialect in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.commit()
    return connection
