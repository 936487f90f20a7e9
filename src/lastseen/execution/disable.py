"""Carries out decisions: rechecks, disables or signs out those who are left, ends the run.

`apply` and the undo of an undo share this; the caller holds the portal's lock and has written the
run and its scope to the journal.
"""

from collections.abc import Sequence

from lastseen.execution.batches import change_status
from lastseen.execution.context import ExecutionContext
from lastseen.execution.decision_basis import DecisionBasis
from lastseen.execution.finish import finish_after
from lastseen.execution.recheck import recheck
from lastseen.execution.run_record import RunRecord
from lastseen.execution.sign_out import sign_out
from lastseen.execution.target import Candidate
from lastseen.model.contractor import UserId
from lastseen.model.receipt import Receipt


async def disable(
    candidates: Sequence[Candidate],
    record: RunRecord,
    context: ExecutionContext,
    *,
    basis: DecisionBasis,
    own: UserId,
) -> Receipt:
    """Disable or sign out those of `candidates` for whom the decision still holds.

    `own` is the account of the API key. Returns the run's receipt. Raises PortalError and
    RosterError if the recheck fails, and CancelledError; the receipt is in the ledger then, and the
    run can be resumed.
    """
    work = _recheck_and_change(candidates, record, context, basis, own)
    return await finish_after(work, record, context)


async def _recheck_and_change(
    candidates: Sequence[Candidate],
    record: RunRecord,
    context: ExecutionContext,
    basis: DecisionBasis,
    own: UserId,
) -> str | None:
    rechecked = await recheck(candidates, context, basis=basis, own=own)
    record.close_without_request(rechecked.outcomes)
    return (
        rechecked.halt
        or await change_status(rechecked.to_disable, record, context)
        or await sign_out(rechecked.to_sign_out, record, context)
    )
