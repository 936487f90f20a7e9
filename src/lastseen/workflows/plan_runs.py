"""Which run carried a plan out, of several one that changed somebody, and who is left."""

from lastseen.execution.run_record import RunRecord
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId, user_id
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind
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


def people_left(plan: Plan, ledger: PortalLedger) -> frozenset[UserId]:
    """Return the people of `plan` whom no run has dealt with, as after `apply --limit`.

    Whoever could not be changed because something failed is left too. Raises LedgerError.
    """
    left = {user_id(one.user_id or "") for one in (*plan.to_disable(), *plan.to_sign_out())}
    for run in ledger.runs.all():
        if run.kind in ("apply", "run") and run.plan_id == plan.plan_id:
            receipt = ledger.runs.receipt(run.run_id)
            for outcome in receipt.outcomes if receipt else ():
                if outcome.outcome is not OutcomeKind.FAILED:
                    left.discard(outcome.user_id)
    return frozenset(left)
