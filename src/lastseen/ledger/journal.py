"""The append-only record of what was intended and done, each entry sealed by the one before.

An entry's hash is SHA-256 over the canonical JSON of its other fields, the hash of the entry
before among them; the first follows a hash of the portal's address. Who can rewrite the whole
ledger can forge the whole chain: a head kept elsewhere (a receipt carries it) reveals that.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import Connection, bindparam, select

from lastseen.errors import LedgerError
from lastseen.instant import Instant
from lastseen.ledger.actor import Actor
from lastseen.ledger.schema import journal
from lastseen.ledger.scope import Scope
from lastseen.ledger.stamps import stamp, stamped
from lastseen.plan import canonical_json

EntryKind = Literal["intent", "outcome", "undo", "exemption", "configuration", "review"]
"""What an entry is about."""

_PAGE = 500


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the journal."""

    seq: int
    """Its number: 1 for the first, without gaps."""
    at: Instant
    """When it was written."""
    kind: str
    """What it is about (`EntryKind`)."""
    run_id: str | None
    """The run that it belongs to."""
    by: Actor
    """Who wrote it."""
    content: dict[str, Any]
    """What it says: JSON."""
    previous_hash: str
    """Hash of the entry before; for the first one of the portal's address."""
    hash: str
    """SHA-256 in hex over the canonical JSON of all other fields."""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """Where a journal is not what was written."""

    seq: int
    """The number of the first entry that is wrong."""
    problem: Literal["changed", "removed", "inserted"]
    """What was done to it."""
    explanation: str
    """One sentence for people."""


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
        said = msgspec.json.decode(canonical_json(msgspec.to_builtins(content, str_keys=True)))
        head = connection.execute(_HEAD, {"portal": self._scope.portal_id}).one_or_none()
        entry = JournalEntry(
            seq=1 if head is None else head.seq + 1,
            at=self._scope.now(),
            kind=kind,
            run_id=run_id,
            by=self._scope.actor,
            content=said,
            previous_hash=self._origin if head is None else head.hash,
            hash="",
        )
        entry = msgspec.structs.replace(entry, hash=_hash(entry))
        row = {
            "portal_id": self._scope.portal_id,
            "seq": entry.seq,
            "at": stamp(entry.at),
            "kind": entry.kind,
            "run_id": entry.run_id,
            "actor": canonical_json(entry.by).decode(),
            "content": canonical_json(said).decode(),
            "previous_hash": entry.previous_hash,
            "hash": entry.hash,
        }
        connection.execute(journal.insert(), row)
        return entry

    def entries(self, run_id: str | None = None) -> Iterator[JournalEntry]:
        """Yield the entries, oldest first; only one run's where `run_id` is given.

        Raises LedgerError on an entry that can't be read.
        """
        for row in self._rows(run_id):
            try:
                yield _entry(row)
            except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
                raise LedgerError(
                    attempted=f"reading the journal of {self._scope.url}",
                    found=f"entry {row.seq} can't be read ({error})",
                    meaning="it was changed after it was written, or the ledger is damaged",
                    remedy="run `lastseen history --verify`; bring the ledger back from a backup",
                ) from None

    def head(self) -> str | None:
        """Return the newest entry's hash, or None when there is none."""
        with self._scope.reading() as connection:
            row = connection.execute(_HEAD, {"portal": self._scope.portal_id}).one_or_none()
        return None if row is None else str(row.hash)

    def verify(self, expected_head: str | None = None) -> Broken | None:
        """Check the whole chain and return the first entry that is wrong, or None.

        `expected_head` is a hash that was the newest entry's at some time (a receipt's
        `journal_head`): without it a removed tail can't be told. Memory use does not grow with
        the journal.
        """
        return _first_broken(self._rows(), self._origin, expected_head)

    def export(self) -> Iterator[bytes]:
        """Yield each entry as a line of canonical JSON, oldest first, ending in a newline."""
        for entry in self.entries():
            yield canonical_json(entry) + b"\n"

    @property
    def _origin(self) -> str:
        return sha256(f"lastseen.journal/1 {self._scope.url}".encode()).hexdigest()

    def _rows(self, run_id: str | None = None) -> Iterator[Any]:
        statement = _NEXT if run_id is None else _NEXT_OF_RUN
        seq = -(2**62)  # a number below 1 was never written: it has to come up too
        while True:
            which = {"portal": self._scope.portal_id, "after": seq, "run": run_id}
            with self._scope.reading() as connection:
                rows = connection.execute(statement, which).all()
            yield from rows
            if len(rows) < _PAGE:
                return
            seq = rows[-1].seq


def _first_broken(rows: Iterator[Any], origin: str, expected_head: str | None) -> Broken | None:
    before, previous, seq = "", origin, 0
    met = expected_head is None
    for row in rows:
        seq += 1
        if row.seq != seq:
            between = not isinstance(row.seq, int) or row.seq < seq
            return _broken(seq, "inserted" if between else "removed")
        if _seal(row, seq) != row.hash:
            if _seal(row, seq - 1) == row.hash != previous and row.previous_hash == before:
                return _broken(seq - 1, "inserted")
            return _broken(seq, "removed" if _seal(row, seq + 1) == row.hash else "changed")
        if row.previous_hash != previous:
            following = next(rows, None)
            itself = seq == 1 or (following and following.previous_hash != row.hash)
            return _broken(seq if itself else seq - 1, "changed")
        before, previous = previous, row.hash
        met = met or row.hash == expected_head
    return None if met else _broken(seq + 1, "removed")


def _broken(seq: int, problem: Literal["changed", "removed", "inserted"]) -> Broken:
    explanation = {
        "changed": f"entry {seq} is not what was written",
        "removed": f"entry {seq} is missing",
        "inserted": f"entry {seq} was put in afterwards",
    }
    return Broken(seq=seq, problem=problem, explanation=explanation[problem])


def _seal(row: Any, seq: int) -> str | None:
    """Return the hash of a stored entry under the number `seq`; None for what never was written."""
    try:
        entry = _entry(row)
        written = (canonical_json(entry.by).decode(), canonical_json(entry.content).decode())
        if written != (row.actor, row.content) or stamp(entry.at) != row.at:
            return None
        return _hash(msgspec.structs.replace(entry, seq=seq))
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
        return None


def _entry(row: Any) -> JournalEntry:
    return JournalEntry(
        seq=row.seq,
        at=stamped(row.at),
        kind=row.kind,
        run_id=row.run_id,
        by=msgspec.json.decode(row.actor, type=Actor),
        content=msgspec.json.decode(row.content, type=dict[str, Any]),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def _hash(entry: JournalEntry) -> str:
    fields = msgspec.to_builtins(entry)
    del fields["hash"]
    return sha256(canonical_json(fields)).hexdigest()


_OF_PORTAL = journal.c.portal_id == bindparam("portal")
_HEAD = (
    select(journal.c.seq, journal.c.hash).where(_OF_PORTAL).order_by(journal.c.seq.desc()).limit(1)
)
_NEXT = (
    select(journal)
    .where(_OF_PORTAL, journal.c.seq > bindparam("after"))
    .order_by(journal.c.seq)
    .limit(_PAGE)
)
_NEXT_OF_RUN = _NEXT.where(journal.c.run_id == bindparam("run"))
