"""Which run carried a plan out: of several, one that changed somebody."""

from lastseen.execution.run_record import RunRecord
from lastseen.ledger import PortalLedger
from lastseen.model.run import Run


def run_that_changed(plan_id: str, ledger: PortalLedger) -> Run | None:
    """Return the newest run that disabled or signed out anyone by this plan; None if none did.

    A plan applied again finds everyone disabled already: that run is not what could be undone.
    Raises LedgerError.
    """
    for run in ledger.runs.all():
        if run.kind in ("apply", "run") and run.plan_id == plan_id:
            record = RunRecord(ledger.journal, run)
            if record.done or record.signed_out:
                return run
    return None
