"""The rows of coverage: which intervals of a log are known to be complete, and how they merge.

Rows of one log and person never touch. They are read and rewritten inside the portal's writing
transaction, so that two processes can't undo each other's merging.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from lastseen.ledger.db.schema import coverage
from lastseen.ledger.db.seals import COVERAGE, intact_rows, replace_seal, row_digest, update_seal
from lastseen.ledger.scope import Scope
from lastseen.model.counting import counted
from lastseen.model.instant import Instant
from lastseen.model.sighting import EvidenceKind

WHOLE_PORTAL = ""
"""The person's id for coverage of the whole portal's log."""

_AT_ONCE = 500
_PROOFS = 400
"""How many readings a row keeps: a year of daily reviews."""
_AFTER_BEGINNING = ": "


class CoverageRow(msgspec.Struct, frozen=True, kw_only=True):
    """An interval for which a log is known to be complete; instants in microseconds."""

    since: int
    """The first instant inside."""
    until: int
    """The first instant after it."""
    events: int
    """How many of its events were read."""
    proof: str
    """The readings that prove it: a `proof_line` each, oldest first."""
    first_recorded: int
    """When any part of it was first recorded."""
    last_recorded: int
    """When it was last extended."""


def cover(
    connection: Connection,
    scope: Scope,
    kind: EvidenceKind,
    stretches: Mapping[str, Sequence[CoverageRow]],
) -> None:
    """Add intervals of one log, by person or `WHOLE_PORTAL`, in a writing transaction."""
    log = {"portal": scope.portal_id, "log": kind.value}
    people = sorted(stretches)
    known: dict[str, list[CoverageRow]] = {person: [] for person in people}
    digests: dict[tuple[str, int], int] = {}
    place = scope.database.place
    for start in range(0, len(people), _AT_ONCE):
        some = {**log, "people": people[start : start + _AT_ONCE]}
        rows = connection.execute(_KNOWN, some).all()
        for row in intact_rows(coverage, rows, place=place):
            known[row.user_id].append(CoverageRow(**{name: getattr(row, name) for name in _FIELDS}))
            digests[row.user_id, row.since] = row.digest
    gone: list[dict[str, object]] = []
    come: list[dict[str, object]] = []
    removed, added = [], []
    for person in people:
        before, after = set(known[person]), set(merged(known[person], stretches[person]))
        for old in before - after:
            gone.append({**log, "person": person, "start": old.since})
            removed.append(digests[person, old.since])
        for new in after - before:
            values = (scope.portal_id, kind.value, person, *msgspec.structs.astuple(new))
            added.append(row_digest(coverage, values))
            come.append(dict(zip(_NAMES, (*values, added[-1]), strict=True)))
    if gone:
        connection.execute(_FORGET, gone)
    if come:
        connection.execute(coverage.insert(), come)
    update_seal(
        connection, COVERAGE[kind], scope.portal_id, added=added, removed=removed, place=place
    )


def forget_coverage(connection: Connection, scope: Scope, kind: EvidenceKind) -> None:
    """Remove the coverage of a log, in a writing transaction."""
    connection.execute(_FORGET_LOG, {"portal": scope.portal_id, "log": kind.value})
    replace_seal(connection, COVERAGE[kind], scope.portal_id)


def merged(known: Iterable[CoverageRow], new: Iterable[CoverageRow]) -> tuple[CoverageRow, ...]:
    """Return `known` and `new` together, oldest first, joined where they touch or overlap.

    The rows in `known` are disjoint and don't touch, and neither do those returned.
    """
    stretches = sorted(known, key=_since)
    for one in new:
        first = bisect_left(stretches, one.since, key=_until)
        behind = bisect_right(stretches, one.until, key=_since)
        stretches[first:behind] = [_joined(stretches[first:behind], one)]
    return tuple(stretches)


def proof_line(begun_at: Instant, text: str) -> str:
    """Return the proof of one reading; a later line with the same start replaces it."""
    return f"{begun_at:%Y-%m-%d %H:%M:%S} UTC{_AFTER_BEGINNING}{text}"


def proof_in_words(proof: str) -> str:
    """Return a row's proof on one line: its first and newest reading, and how many between."""
    lines = proof.splitlines()
    if len(lines) <= 2:
        return "; ".join(lines)
    between = len(lines) - 2
    return f"first read {lines[0]}. Then {counted(between, 'time')} more. Last read {lines[-1]}"


def _joined_proofs(parts: Iterable[CoverageRow]) -> str:
    """Return the proofs of `parts`, given in recording order, one line per reading."""
    lines: dict[str, str] = {}
    for part in parts:
        for line in part.proof.splitlines():
            lines[line.partition(_AFTER_BEGINNING)[0]] = line
    # By their beginnings, which sort as text: parts that touch may hold readings in turns.
    return "\n".join([lines[beginning] for beginning in sorted(lines)][-_PROOFS:])


def _joined(near: Sequence[CoverageRow], new: CoverageRow) -> CoverageRow:
    """Return `new` joined with the rows that touch it.

    Event counts are added if intervals only touch. If they overlap, events may have been counted
    twice, so the larger number is kept. The proofs of all parts are kept.
    """
    parts = (*near, new)
    overlapping = [old for old in near if old.since < new.until and new.since < old.until]
    apart = sum(old.events for old in near) - sum(old.events for old in overlapping)
    newest = max(reversed(parts), key=lambda stretch: stretch.last_recorded)
    return CoverageRow(
        since=min(part.since for part in parts),
        until=max(part.until for part in parts),
        events=apart + max(new.events, sum(old.events for old in overlapping)),
        proof=_joined_proofs(sorted(parts, key=lambda part: part.last_recorded)),
        first_recorded=min(part.first_recorded for part in parts),
        last_recorded=newest.last_recorded,
    )


_since = attrgetter("since")
_until = attrgetter("until")
_FIELDS = tuple(field.name for field in msgspec.structs.fields(CoverageRow))
_OF_LOG = (coverage.c.portal_id == bindparam("portal")) & (coverage.c.kind == bindparam("log"))

COVERAGE_OF_ONE = (
    select(coverage)
    .where(_OF_LOG, coverage.c.user_id == bindparam("person"))
    .order_by(coverage.c.since)
)
"""Rows of one log and `person`, oldest first."""

COVERAGE_OF_PEOPLE = (
    select(coverage)
    .where(_OF_LOG, coverage.c.user_id != WHOLE_PORTAL)
    .order_by(coverage.c.user_id, coverage.c.since)
)
"""Rows of one log about single people, by person, oldest first."""

_NAMES = coverage.columns.keys()
_KNOWN = select(coverage).where(
    _OF_LOG, coverage.c.user_id.in_(bindparam("people", expanding=True))
)
_FORGET = delete(coverage).where(
    _OF_LOG, coverage.c.user_id == bindparam("person"), coverage.c.since == bindparam("start")
)
_FORGET_LOG = delete(coverage).where(_OF_LOG)
