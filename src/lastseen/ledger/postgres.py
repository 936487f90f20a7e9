"""PostgreSQL as the ledger's database, for several machines that share one ledger.

All tables lie in a schema of their own, `lastseen`, so that the database can serve others too.
"""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, text

from lastseen.errors import LedgerError
from lastseen.ledger.database import Access, Release, lock_key

SCHEMA = "lastseen"
"""The PostgreSQL schema that holds the ledger."""


def server_access(url: URL) -> Access:
    """Reach the ledger in the PostgreSQL database that `url` names.

    Raises LedgerError when the driver isn't installed; connecting comes later.
    """
    place = f"{url.host or url.query.get('host') or 'localhost'}/{url.database or ''}"
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": 10} if "connect_timeout" not in url.query else {},
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ImportError:
        raise LedgerError(
            attempted=f"opening the ledger {place}",
            found="the PostgreSQL driver is not installed",
            meaning="Lastseen brings it only when asked, since most ledgers are a file",
            remedy="install it with `pip install 'lastseen[postgres]'`",
        ) from None
    event.listen(engine, "connect", _prepare_connection)
    return Access(engine=engine, place=place, try_lock=lambda name: _try_lock(engine, name))


def _prepare_connection(connection: Any, _record: Any) -> None:
    connection.execute(f"SET search_path TO {SCHEMA}")
    connection.commit()


def _try_lock(engine: Engine, name: str) -> Release | None:
    """Take an advisory lock on a connection that is used for nothing else.

    The server gives it back when that connection ends, by closing it or with its process.
    """
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    if connection.scalar(_TAKE, {"key": lock_key("lock", name)}):
        return connection.close
    connection.close()
    return None


_TAKE = text("SELECT pg_try_advisory_lock(:key)")
