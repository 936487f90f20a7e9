"""Finds damage in a portal's part of the ledger, beyond what reading a single row shows."""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, select

from lastseen.ledger.db import schema, seals
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.journal import Journal
from lastseen.model.errors import LedgerError


def check_before_changes(scope: Scope, journal: Journal) -> None:
    """Raise LedgerError unless everything but the evidence is intact.

    Called before anyone's access changes. Evidence is checked when a log is opened: damaged
    evidence can be read from the portal again.
    """
    with scope.reading() as connection:
        found = [*_storage(connection, scope), *_records(connection, scope)]
    broken = journal.damage() if not found else None
    if broken is not None:
        found.append(f"journal: {broken.explanation}")
    if found:
        raise _stopped(scope, found)


def damage_of(scope: Scope) -> tuple[str, ...]:
    """Return everything damaged apart from the journal, a few words each.

    Raises LedgerError if the database can't be read at all.
    """
    with scope.reading() as connection:
        return (
            *_storage(connection, scope),
            *_records(connection, scope),
            *_sealed(connection, scope, seals.EVIDENCE),
            *_documents(connection, scope, schema.plans),
            *_documents(connection, scope, schema.receipts),
        )


def _storage(connection: Connection, scope: Scope) -> list[str]:
    """Return what SQLite's own check finds; PostgreSQL has none that every user may run."""
    if scope.database.dialect != "sqlite":
        return []
    found = connection.exec_driver_sql("PRAGMA integrity_check(3)").scalars().all()
    return [] if found == ["ok"] else [f"file: {' '.join(str(one).split())}" for one in found]


def _records(connection: Connection, scope: Scope) -> Iterator[str]:
    portals = seals.damage_of(connection, seals.PORTALS, seals.NO_PORTAL)
    if portals is not None:
        yield portals
    yield from _sealed(connection, scope, seals.RECORDS)


def _sealed(connection: Connection, scope: Scope, kinds: tuple[seals.Sealed, ...]) -> Iterator[str]:
    for sealed in kinds:
        found = seals.damage_of(connection, sealed, scope.portal_id)
        if found is not None:
            yield found


def _documents(connection: Connection, scope: Scope, table: Table) -> Iterator[str]:
    """Check documents one by one: a year of plans doesn't fit in memory."""
    run_ids = connection.execute(
        select(table.c.run_id).where(table.c.portal_id == scope.portal_id)
    ).scalars()
    for run_id in run_ids.all():
        row = connection.execute(
            select(table).where(table.c.portal_id == scope.portal_id, table.c.run_id == run_id)
        ).one_or_none()
        if row is None or not seals.is_intact(table, row):
            yield f"{table.name}: the document of run {run_id} was changed"


def _stopped(scope: Scope, found: list[str]) -> LedgerError:
    shown = "; ".join(found[:3]) + ("; …" if len(found) > 3 else "")
    return seals.damaged(scope.database.place, shown)
