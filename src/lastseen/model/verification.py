"""What a check of a portal's part of the ledger found."""

import msgspec

from lastseen.model.journal_entry import ChainViolation

VERIFICATION_SCHEMA = "lastseen.verification/1"
"""The name and version of a verification's JSON form."""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the journal, of all records and of the evidence found."""

    schema: str = VERIFICATION_SCHEMA
    """Name and version of the JSON form."""
    portal: str
    """The portal whose part was checked."""
    whole: bool
    """Whether everything is as it was written, and nothing is missing."""
    head: str | None
    """Hash of the journal's newest entry; null if there is none."""
    broken: ChainViolation | None = None
    """The journal's first wrong entry; null if there is none."""
    damage: tuple[str, ...] = ()
    """What else is damaged (the file, records, evidence, documents), a few words each."""
    missing_head: str | None = None
    """A hash kept elsewhere that no entry of the journal has; null if none was looked for."""
