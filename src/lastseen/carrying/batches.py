"""Carrying a run out, batch by batch: intent into the journal, change, outcome into the journal.

The order is the promise: whatever moment the process dies at, the journal knows of everyone whom a
request may have reached. How one batch is asked for is told by `changing`.
"""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from typing import Any

from lastseen.carrying.changing import change
from lastseen.carrying.means import Means
from lastseen.carrying.record import RunRecord
from lastseen.carrying.standing import Target
from lastseen.contractor import AccountStatus, UserId
from lastseen.receipt import OutcomeKind

BATCH = 100
"""People in one request: many enough for few requests, few enough for an answer in time."""

STOPPED = "somebody asked to stop"
"""Why nothing follows where that was asked for."""


async def change_status(
    targets: Sequence[Target], record: RunRecord, means: Means
) -> str | None:
    """Give `targets` the run's status; return why it ended early, or None where it did not.

    Every person whom a request may have reached is read back, and the journal and `record` know
    what came of it. A cancellation waits until that is so for the batch in flight; a second one
    does not. Raises LedgerError where the journal can't be written; nobody is then asked for of
    whom it does not know.
    """
    stage = "reinstating" if record.status is AccountStatus.ACTIVE else "disabling"
    for start in range(0, len(targets), BATCH):
        if means.stop_asked:
            return STOPPED
        means.progress.step(stage, start, len(targets))
        halt = await _to_its_end(_batch(targets[start : start + BATCH], record, means))
        if halt is not None:
            return halt
        if start + BATCH < len(targets) and _nobody_may_be_changed(record):
            return "the portal refused everybody so far: the API key's account may not change them"
    if targets:
        means.progress.step(stage, len(targets), len(targets))
    return None


def remember_accounts(who: Collection[UserId], record: RunRecord, means: Means) -> None:
    """Tell the ledger's accounts that the run changed these; may be told again."""
    note = means.ledger.accounts.note_disabled
    if record.status is AccountStatus.ACTIVE:
        note = means.ledger.accounts.note_reinstated
    for at in sorted({record.acted_at[person] for person in who}):
        note([person for person in who if record.acted_at[person] == at], at)


async def _batch(targets: Sequence[Target], record: RunRecord, means: Means) -> str | None:
    """Carry out one batch whole; return why no other may follow."""
    number = record.intend(targets)
    changed = await change(targets, record.status, means)
    record.close(changed.outcomes, doubts=changed.doubts, batch=number)
    batch = {target.user_id for target in targets}
    remember_accounts([who for who in record.done if who in batch], record, means)
    return changed.halt


def _nobody_may_be_changed(record: RunRecord) -> bool:
    refused = any(o.outcome is OutcomeKind.REFUSED for o in record.outcomes.values())
    return refused and not record.done and not record.doubts


async def _to_its_end(batch: Coroutine[Any, Any, str | None]) -> str | None:
    """Wait for `batch`; a first cancellation waits for its end, a second one cuts it off."""
    work = asyncio.ensure_future(batch)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        if not work.done():
            await work
        raise
