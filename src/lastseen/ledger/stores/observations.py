"""What the portal said of itself over time, one note for each change."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Table, select

from lastseen.ledger.db.database import insert_into
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.model.instant import Instant


class RetentionNote(msgspec.Struct, frozen=True, kw_only=True):
    """For how long the portal said it keeps its logs."""

    at: Instant
    """When it was said first."""
    last_at: Instant
    """When it was said last, without another word in between."""
    sign_in_days: int
    """Days that the sign-in log is kept."""
    trail_days: int
    """Days that the audit trail is kept."""


class FilterNote(msgspec.Struct, frozen=True, kw_only=True):
    """How the portal was found to treat filters of the sign-in log."""

    at: Instant
    """When it was found first."""
    last_at: Instant
    """When it was found last, without another finding in between."""
    mode: str
    """`before-window`, `after-window` or `ignored`."""


def note_change(scope: Scope, table: Table, *, at: Instant, said: Mapping[str, Any]) -> None:
    """Enter what was `said` at `at` when it differs from the newest note, else extend that one.

    A note that comes late, behind a newer one, is dropped.
    """
    now = to_micros(at)
    of_portal = table.c.portal_id == scope.portal_id
    with scope.writing(durable=False) as connection:
        newest = connection.execute(
            select(table).where(of_portal).order_by(table.c.at.desc()).limit(1)
        ).one_or_none()
        if newest is not None and newest.last_at > now:
            return
        if newest is not None and said.items() <= dict(newest._mapping).items():
            connection.execute(
                table.update().where(of_portal, table.c.at == newest.at).values(last_at=now)
            )
            return
        row = {"portal_id": scope.portal_id, "at": now, "last_at": now, **said}
        connection.execute(
            insert_into(scope.database.dialect, table)
            .values(row)
            .on_conflict_do_update(index_elements=["portal_id", "at"], set_=dict(said))
        )


def noted(scope: Scope, table: Table) -> list[dict[str, Any]]:
    """Return all notes, oldest first: `at` and `last_at` as instants, and what was said."""
    with scope.reading() as connection:
        rows = connection.execute(
            select(table).where(table.c.portal_id == scope.portal_id).order_by(table.c.at)
        ).all()
    notes = []
    for row in rows:
        fields = dict(row._mapping)
        del fields["portal_id"]
        at, last_at = from_micros(fields["at"]), from_micros(fields["last_at"])
        notes.append({**fields, "at": at, "last_at": last_at})
    return notes
