"""How long the portal keeps its logs, as it reports: one entry per change."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row

from lastseen.ledger.db.schema import retention_notes
from lastseen.ledger.db.seals import RETENTION, all_intact_rows, update_seal, with_digest
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.model.instant import Instant


class RetentionNote(msgspec.Struct, frozen=True, kw_only=True):
    """How long the portal keeps its logs, as it reported."""

    at: Instant
    """When it first reported so."""
    last_at: Instant
    """When it last reported so, with nothing else in between."""
    sign_in_days: int
    """Days that the sign-in log is kept."""
    trail_days: int
    """Days that the audit trail is kept."""


def note_retention(scope: Scope, *, at: Instant, sign_in_days: int, trail_days: int) -> None:
    """Add an entry if the portal reports something new, else extend the newest one.

    An entry older than the newest one is dropped. Raises LedgerError.
    """
    now, reported = to_micros(at), (sign_in_days, trail_days)
    columns = retention_notes.columns.keys()
    with scope.writing(durable=False) as connection:
        place = scope.database.place
        rows = all_intact_rows(connection, RETENTION, scope.portal_id, place=place)
        newest = max(rows, key=lambda row: row.at, default=None)
        if newest is not None and newest.last_at > now:
            return
        same = newest is not None and (newest.sign_in_days, newest.trail_days) == reported
        since = newest.at if newest is not None and same else now
        replaced = next((row for row in rows if row.at == since), None)
        if replaced is not None:
            connection.execute(
                retention_notes.delete().where(
                    retention_notes.c.portal_id == scope.portal_id, retention_notes.c.at == since
                )
            )
        new = with_digest(retention_notes, (scope.portal_id, since, now, *reported))
        connection.execute(retention_notes.insert(), dict(zip(columns, new, strict=True)))
        update_seal(
            connection,
            RETENTION,
            scope.portal_id,
            added=[new[-1]],
            removed=[] if replaced is None else [replaced.digest],
            place=place,
        )


def retention_history(scope: Scope) -> tuple[RetentionNote, ...]:
    """Return all entries, oldest first; raises LedgerError if one was changed or is missing."""
    with scope.reading() as connection:
        rows: Sequence[Row[Any]] = all_intact_rows(
            connection, RETENTION, scope.portal_id, place=scope.database.place
        )
    return tuple(
        RetentionNote(
            at=from_micros(row.at),
            last_at=from_micros(row.last_at),
            sign_in_days=row.sign_in_days,
            trail_days=row.trail_days,
        )
        for row in sorted(rows, key=lambda row: row.at)
    )
