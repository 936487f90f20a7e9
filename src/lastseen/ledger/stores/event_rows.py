"""The rows of sightings and unrecognised events: read, compared and rewritten in one transaction.

Called inside the portal's writing transaction. Every row that a new one is compared with is
checked first: a damaged row must not hide behind an older event.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Row, bindparam, select

from lastseen.ledger.db.database import insert_into, insert_rows
from lastseen.ledger.db.schema import sightings, unrecognised
from lastseen.ledger.db.seals import (
    EMPTY,
    SIGHTINGS,
    UNRECOGNISED,
    intact_rows,
    seal_of,
    update_seal,
    with_digest,
)
from lastseen.ledger.db.timestamps import to_micros
from lastseen.ledger.scope import Scope
from lastseen.model.sighting import Event, EvidenceKind, Sighting

_AT_ONCE = 500


def keep_newest_sightings(
    connection: Connection, scope: Scope, kind: EvidenceKind, seen: Iterable[Sighting]
) -> None:
    """Keep the newest sighting of each person in a log; raises LedgerError."""
    newest: dict[str, Sighting] = {}
    for one in seen:
        known = newest.get(one.user_id)
        if known is None or (one.at, one.event_id) > (known.at, known.event_id):
            newest[one.user_id] = one
    people, place = sorted(newest), scope.database.place
    before = _kept_sightings(connection, scope, kind, people)
    rows_to_keep, replaced = [], []
    for person in people:
        one, old, at = newest[person], before.get(person), to_micros(newest[person].at)
        if old is not None and (old.at, old.event_id) >= (at, one.event_id):
            continue
        if old is not None:
            replaced.append(old.digest)
        values = (scope.portal_id, kind.value, person, at, one.event_id, one.action_id)
        rows_to_keep.append(with_digest(sightings, values))
    insert_rows(connection, _replace_sighting(scope.database.dialect), rows_to_keep)
    update_seal(
        connection,
        SIGHTINGS[kind],
        scope.portal_id,
        added=(row[-1] for row in rows_to_keep),
        removed=replaced,
        place=place,
    )


def keep_unrecognised(connection: Connection, scope: Scope, events: Sequence[Event]) -> None:
    """Keep events with an unknown action, each once; raises LedgerError."""
    new = {event.id: event for event in events}
    ids, place, known = sorted(new), scope.database.place, set()
    for start in range(0, len(ids), _AT_ONCE):
        some = {"portal": scope.portal_id, "events": ids[start : start + _AT_ONCE]}
        rows = connection.execute(_UNRECOGNISED_OF, some).all()
        known |= {row.event_id for row in intact_rows(unrecognised, rows, place=place)}
    rows_to_keep = [
        with_digest(
            unrecognised,
            (scope.portal_id, e.id, e.user_id, to_micros(e.at), e.action_id),
        )
        for e in (new[one] for one in ids if one not in known)
    ]
    insert_rows(connection, _insert_unrecognised(scope.database.dialect), rows_to_keep)
    update_seal(
        connection,
        UNRECOGNISED,
        scope.portal_id,
        added=(row[-1] for row in rows_to_keep),
        place=place,
    )


def _kept_sightings(
    connection: Connection, scope: Scope, kind: EvidenceKind, people: Sequence[str]
) -> dict[str, Row[Any]]:
    """Return the rows of those of `people` who were seen before; raises LedgerError."""
    portal_id, known = scope.portal_id, dict[str, Row[Any]]()
    if not people or seal_of(connection, SIGHTINGS[kind], portal_id) == EMPTY:
        return known
    for start in range(0, len(people), _AT_ONCE):
        some = {"portal": portal_id, "log": kind.value, "people": people[start : start + _AT_ONCE]}
        rows = connection.execute(_SIGHTINGS_OF, some).all()
        intact = intact_rows(sightings, rows, place=scope.database.place)
        known.update({row.user_id: row for row in intact})
    return known


@cache
def _replace_sighting(dialect: str) -> Insert:
    insert = insert_into(dialect, sightings)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["portal_id", "kind", "user_id"],
        set_={
            "at": new.at,
            "event_id": new.event_id,
            "action_id": new.action_id,
            "digest": new.digest,
        },
    )


@cache
def _insert_unrecognised(dialect: str) -> Insert:
    return insert_into(dialect, unrecognised)


_SIGHTINGS_OF = select(sightings).where(
    sightings.c.portal_id == bindparam("portal"),
    sightings.c.kind == bindparam("log"),
    sightings.c.user_id.in_(bindparam("people", expanding=True)),
)
_UNRECOGNISED_OF = select(unrecognised).where(
    unrecognised.c.portal_id == bindparam("portal"),
    unrecognised.c.event_id.in_(bindparam("events", expanding=True)),
)
