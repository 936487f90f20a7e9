"""Disabling candidates: look again, change those who are left, end the run.

`apply` and the undo of an undo share this; whoever calls it holds the portal's lock and has the
run and its scope in the journal.
"""

from collections.abc import Sequence

from lastseen.carrying.batches import change_status
from lastseen.carrying.candidates import Candidate, Decided, look_again
from lastseen.carrying.endings import ended
from lastseen.carrying.means import Means
from lastseen.carrying.record import RunRecord
from lastseen.contractor import UserId
from lastseen.receipt import Receipt


async def disable(
    candidates: Sequence[Candidate],
    record: RunRecord,
    means: Means,
    *,
    decided: Decided,
    own: UserId,
) -> Receipt:
    """Disable those of `candidates` for whom it still holds; return the receipt of the run.

    `own` is the account that the key acts as. Raises PortalError where nobody can be looked at
    again, and CancelledError; the receipt is in the ledger then, and the run can be carried on.
    """
    work = _look_and_change(candidates, record, means, decided, own)
    return await ended(work, record, means)


async def _look_and_change(
    candidates: Sequence[Candidate],
    record: RunRecord,
    means: Means,
    decided: Decided,
    own: UserId,
) -> str | None:
    looked = await look_again(candidates, means, decided=decided, own=own)
    record.close_unasked(looked.outcomes)
    return looked.halt or await change_status(looked.to_disable, record, means)
