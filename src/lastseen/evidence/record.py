"""What a review examined, kept with its plan so that `explain` can show it later."""

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
    """What a review examined."""

    filters: str
    """How the portal treated filters."""
    looked: tuple[CoverageRecord, ...]
    """What is known without a gap."""
    account_types: dict[UserId, AccountType] = {}
    """The account types of those to be disabled, who must still have them when it is applied."""
    notes: tuple[str, ...] = ()
    """What went wrong during the review, and what follows from it."""


def encode_record(record: EvidenceRecord) -> bytes:
    """Return the record as JSON."""
    return msgspec.json.encode(record)


def decode_record(document: bytes) -> EvidenceRecord:
    """Read a record; raises msgspec.ValidationError if it isn't one."""
    return msgspec.json.decode(document, type=EvidenceRecord)
