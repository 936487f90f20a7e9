"""The revision of a database's schema: reading it, and bringing it up to date.

Alembic is slow to import and large, so the revision is read in plain SQL, a new SQLite file is made
without it, and it is only met when there is something to bring up to date.
"""

from sqlalchemy import Connection

from lastseen.ledger.db.database import Database
from lastseen.ledger.db.schema import ABANDONED_REVISIONS, REVISIONS, metadata
from lastseen.model.errors import LedgerError


def bring_up_to_date(database: Database) -> None:
    """Create or upgrade the schema to this version; several processes may do so at once.

    Raises LedgerError if the schema is from a newer version or another program.
    """
    with database.reading() as connection:
        revision = _revision(connection, database)
    if revision == REVISIONS[-1]:
        return
    with database.writing("schema") as connection:
        revision = _revision(connection, database)
        if revision is None and connection.dialect.name == "sqlite":
            _make(connection)
        elif revision != REVISIONS[-1]:
            from lastseen.ledger.db.migrations.upgrade import upgrade

            upgrade(connection, REVISIONS[-1])


def refuse_newer(database: Database) -> None:
    """Raise LedgerError if the database has a schema that this version doesn't know."""
    with database.reading() as connection:
        _revision(connection, database)


def _make(connection: Connection) -> None:
    """Create every table at once, and record the revision as Alembic does.

    See "Building an Up to Date Database from Scratch" in Alembic's cookbook.
    """
    metadata.create_all(connection)
    connection.exec_driver_sql(_VERSION_TABLE)
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (REVISIONS[-1],))


def _revision(connection: Connection, database: Database) -> str | None:
    tables = set(connection.exec_driver_sql(_TABLES[connection.dialect.name]).scalars())
    if "alembic_version" not in tables:
        if tables:
            raise _foreign(database.place)
        return None
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision is None and tables != {"alembic_version"}:
        raise LedgerError(
            attempted=f"opening the ledger {database.place}",
            found="it has the tables, but not the record of their revision",
            meaning="the ledger is damaged; nobody was changed",
            remedy="restore it from a backup, or name another place in [ledger] url; a new ledger "
            "has no past runs and no exemptions",
        )
    if revision in ABANDONED_REVISIONS:
        raise LedgerError(
            attempted=f"opening the ledger {database.place}",
            found=f"its schema is revision {revision}, from before the first release",
            meaning="this version can't check the digests of its journal and plans",
            remedy="keep it as a record and name another place in [ledger] url; exemptions have "
            "to be added again, and the next review reads the portal's logs again",
        )
    if revision is not None and revision not in REVISIONS:
        raise LedgerError(
            attempted=f"opening the ledger {database.place}",
            found=f"its schema is revision {revision}, this version knows up to {REVISIONS[-1]}",
            meaning="a newer version of Lastseen created or opened the ledger",
            remedy="install that version or a newer one, or name another place in [ledger] url",
        )
    return revision


def _foreign(place: str) -> LedgerError:
    return LedgerError(
        attempted=f"opening the ledger {place}",
        found="the database has tables, but not the ledger's",
        meaning="it belongs to another program; Lastseen does not touch it",
        remedy="name another place in [ledger] url",
    )


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'lastseen'",
}

_VERSION_TABLE = """
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
"""
"""As Alembic creates it."""
