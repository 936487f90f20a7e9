"""The journal's hash chain, pure: what an entry's hash covers, and where a chain breaks.

An entry's hash is SHA-256 over the canonical JSON (RFC 8785) of its other fields, which include
the previous entry's hash; the first entry follows a hash of the portal's address. Nothing here
knows a database.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec

from lastseen.ledger.db.timestamps import from_micros
from lastseen.model.canonical_json import canonical_json
from lastseen.model.journal_entry import ChainViolation

UNREADABLE = (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError)
"""The exceptions that an entry not written by Lastseen may raise when it is read."""


_check_json = msgspec.json.Decoder(msgspec.Raw).decode
"""Reads JSON without making anything of it; raises as decoding does."""


_FORM = b'{"at":%s,"by":%s,"content":%s,%s"kind":%s,"previous_hash":%s,"run_id":%s,"seq":%s}'
"""The canonical JSON of an entry: its members in the order of their names."""

_CERTAIN = 2**53
"""Below this every JSON reader reads the same whole number."""


class StoredEntry(NamedTuple):
    """An entry as stored: the instant in microseconds, actor and content as canonical JSON."""

    seq: int
    at: int
    kind: str
    run_id: str | None
    actor: str
    content: str
    previous_hash: str
    hash: str


def origin(portal: str) -> str:
    """Return the hash that a portal's first entry follows: journals can't be exchanged."""
    return sha256(f"lastseen.journal/1 {portal}".encode()).hexdigest()


def sealed(entry: StoredEntry) -> StoredEntry:
    """Return the entry with its hash; raises one of `UNREADABLE` for what was never written."""
    return entry._replace(hash=sha256(_canonical(entry, with_hash=False)).hexdigest())


def exported(entry: StoredEntry) -> bytes:
    """Return the entry as canonical JSON, its hash included; raises as `sealed` does."""
    return _canonical(entry, with_hash=True)


def first_broken(
    entries: Iterator[StoredEntry], begin: str, *, expected_head: str | None
) -> ChainViolation | None:
    """Return the first of `entries` (by number) that is wrong, or None.

    `begin` is the hash that the first must follow. `expected_head` is a hash that must occur; if it
    is None, a removed tail is not noticed.
    """
    before, previous, seq = "", begin, 0
    met = expected_head is None
    for entry in entries:
        seq += 1
        if entry.seq != seq:
            is_foreign = type(entry.seq) is not int or entry.seq < seq  # SQLite keeps any type
            return _broken(seq, "inserted" if is_foreign else "removed")
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


def removed(seq: int) -> ChainViolation:
    """Return the violation of a chain that has lost its entry `seq`."""
    return _broken(seq, "removed")


def _canonical(entry: StoredEntry, *, with_hash: bool) -> bytes:
    """Return the canonical JSON of an entry, around actor and content, which are stored in it.

    Serialising those again would take a hundred times as long as checking that they are JSON.
    """
    for text in (entry.actor, entry.content):
        if not isinstance(text, str):  # SQLite keeps any type
            raise TypeError("not text")
        _check_json(text)
    sealing = b'"hash":%s,' % _as_json(entry.hash) if with_hash else b""
    return _FORM % (
        msgspec.json.encode(from_micros(entry.at)),
        entry.actor.encode(),
        entry.content.encode(),
        sealing,
        _as_json(entry.kind),
        _as_json(entry.previous_hash),
        _as_json(entry.run_id),
        _as_json(entry.seq),
    )


def _as_json(value: str | int | None) -> bytes:
    """Return the canonical JSON of a value; of letters and digits alone in a tenth of the time."""
    if isinstance(value, str) and value.isascii() and value.isalnum():
        return b'"%s"' % value.encode()
    if type(value) is int and 0 <= value < _CERTAIN:
        return b"%d" % value
    return canonical_json(value)


def _holds(entry: StoredEntry, seq: int | None = None) -> bool:
    """Return whether an entry matches its hash, under its own number or under `seq`."""
    try:
        again = sealed(entry if seq is None else entry._replace(seq=seq))
    except UNREADABLE:
        return False
    return again.hash == entry.hash


def _broken(seq: int, problem: Literal["changed", "removed", "inserted"]) -> ChainViolation:
    explanation = {
        "changed": f"entry {seq} differs from what was written",
        "removed": f"entry {seq} is missing",
        "inserted": f"entry {seq} was inserted afterwards",
    }
    return ChainViolation(seq=seq, problem=problem, explanation=explanation[problem])
