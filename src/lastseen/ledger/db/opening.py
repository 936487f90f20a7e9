"""Opens a ledger by its address, SQLite or PostgreSQL; creates or upgrades it if needed."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from lastseen.ledger.db.database import Access, Database
from lastseen.ledger.db.revision import bring_up_to_date
from lastseen.ledger.db.sqlite import file_access
from lastseen.ledger.ledger import Ledger
from lastseen.model.errors import LedgerError
from lastseen.model.instant import Clock
from lastseen.regular_file import in_home


def open_ledger(url: str | None, *, clock: Clock) -> Ledger:
    """Open the ledger at `url`; create it if it does not exist and upgrade its schema.

    `url` is an SQLAlchemy address: `sqlite:///FILE` (four slashes for an absolute path),
    `sqlite://` for memory, or `postgresql+psycopg://…`; None is `ledger.sqlite3` in the
    platform's data folder for Lastseen, created with mode 0700. Raises LedgerError.
    """
    target = _default() if url is None else _parsed(url)
    if target.drivername == "sqlite" and target.database in (None, "", ":memory:"):
        return Ledger.in_memory(clock=clock)
    database = Database(_access(target))
    try:
        bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return Ledger(database, clock=clock)


def _access(target: URL) -> Access:
    if target.drivername == "sqlite":
        return file_access(in_home(Path(str(target.database))).absolute())
    from lastseen.ledger.db.postgres import server_access

    return server_access(target)


def _default() -> URL:
    from platformdirs import user_data_path

    folder = user_data_path("lastseen", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            attempted=f"creating the ledger's folder {folder}",
            found=(error.strerror or str(error)).lower(),
            meaning="this user has no writable data folder",
            remedy="name a place in [ledger] url, such as sqlite:////var/lib/lastseen/ledger.db",
        ) from None
    return URL.create("sqlite", database=str(folder / "ledger.sqlite3"))


def _parsed(url: str) -> URL:
    try:
        target = make_url(url)
    except (ArgumentError, ValueError):
        raise _unusable("it is not a database address") from None
    name = target.drivername
    if name in ("sqlite", "sqlite+pysqlite"):
        if target.host or target.query:
            raise _unusable("a SQLite address is `sqlite:///` and a file, nothing else")
        return target.set(drivername="sqlite")
    if name not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise _unusable("it is neither SQLite nor PostgreSQL with psycopg")
    if "@" in (target.host or ""):
        raise _unusable("its user or password contains an `@` that is not percent-encoded")
    return target


def _unusable(found: str) -> LedgerError:
    return LedgerError(
        attempted="opening the ledger",
        found=found,
        meaning="the address in [ledger] url can't be used; not shown, as it may hold a password",
        remedy="write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
    )
