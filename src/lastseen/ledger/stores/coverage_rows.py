"""The rows of coverage: which intervals of a log are known to be complete, and how they merge.

Rows of one log and person never touch. They are read and rewritten inside the portal's writing
transaction, so that two processes can't undo each other's merging.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from lastseen.ledger.db.schema import coverage
from lastseen.ledger.scope import Scope
from lastseen.model.sighting import EvidenceKind

WHOLE_PORTAL = ""
"""Stands for the person where coverage is of the whole portal's stream."""

_AT_ONCE = 500


class CoverageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time for which a log is known to be complete; instants as stamps."""

    since: int
    """The first instant inside."""
    until: int
    """The first instant after it."""
    events: int
    """How many events were read in it."""
    proof: str
    """What was read last to prove it."""
    first_recorded: int
    """When any part of it was first recorded."""
    last_recorded: int
    """When it was last added to."""


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


def merged(known: Iterable[CoverageRow], new: Iterable[CoverageRow]) -> tuple[CoverageRow, ...]:
    """Return `known` and `new` together, oldest first, joined where they touch or overlap.

    `known` are disjoint and don't touch, and so is what comes out.
    """
    stretches = list(known)
    for one in new:
        apart = [old for old in stretches if old.until < one.since or one.until < old.since]
        near = [old for old in stretches if old.until >= one.since and one.until >= old.since]
        stretches = [*apart, _joined(near, one)]
    return tuple(sorted(stretches, key=lambda stretch: stretch.since))


def _joined(near: Sequence[CoverageRow], new: CoverageRow) -> CoverageRow:
    """Return `new` joined with what touches it.

    Events are added up where stretches only touch; where they overlap the same events may have
    been counted twice, and the larger number stands. The newest recording gives the proof.
    """
    parts = (*near, new)
    overlapping = [old for old in near if old.since < new.until and new.since < old.until]
    apart = sum(old.events for old in near) - sum(old.events for old in overlapping)
    newest = max(reversed(parts), key=lambda stretch: stretch.last_recorded)
    return CoverageRow(
        since=min(part.since for part in parts),
        until=max(part.until for part in parts),
        events=apart + max(new.events, sum(old.events for old in overlapping)),
        proof=newest.proof,
        first_recorded=min(part.first_recorded for part in parts),
        last_recorded=newest.last_recorded,
    )


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
