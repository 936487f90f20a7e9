"""The ledger: what Lastseen remembers, and the one place that knows the database.

Sightings, coverage, account statuses, exemptions, runs and the journal, each portal apart. No
decision is made here and nothing of the portal's HTTP is known.
"""

from lastseen.ledger.db.opening import open_ledger
from lastseen.ledger.ledger import Ledger, PortalLedger
from lastseen.ledger.stores.accounts import AccountStore
from lastseen.ledger.stores.coverage_rows import proof_in_words, proof_line
from lastseen.ledger.stores.evidence import Covered, EvidenceStore, Reading
from lastseen.ledger.stores.exemptions import ExemptionStore
from lastseen.ledger.stores.journal import Journal
from lastseen.ledger.stores.retention import RetentionNote
from lastseen.ledger.stores.runs import RunStore

__all__ = [
    "AccountStore",
    "Covered",
    "EvidenceStore",
    "ExemptionStore",
    "Journal",
    "Ledger",
    "PortalLedger",
    "Reading",
    "RetentionNote",
    "RunStore",
    "open_ledger",
    "proof_in_words",
    "proof_line",
]
