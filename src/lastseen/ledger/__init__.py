"""The ledger: what Lastseen remembers, and the one place that knows the database.

Sightings, coverage, account statuses, exemptions, runs and the journal, each portal apart. No
decision is made here and nothing of the portal's HTTP is known.
"""

from lastseen.ledger.accounts import AccountStore
from lastseen.ledger.actor import Actor
from lastseen.ledger.chain import Broken
from lastseen.ledger.evidence import Covered, EvidenceStore, Reading
from lastseen.ledger.exemptions import Exemption, ExemptionStore
from lastseen.ledger.journal import EntryKind, Journal, JournalEntry
from lastseen.ledger.ledger import Ledger, PortalLedger
from lastseen.ledger.notes import FilterNote, RetentionNote
from lastseen.ledger.opening import open_ledger
from lastseen.ledger.runs import Run, RunKind, RunState, RunStore

__all__ = [
    "AccountStore",
    "Actor",
    "Broken",
    "Covered",
    "EntryKind",
    "EvidenceStore",
    "Exemption",
    "ExemptionStore",
    "FilterNote",
    "Journal",
    "JournalEntry",
    "Ledger",
    "PortalLedger",
    "Reading",
    "RetentionNote",
    "Run",
    "RunKind",
    "RunState",
    "RunStore",
    "open_ledger",
]
