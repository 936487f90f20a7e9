"""The append-only record of what was intended and done, each entry chained to the previous one.

How entries are chained is in `hash_chain`. Anyone who can rewrite the whole ledger can forge the
whole chain; a head kept elsewhere (a receipt carries it) reveals that.
"""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from sqlalchemy import Connection, bindparam, select

from lastseen.ledger.db.schema import journal
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.hash_chain import (
    UNREADABLE,
    StoredEntry,
    exported,
    first_broken,
    origin,
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
        self, kind: EntryKind, *, run_id: str | None, content: dict[str, Any]
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
        content: dict[str, Any],
    ) -> JournalEntry:
        """Add an entry inside a writing transaction of the same portal."""
        if kind not in get_args(EntryKind):
            raise ValueError(f"not a kind of journal entry: {kind}")
        said = canonical_json(content)
        head = connection.execute(_HEAD, {"portal": self._scope.portal_id}).one_or_none()
        entry = sealed(
            StoredEntry(
                seq=1 if head is None else head.seq + 1,
                at=to_micros(self._scope.now()),
                kind=kind,
                run_id=run_id,
                actor=canonical_json(self._scope.actor).decode(),
                content=said.decode(),
                previous_hash=origin(self._scope.url) if head is None else head.hash,
                hash="",
            )
        )
        row = {"portal_id": self._scope.portal_id, **entry._asdict()}
        connection.execute(journal.insert(), row)
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
        """Return the newest entry's hash, or None when there is none."""
        with self._scope.reading() as connection:
            row = connection.execute(_HEAD, {"portal": self._scope.portal_id}).one_or_none()
        return None if row is None else str(row.hash)

    def verify(self, expected_head: str | None = None) -> ChainViolation | None:
        """Check the whole chain and return the first entry that is wrong, or None.

        `expected_head` is a hash that was the newest entry's at some time (a receipt's
        `journal_head`): without it a removed tail can't be told. Memory use does not grow with
        the journal.
        """
        return first_broken(self._rows(), origin(self._scope.url), expected_head=expected_head)

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
            meaning="it was changed after it was written, or the ledger is damaged",
            remedy="run `lastseen history --verify`; bring the ledger back from a backup",
        )


def _entry(row: StoredEntry) -> JournalEntry:
    return JournalEntry(
        seq=row.seq,
        at=from_micros(row.at),
        kind=row.kind,
        run_id=row.run_id,
        by=msgspec.json.decode(row.actor, type=Actor),
        content=msgspec.json.decode(row.content, type=dict[str, Any]),
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
