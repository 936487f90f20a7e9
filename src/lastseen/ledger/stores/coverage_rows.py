"""The rows of coverage: which stretches of a log are known to be complete.

Rows of one log and person never touch. Whoever adds to them reads them inside the portal's
writing transaction, so that two processes can't undo each other's joining.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from lastseen.ledger.db.schema import coverage
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.coverage_merging import CoverageRow, merged
from lastseen.model.sighting import EvidenceKind

WHOLE_PORTAL = ""
"""Stands for the person where coverage is of the whole portal's stream."""

_AT_ONCE = 500


def cover(
    connection: Connection,
    scope: Scope,
    kind: EvidenceKind,
    stretches: Mapping[str, Sequence[CoverageRow]],
) -> None:
    """Add stretches of one log, by person or `WHOLE_PORTAL`, inside a writing transaction."""
    log = {"portal": scope.portal_id, "log": kind.value}
    people = sorted(stretches)
    known: dict[str, list[CoverageRow]] = {person: [] for person in people}
    for start in range(0, len(people), _AT_ONCE):
        some = {**log, "people": people[start : start + _AT_ONCE]}
        for user_id, *fields in connection.execute(_KNOWN, some):
            known[user_id].append(CoverageRow(**dict(zip(_FIELDS, fields, strict=True))))
    gone, come = [], []
    for person in people:
        before, after = set(known[person]), set(merged(known[person], stretches[person]))
        gone += [{**log, "person": person, "start": old.since} for old in before - after]
        come += [
            {
                "portal_id": scope.portal_id,
                "kind": kind.value,
                "user_id": person,
                **msgspec.structs.asdict(new),
            }
            for new in after - before
        ]
    if gone:
        connection.execute(_FORGET, gone)
    if come:
        connection.execute(coverage.insert(), come)


_FIELDS = tuple(field.name for field in msgspec.structs.fields(CoverageRow))
_OF_LOG = (coverage.c.portal_id == bindparam("portal")) & (coverage.c.kind == bindparam("log"))

COVERAGE_OF_ONE = (
    select(coverage)
    .where(_OF_LOG, coverage.c.user_id == bindparam("person"))
    .order_by(coverage.c.since)
)
"""Rows of one log and `person`, oldest first."""

COVERAGE_OF_PEOPLE = (
    select(coverage.c.user_id, coverage.c.since, coverage.c.until)
    .where(_OF_LOG, coverage.c.user_id != WHOLE_PORTAL)
    .order_by(coverage.c.user_id, coverage.c.since)
)
"""Person, beginning and end of all rows of one log that are of single people."""

_KNOWN = select(coverage.c.user_id, *(coverage.c[name] for name in _FIELDS)).where(
    _OF_LOG, coverage.c.user_id.in_(bindparam("people", expanding=True))
)
_FORGET = delete(coverage).where(
    _OF_LOG, coverage.c.user_id == bindparam("person"), coverage.c.since == bindparam("start")
)
