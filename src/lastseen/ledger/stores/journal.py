"""The append-only record of what was intended and done, each entry chained to the previous one.

How entries are chained is in `hash_chain`. Anyone who can rewrite the whole ledger can forge the
whole chain; a head kept elsewhere (a receipt carries it) reveals that.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from sqlalchemy import Connection, Row, bindparam, select

from lastseen.ledger.db.database import insert_into
from lastseen.ledger.db.schema import journal, seals
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.hash_chain import (
    UNREADABLE,
    StoredEntry,
    exported,
    first_broken,
    origin,
    removed,
    sealed,
)
from lastseen.model.actor import Actor
from lastseen.model.canonical_json import canonical_json
from lastseen.model.errors import LedgerError
from lastseen.model.journal_entry import ChainViolation, EntryKind, JournalEntry

_PAGE = 500


class Journal:
    """One portal's journal. Every method may raise LedgerError."""

    def __init__(self, scope: Scope) -> None:
        """Work on one portal's rows."""
        self._scope = scope

    def append(
        self, kind: EntryKind, *, run_id: str | None, content: Mapping[str, object]
    ) -> JournalEntry:
        """Add an entry; it is on disk when this returns.

        `content` is plain JSON or what msgspec makes JSON of; it comes back as plain JSON.
        """
        with self._scope.writing() as connection:
            return self.append_within(connection, kind, run_id=run_id, content=content)

    def append_within(
        self,
        connection: Connection,
        kind: EntryKind,
        *,
        run_id: str | None,
        content: Mapping[str, object],
    ) -> JournalEntry:
        """Add an entry inside a writing transaction of the same portal."""
        if kind not in get_args(EntryKind):
            raise ValueError(f"not a kind of journal entry: {kind}")
        document = canonical_json(content)
        head = self._intact_head(connection)
        entry = sealed(
            StoredEntry(
                seq=1 if head is None else head.seq + 1,
                at=to_micros(self._scope.now()),
                kind=kind,
                run_id=run_id,
                actor=canonical_json(self._scope.actor).decode(),
                content=document.decode(),
                previous_hash=origin(self._scope.journal_origin) if head is None else head.hash,
                hash="",
            )
        )
        row = {"portal_id": self._scope.portal_id, **entry._asdict()}
        connection.execute(journal.insert(), row)
        self._seal(connection, entry)
        return _entry(entry)

    def entries(self, run_id: str | None = None) -> Iterator[JournalEntry]:
        """Yield the entries, oldest first; only one run's where `run_id` is given.

        Raises LedgerError on an entry that can't be read.
        """
        for row in self._rows(run_id):
            try:
                entry = _entry(row)
            except UNREADABLE as error:
                raise self._unreadable(row, error) from None
            yield entry

    def head(self) -> str | None:
        """Return the newest entry's hash, or None."""
        with self._scope.reading() as connection:
            row = connection.execute(_HEAD, {"portal": self._scope.portal_id}).one_or_none()
        return None if row is None else str(row.hash)

    def verify(self, expected_head: str | None = None) -> ChainViolation | None:
        """Check the whole chain and return the first entry that is wrong, or None.

        `expected_head` is a hash that was the newest entry's at some time (a receipt's
        `journal_head`): without it a removed tail goes unnoticed. Memory use does not grow with
        the journal.
        """
        return first_broken(
            self._rows(), origin(self._scope.journal_origin), expected_head=expected_head
        )

    def export(self) -> Iterator[bytes]:
        """Yield each entry as a line of canonical JSON, oldest first, ending in a newline.

        The hash is made over the line without its `hash`. Raises
        LedgerError on an entry that can't be read.
        """
        for row in self._rows():
            try:
                line = exported(row)
            except UNREADABLE as error:
                raise self._unreadable(row, error) from None
            yield line + b"\n"

    def damage(self) -> ChainViolation | None:
        """Check the whole chain, and that its newest entry is the last one written."""
        broken = self.verify()
        if broken is not None:
            return broken
        with self._scope.reading() as connection:
            seal, head = self._seal_and_head(connection)
        if _is_newest(head, seal):
            return None
        return removed(1 if head is None else head.seq + 1)

    def _intact_head(self, connection: Connection) -> Row[Any, Any] | None:
        """Return the newest entry's number and hash; raises LedgerError if it isn't the last.

        Whatever was appended to a damaged journal would hide the damage.
        """
        seal, head = self._seal_and_head(connection)
        if not _is_newest(head, seal):
            raise self._scope.damaged("the newest entry of its journal was changed or is missing")
        return head

    def _seal_and_head(
        self, connection: Connection
    ) -> tuple[Row[Any, Any] | None, Row[Any, Any] | None]:
        which = {"portal": self._scope.portal_id}
        seal: Row[Any, Any] | None = connection.execute(_SEAL, which).one_or_none()
        head: Row[Any, Any] | None = connection.execute(_HEAD, which).one_or_none()
        return seal, head

    def _seal(self, connection: Connection, entry: StoredEntry) -> None:
        """Record which entry is the newest, so that a removed tail is noticed."""
        new = {
            "portal_id": self._scope.portal_id,
            "subject": journal.name,
            "rows": entry.seq,
            "total": _head_number(entry.hash),
        }
        connection.execute(
            insert_into(self._scope.database.dialect, seals)
            .values(new)
            .on_conflict_do_update(index_elements=["portal_id", "subject"], set_=new)
        )

    def _rows(self, run_id: str | None = None) -> Iterator[StoredEntry]:
        statement = _NEXT if run_id is None else _NEXT_OF_RUN
        seq = -(2**62)  # a number below 1 was never written: it has to come up too
        while True:
            which = {"portal": self._scope.portal_id, "after": seq, "run": run_id}
            with self._scope.reading() as connection:
                rows = connection.execute(statement, which).all()
            yield from map(StoredEntry._make, rows)
            if len(rows) < _PAGE:
                return
            seq = rows[-1].seq

    def _unreadable(self, row: StoredEntry, error: Exception) -> LedgerError:
        return LedgerError(
            attempted=f"reading the journal of {self._scope.url}",
            found=f"entry {row.seq} can't be read ({error})",
            meaning="it was altered after it was written, or the ledger is damaged",
            remedy="run `lastseen history --verify`; restore the ledger from a backup",
        )


def _is_newest(head: Row[Any, Any] | None, seal: Row[Any, Any] | None) -> bool:
    """Return whether `head` is the last entry written, according to the seal."""
    if seal is None:
        return False
    if head is None:
        return tuple(seal) == (0, 0)
    return isinstance(head.hash, str) and tuple(seal) == (head.seq, _head_number(head.hash))


def _head_number(hash_: str) -> int:
    """Return a hash as a number that a database can store; -1 if it is not a hash."""
    try:
        return int(hash_[:15], 16)
    except ValueError:
        return -1


def _entry(row: StoredEntry) -> JournalEntry:
    return JournalEntry(
        seq=row.seq,
        at=from_micros(row.at),
        kind=row.kind,
        run_id=row.run_id,
        by=msgspec.json.decode(row.actor, type=Actor),
        content=msgspec.json.decode(row.content, type=dict[str, object]),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


_OF_PORTAL = journal.c.portal_id == bindparam("portal")
_HEAD = (
    select(journal.c.seq, journal.c.hash).where(_OF_PORTAL).order_by(journal.c.seq.desc()).limit(1)
)
_NEXT = (
    select(*(journal.c[name] for name in StoredEntry._fields))
    .where(_OF_PORTAL, journal.c.seq > bindparam("after"))
    .order_by(journal.c.seq)
    .limit(_PAGE)
)
_NEXT_OF_RUN = _NEXT.where(journal.c.run_id == bindparam("run"))
_SEAL = select(seals.c.rows, seals.c.total).where(
    seals.c.portal_id == bindparam("portal"), seals.c.subject == journal.name
)
