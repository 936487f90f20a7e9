"""What a review looked at, kept beside its plan so that `explain` can show it later."""

import msgspec

from lastseen.model.contractor import AccountType, UserId
from lastseen.model.instant import Instant
from lastseen.model.sighting import EvidenceKind


class CoverageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of one log that is known without a gap."""

    kind: EvidenceKind
    """Which log."""
    user_id: UserId | None
    """Whose entries; None for everyone's."""
    since: Instant
    """From here."""
    until: Instant
    """To here, exclusive."""
    proof: str
    """Which requests showed it."""


class EvidenceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a review looked at."""

    filters: str
    """How the portal treated filters."""
    looked: tuple[CoverageRecord, ...]
    """What is known without a gap."""
    account_types: dict[UserId, AccountType] = {}
    """What kind of account those to be disabled had, who must still have it."""
    notes: tuple[str, ...] = ()
    """What went wrong on the way, and what follows from it."""


def encode_record(record: EvidenceRecord) -> bytes:
    """Return the record as JSON."""
    return msgspec.json.encode(record)


def decode_record(document: bytes) -> EvidenceRecord:
    """Read a record; raises msgspec.ValidationError where it isn't one."""
    return msgspec.json.decode(document, type=EvidenceRecord)
