"""An entry of the journal, and what a check of the journal may find wrong."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from lastseen.model.actor import Actor
from lastseen.model.instant import Instant

EntryKind = Literal["scope", "intent", "outcome", "exemption", "failure", "move"]
"""What an entry is about."""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the journal."""

    seq: int
    """Its number: 1 for the first, without gaps."""
    at: Instant
    """When it was written."""
    kind: str
    """What it is about (`EntryKind`)."""
    run_id: str | None
    """The run that it belongs to; None for entries outside runs."""
    by: Actor
    """Who wrote it."""
    content: Mapping[str, object]
    """Its content as plain JSON; `msgspec.convert` makes it the struct of its kind."""
    previous_hash: str
    """Hash of the previous entry; for the first one, of the portal's address."""
    hash: str
    """SHA-256 in hex over the canonical JSON (RFC 8785) of all other fields."""


class ChainViolation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a journal differs from what was written."""

    seq: int
    """The number of the first wrong entry."""
    problem: Literal["changed", "removed", "inserted"]
    """What was done to it."""
    explanation: str
    """One sentence for people."""
