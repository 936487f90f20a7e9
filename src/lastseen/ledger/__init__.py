"""The ledger: what Lastseen remembers, and the one place that knows the database.

Sightings, coverage, account statuses, exemptions, runs and the journal, each portal apart. No
decision is made here and nothing of the portal's HTTP is known.
"""

from lastseen.ledger.actor import Actor
from lastseen.ledger.db.opening import open_ledger
from lastseen.ledger.ledger import Ledger, PortalLedger
from lastseen.ledger.stores.accounts import AccountStore
from lastseen.ledger.stores.evidence import Covered, EvidenceStore, Reading
from lastseen.ledger.stores.exemptions import Exemption, ExemptionStore
from lastseen.ledger.stores.hash_chain import ChainViolation
from lastseen.ledger.stores.journal import EntryKind, Journal, JournalEntry
from lastseen.ledger.stores.observations import FilterNote, RetentionNote
from lastseen.ledger.stores.runs import Run, RunKind, RunState, RunStore

__all__ = [
    "AccountStore",
    "Actor",
    "ChainViolation",
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
