"""PostgreSQL as the ledger's database, for several machines that share one ledger.

All tables are in their own schema, `lastseen`, so that the database can serve others too.
"""

from contextlib import suppress
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, event

from lastseen.ledger.db.database import Access, Lock, lock_key
from lastseen.model.errors import LedgerError
from lastseen.model.extras import install_extra

SCHEMA = "lastseen"
"""The PostgreSQL schema that holds the ledger."""

_SETTINGS = (
    f"SET search_path TO {SCHEMA}; SET tcp_keepalives_idle TO 10;"
    " SET tcp_keepalives_interval TO 5; SET tcp_keepalives_count TO 3"
)
"""For every session: the server notices a lost machine within half a minute and releases its locks;
by default Linux takes two hours."""


def server_access(url: URL) -> Access:
    """Reach the ledger in the PostgreSQL database that `url` names.

    Raises LedgerError if the driver isn't installed; connects later.
    """
    place = f"{url.host or url.query.get('host') or 'localhost'}/{url.database or ''}"
    target = url.set(drivername="postgresql+psycopg")
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
    try:
        engine = create_engine(
            target,
            connect_args=patience,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            hide_parameters=True,
        )
        locks = create_engine(
            target, connect_args=patience, poolclass=NullPool, pool_reset_on_return=None
        )
    except ImportError:
        raise LedgerError(
            attempted=f"opening the ledger {place}",
            found="the PostgreSQL driver is not installed",
            meaning="it is an optional extra, since most ledgers are a file",
            remedy=install_extra("postgres"),
        ) from None
    for one in (engine, locks):
        event.listen(one, "connect", _prepare_connection)
    return Access(engine=engine, place=place, try_lock=lambda name: _try_lock(locks, name))


def _prepare_connection(connection: Any, _record: Any) -> None:
    connection.execute(_SETTINGS)
    connection.commit()


def _try_lock(engine: Engine, name: str) -> Lock | None:
    """Take an advisory lock on a connection that is used for nothing else.

    The server releases it when that connection ends: with its process, or half a minute after its
    machine is lost. `engine` keeps no connections. Raises the driver's own errors.
    """
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection  # SQLAlchemy would connect again, without the lock
    driver.autocommit = True
    errors = engine.dialect.loaded_dbapi.Error
    key = (lock_key("lock", name),)

    def release() -> None:
        with suppress(errors):  # a connection that broke took the lock along
            driver.execute("SELECT pg_advisory_unlock(%s)", key)
        connection.close()

    def is_lost() -> bool:
        try:
            driver.execute("SELECT 1")
        except errors:
            return True
        return False

    if driver.execute("SELECT pg_try_advisory_lock(%s)", key).fetchone() == (True,):
        return Lock(release=release, is_lost=is_lost)
    connection.close()
    return None
