"""The journal's chain, pure: what an entry's hash is made of, and where a chain is broken.

An entry's hash is SHA-256 over the canonical JSON of its other fields, the hash of the entry
before among them; the first follows a hash of the portal's address. Nothing here knows a database.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec

from lastseen.ledger.db.timestamps import from_micros
from lastseen.model.plan import canonical_json

UNREADABLE = (msgspec.MsgspecError, TypeError, ValueError, OverflowError)
"""What reading an entry may raise that Lastseen never wrote."""


class StoredEntry(NamedTuple):
    """An entry as it is stored: the instant as a to_micros, actor and content as canonical JSON."""

    seq: int
    at: int
    kind: str
    run_id: str | None
    actor: str
    content: str
    previous_hash: str
    hash: str


class ChainViolation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a journal is not what was written."""

    seq: int
    """The number of the first entry that is wrong."""
    problem: Literal["changed", "removed", "inserted"]
    """What was done to it."""
    explanation: str
    """One sentence for people."""


def origin(portal: str) -> str:
    """Return what a portal's first entry follows, so that no journal passes for another's."""
    return sha256(f"lastseen.journal/1 {portal}".encode()).hexdigest()


def document(entry: StoredEntry) -> dict[str, Any]:
    """Return the JSON fields that the hash of an entry is made of.

    Raises one of `UNREADABLE` for what never was written.
    """
    return {
        "seq": entry.seq,
        "at": from_micros(entry.at),
        "kind": entry.kind,
        "run_id": entry.run_id,
        "by": _read(entry.actor),
        "content": _read(entry.content),
        "previous_hash": entry.previous_hash,
    }


def sealed(entry: StoredEntry) -> StoredEntry:
    """Return the entry with its hash; raises as `document` does."""
    return entry._replace(hash=sha256(canonical_json(document(entry))).hexdigest())


def first_broken(
    entries: Iterator[StoredEntry], begin: str, *, expected_head: str | None
) -> ChainViolation | None:
    """Return the first of `entries` (by number) that is wrong, or None.

    `begin` is what the first has to follow. `expected_head` is a hash that has to be met; None
    where none is known, and a removed tail is then not found.
    """
    before, previous, seq = "", begin, 0
    met = expected_head is None
    for entry in entries:
        seq += 1
        if entry.seq != seq:
            stray = type(entry.seq) is not int or entry.seq < seq  # SQLite keeps any type
            return _broken(seq, "inserted" if stray else "removed")
        if not _holds(entry):
            moved_up = entry.previous_hash == before and entry.hash != previous
            if moved_up and _holds(entry, seq - 1):
                return _broken(seq - 1, "inserted")
            return _broken(seq, "removed" if _holds(entry, seq + 1) else "changed")
        if entry.previous_hash != previous:
            following = next(entries, None)
            itself = seq == 1 or (following is not None and following.previous_hash != entry.hash)
            return _broken(seq if itself else seq - 1, "changed")
        before, previous = previous, entry.hash
        met = met or entry.hash == expected_head
    return None if met else _broken(seq + 1, "removed")


def _holds(entry: StoredEntry, seq: int | None = None) -> bool:
    """Say whether an entry is what its hash says, under its own number or under `seq`."""
    try:
        again = sealed(entry if seq is None else entry._replace(seq=seq))
    except UNREADABLE:
        return False
    return again.hash == entry.hash


def _read(text: str) -> Any:
    """Read JSON that is written exactly as it would be."""
    document = msgspec.json.decode(text)
    if canonical_json(document).decode() != text:
        raise ValueError("not in canonical form")
    return document


def _broken(seq: int, problem: Literal["changed", "removed", "inserted"]) -> ChainViolation:
    explanation = {
        "changed": f"entry {seq} is not what was written",
        "removed": f"entry {seq} is missing",
        "inserted": f"entry {seq} was put in afterwards",
    }
    return ChainViolation(seq=seq, problem=problem, explanation=explanation[problem])
