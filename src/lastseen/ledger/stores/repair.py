"""Drops damaged evidence of a log, so that it is read from the portal again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from lastseen.ledger.db.seals import (
    COVERAGE,
    SIGHTINGS,
    UNRECOGNISED,
    Sealed,
    checked_rows,
    damage_of,
    is_intact,
    replace_seal,
)
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.coverage_rows import forget_coverage
from lastseen.model.sighting import EvidenceKind


class Checked(NamedTuple):
    """What a check of a log's evidence found."""

    damage: str | None
    """What was wrong, in a few words."""
    sightings: Sequence[Row[Any]]
    """The log's sightings; only good if nothing was wrong."""


def drop_damaged_evidence(scope: Scope, kind: EvidenceKind) -> Checked:
    """Drop damaged rows of a log, and all its coverage if there are any; raises LedgerError."""
    parts = _parts(kind)
    with scope.reading() as connection:
        checked = [checked_rows(connection, part, scope.portal_id) for part in parts]
    found = [damage for _, damage in checked]
    if not any(found):
        return Checked(None, checked[0][0])
    with scope.writing() as connection:
        for part in parts:
            if damage_of(connection, part, scope.portal_id) is None:
                continue
            if part is not COVERAGE[kind]:
                _drop_damaged_rows(connection, scope, part)
        forget_coverage(connection, scope, kind)
    return Checked("; ".join(one for one in found if one), ())


def _parts(kind: EvidenceKind) -> tuple[Sealed, ...]:
    """Return the rows that a log's coverage depends on; only the sign-in log has unknown events."""
    if kind is EvidenceKind.SIGN_IN:
        return SIGHTINGS[kind], COVERAGE[kind], UNRECOGNISED
    return SIGHTINGS[kind], COVERAGE[kind]


def _drop_damaged_rows(connection: Connection, scope: Scope, part: Sealed) -> None:
    """Rewrite the intact rows of a kind and drop the others.

    A damaged row can't be found by its key, which may be damaged too.
    """
    rows = connection.execute(part.all(), {"portal": scope.portal_id}).all()
    kept = [row for row in rows if is_intact(part.table, row)]
    which = part.table.c.portal_id == scope.portal_id
    if part.kind is not None:
        which &= part.table.c.kind == part.kind.value
    connection.execute(part.table.delete().where(which))
    if kept:
        names = part.table.columns.keys()
        connection.execute(
            part.table.insert(), [dict(zip(names, row, strict=True)) for row in kept]
        )
    replace_seal(connection, part, scope.portal_id)
