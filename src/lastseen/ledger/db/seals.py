"""Protection against rot: a digest on each row, and a seal over all rows of one kind.

A digest shows that a row was changed after it was written. A seal counts the rows of a kind and
adds up their digests, so that a missing row shows as well. Writers update the seal in the same
transaction, by what they added and removed; nothing ever recomputes it from damaged rows.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, Table, bindparam, select, update

from lastseen.ledger.db import schema
from lastseen.model.errors import LedgerError
from lastseen.model.sighting import EvidenceKind

_MASK = 2**62 - 1
"""Digests and their sums have 62 bits, so that the sum of two fits a database's integer."""

Seal = tuple[int, int]
"""How many rows there are of a kind, and the sum of their digests."""

EMPTY: Seal = (0, 0)
"""The seal over no rows."""

NO_PORTAL = 0
"""The portal's id for the seal over the list of portals itself."""


class Sealed(NamedTuple):
    """Rows that share one seal: one portal's rows of a table, or of one log in it."""

    table: Table
    kind: EvidenceKind | None = None

    @property
    def name(self) -> str:
        """The seal's name in the database."""
        return self.table.name if self.kind is None else f"{self.table.name}/{self.kind.value}"

    def all(self) -> Select[Any]:
        """Return the statement that reads all rows of the portal bound to `portal`."""
        statement = select(self.table)
        if "portal_id" in self.table.c:
            statement = statement.where(self.table.c.portal_id == bindparam("portal"))
        if self.kind is not None:
            statement = statement.where(self.table.c.kind == self.kind.value)
        return statement


PORTALS = Sealed(schema.portals)
ACCOUNTS = Sealed(schema.accounts)
EXEMPTIONS = Sealed(schema.exemptions)
RETENTION = Sealed(schema.retention_notes)
RUNS = Sealed(schema.runs)
UNRECOGNISED = Sealed(schema.unrecognised)
SIGHTINGS = {kind: Sealed(schema.sightings, kind) for kind in EvidenceKind}
COVERAGE = {kind: Sealed(schema.coverage, kind) for kind in EvidenceKind}

RECORDS = (ACCOUNTS, EXEMPTIONS, RETENTION, RUNS)
"""Rows that can't be read from the portal again."""

EVIDENCE = (*SIGHTINGS.values(), *COVERAGE.values(), UNRECOGNISED)
"""Rows that can be read from the portal's logs again."""


def row_digest(table: Table, values: Sequence[object]) -> int:
    """Return the digest of a row, its `values` in the order of the table's other columns."""
    return _digest(table.name, tuple(map(_plain, values)))


def _digest(name: str, values: tuple[object, ...]) -> int:
    text = repr((name, *values)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) & _MASK


def _plain(value: object) -> object:
    """Return an enum member as the database returns it: the number or the text."""
    return value.value if isinstance(value, Enum) else value


def with_digest(table: Table, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the whole row: `values` and their digest."""
    return (*values, row_digest(table, values))


def is_intact(table: Table, row: Sequence[Any]) -> bool:
    """Return whether a whole row is as it was written."""
    *values, digest = row
    return bool(_digest(table.name, tuple(values)) == digest)


def intact_rows(table: Table, rows: Sequence[Row[Any]], *, place: str) -> Sequence[Row[Any]]:
    """Return whole `rows` of a table; raises LedgerError if one was altered."""
    for row in rows:
        if not is_intact(table, row):
            raise damaged(place, f"a row of its table `{table.name}` was changed")
    return rows


def all_intact_rows(
    connection: Connection, sealed: Sealed, portal_id: int, *, place: str
) -> Sequence[Row[Any]]:
    """Return all rows of a kind; raises LedgerError if one was changed or is missing."""
    rows = connection.execute(sealed.all(), {"portal": portal_id}).all()
    intact_rows(sealed.table, rows, place=place)
    if not _matches_seal(connection, sealed, portal_id, rows):
        raise damaged(place, f"a row of its table `{sealed.table.name}` is missing")
    return rows


def damage_of(connection: Connection, sealed: Sealed, portal_id: int) -> str | None:
    """Return what is wrong with the rows of a kind, in a few words, or None."""
    return checked_rows(connection, sealed, portal_id)[1]


def checked_rows(
    connection: Connection, sealed: Sealed, portal_id: int
) -> tuple[Sequence[Row[Any]], str | None]:
    """Return all rows of a kind, and what is wrong with them as `damage_of` does."""
    rows = connection.execute(sealed.all(), {"portal": portal_id}).all()
    name = sealed.table.name
    changed = sum(_digest(name, tuple(row[:-1])) != row[-1] for row in rows)
    if changed:
        return rows, f"{sealed.name}: {changed} of {len(rows)} rows were changed"
    if not _matches_seal(connection, sealed, portal_id, rows):
        return rows, f"{sealed.name}: a row is missing, or its seal was changed"
    return rows, None


def update_seal(
    connection: Connection,
    sealed: Sealed,
    portal_id: int,
    *,
    added: Iterable[int] = (),
    removed: Iterable[int] = (),
    place: str,
) -> None:
    """Update the seal for `added` and `removed` rows; raises LedgerError."""
    came, gone = list(added), list(removed)
    if not came and not gone:
        return
    change = {
        "portal": portal_id,
        "which": sealed.name,
        "more": len(came) - len(gone),
        "sum": (sum(came) - sum(gone)) & _MASK,
    }
    if connection.execute(_UPDATE, change).rowcount != 1:
        raise damaged(place, f"the seal of its table `{sealed.table.name}` is missing")


def begin_seals(connection: Connection, portal_id: int) -> None:
    """Write the empty seals of a portal that has no rows yet."""
    new = [
        {"portal_id": portal_id, "subject": sealed.name, "rows": 0, "total": 0}
        for sealed in (*RECORDS, *EVIDENCE)
    ]
    new.append({"portal_id": portal_id, "subject": "journal", "rows": 0, "total": 0})
    connection.execute(schema.seals.insert(), new)


def replace_seal(connection: Connection, sealed: Sealed, portal_id: int) -> None:
    """Seal the current rows, which the caller has checked."""
    rows = connection.execute(sealed.all(), {"portal": portal_id}).all()
    connection.execute(
        schema.seals.delete().where(
            schema.seals.c.portal_id == portal_id, schema.seals.c.subject == sealed.name
        )
    )
    connection.execute(
        schema.seals.insert().values(
            portal_id=portal_id,
            subject=sealed.name,
            rows=len(rows),
            total=sum(row[-1] for row in rows) & _MASK,
        )
    )


def damaged(place: str, found: str) -> LedgerError:
    """Return the error for a ledger that was altered."""
    return LedgerError(
        attempted=f"reading the ledger {place}",
        found=found,
        meaning="the ledger is damaged, or something other than Lastseen changed it; decisions "
        "made from it could disable the wrong people, so nobody was changed",
        remedy="run `lastseen history --verify` to see what is damaged, and restore the ledger "
        "from a backup",
    )


def seal_of(connection: Connection, sealed: Sealed, portal_id: int) -> Seal | None:
    """Return the seal of the rows of a kind: equal if they have not changed, or None if lost."""
    seal = connection.execute(_SEAL, {"portal": portal_id, "which": sealed.name}).one_or_none()
    return None if seal is None else tuple(seal)


def seal_over(rows: Sequence[Sequence[Any]]) -> Seal:
    """Return the seal that whole `rows` should have."""
    return len(rows), sum(row[-1] for row in rows) & _MASK


def _matches_seal(
    connection: Connection, sealed: Sealed, portal_id: int, rows: Sequence[Row[Any]]
) -> bool:
    return seal_of(connection, sealed, portal_id) == seal_over(rows)


_OF_SUBJECT = (schema.seals.c.portal_id == bindparam("portal")) & (
    schema.seals.c.subject == bindparam("which")
)
_SEAL = select(schema.seals.c.rows, schema.seals.c.total).where(_OF_SUBJECT)
_UPDATE = (
    update(schema.seals)
    .where(_OF_SUBJECT)
    .values(
        rows=schema.seals.c.rows + bindparam("more"),
        total=(schema.seals.c.total + bindparam("sum")).op("&")(_MASK),
    )
)
