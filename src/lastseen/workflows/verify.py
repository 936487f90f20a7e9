"""Verifies a portal's part of the ledger: the journal, the records and the evidence."""

import re

from lastseen.ledger import PortalLedger
from lastseen.model.errors import LedgerError, UsageError
from lastseen.model.verification import Verification

_HASH = re.compile(r"[0-9a-f]{64}")
_RECEIPTS_LOOKED_AT = 50
_WHERE_HEADS_ARE = (
    "`journal_head` of a receipt that was kept elsewhere: of `apply`, `undo` or `run`, with "
    "`-o receipt.json`, or as `lastseen show RUN` prints it (Journal)"
)


def verify(ledger: PortalLedger, *, expected_head: str | None = None) -> Verification:
    """Check everything that the ledger has about a portal.

    `expected_head` is a receipt's `journal_head` that was kept elsewhere, which the journal must
    still contain; None uses the one in the newest receipt. Raises UsageError if it is not a hash,
    LedgerError if the ledger can't be read at all.
    """
    if expected_head is not None:
        expected_head = expected_head.strip().lower()
        _check_hash(expected_head)
    damage = ledger.damage()
    broken = ledger.journal.damage()
    missing = None
    if broken is None:
        head = expected_head or (None if damage else _newest_receipts_head(ledger))
        missing = head if head and ledger.journal.verify(expected_head=head) else None
    return Verification(
        portal=ledger.url,
        whole=broken is None and not damage and missing is None,
        head=ledger.journal.head(),
        broken=broken,
        damage=damage,
        missing_head=missing,
    )


def require_whole(verification: Verification) -> None:
    """Raise LedgerError unless the verification found everything intact."""
    if verification.whole:
        return
    attempted = f"verifying the ledger of {verification.portal}"
    if verification.broken is not None:
        raise LedgerError(
            attempted=attempted,
            found=f"the journal is broken: {verification.broken.explanation}",
            meaning="the record of changes was altered after it was written",
            remedy="compare it with a backup or an export, and find out who can write the ledger",
        )
    if verification.damage:
        raise LedgerError(
            attempted=attempted,
            found="; ".join(verification.damage),
            meaning="rows were altered or lost after they were written",
            remedy="restore the ledger from a backup; damaged sightings and coverage alone need "
            "none: the next review reads them from the portal again",
        )
    raise LedgerError(
        attempted=attempted,
        found=f"the journal is intact, but no entry has the hash {verification.missing_head}",
        meaning="entries were removed from its end, or the hash is mistyped or from another ledger "
        "or portal",
        remedy=f"compare the hash with {_WHERE_HEADS_ARE}, and the journal with a backup or "
        "an export",
    )


def _check_hash(text: str) -> None:
    if _HASH.fullmatch(text):
        return
    raise UsageError(
        attempted="verifying the ledger",
        found=f"{text!r} is not a journal hash" if text else "the hash is empty",
        meaning="a journal hash has 64 hexadecimal digits",
        remedy=f"take it from {_WHERE_HEADS_ARE}",
    )


def _newest_receipts_head(ledger: PortalLedger) -> str | None:
    """Return the journal head in the newest receipt."""
    for run in ledger.runs.all(limit=_RECEIPTS_LOOKED_AT):
        receipt = ledger.runs.receipt(run.run_id)
        if receipt is not None and receipt.journal_head:
            return receipt.journal_head
    return None
