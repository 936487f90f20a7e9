"""Changes people in batches: intent into the journal, request, outcome into the journal.

Thanks to this order the journal names everyone whom a request may have reached, whenever the
process dies. How one batch is requested is up to `status_change`.
"""

import asyncio
from collections.abc import Collection, Sequence

from lastseen.execution.context import ExecutionContext
from lastseen.execution.run_record import RunRecord
from lastseen.execution.status_change import StatusChanger
from lastseen.execution.target import Target
from lastseen.model.contractor import AccountStatus, UserId

STOPPED = "a stop was requested"
"""Why nothing is attempted after a stop."""

_REFUSED = "the portal has refused everyone so far: the account of the API key may not change them"


async def change_status(
    targets: Sequence[Target], record: RunRecord, context: ExecutionContext
) -> str | None:
    """Give `targets` the run's status; return why it ended early, or None if it did not.

    Every person whom a request may have reached is read back, and their outcome goes into the
    journal and `record`. A cancellation ends the work after the batch in flight, with the same
    guarantee; a second one aborts it. Raises LedgerError if the journal can't be written; then no
    request is sent for people who are not in it.
    """
    size, together = context.pace.batch, context.pace.batches_read_back
    batches = [targets[start : start + size] for start in range(0, len(targets), size)]
    for start in range(0, len(batches), together):
        halt = await _finish_round(_Round(record, context), batches[start : start + together])
        if halt is not None:
            return halt
    return None


def remember_accounts(
    who: Collection[UserId], record: RunRecord, context: ExecutionContext
) -> None:
    """Record in the ledger's accounts that the run changed these people; may be repeated."""
    note = context.ledger.accounts.note_disabled
    if record.status is AccountStatus.ACTIVE:
        note = context.ledger.accounts.note_reinstated
    for at in sorted({record.acted_at[person] for person in who}):
        note([person for person in who if record.acted_at[person] == at], at)


class _Round:
    """A few batches, requested one after the other and read back together."""

    def __init__(self, record: RunRecord, context: ExecutionContext) -> None:
        self.cancelled = False
        self._record = record
        self._context = context
        self._changing = StatusChanger(record.status, context, requested=record.acted_on.keys())

    async def run(self, batches: Sequence[Sequence[Target]]) -> str | None:
        """Change the people in `batches`; return why the run must stop, or None."""
        asked: list[Target] = []
        halt: str | None = None
        for batch in batches:
            halt = self._reason_to_stop()
            if halt is not None:
                break
            self._record.intend(batch)
            await self._changing.ask(batch)
            asked += batch
            self._report(len(asked))
        changed = await self._changing.read_back()
        self._record.close(
            changed.outcomes, unknown=changed.unknown, unrequested=changed.unrequested
        )
        done = self._record.done
        who = [one.user_id for one in (*asked, *changed.unrequested) if one.user_id in done]
        remember_accounts(who, self._record, self._context)
        return halt or self._changing.halt

    def _reason_to_stop(self) -> str | None:
        if self._context.stop_asked or self.cancelled:
            return STOPPED
        if self._changing.only_refused and not self._record.done:
            return _REFUSED
        return self._changing.halt

    def _report(self, asked: int) -> None:
        verb = "reinstating" if self._record.status is AccountStatus.ACTIVE else "disabling"
        settled = sum(who in self._record.outcomes for who in self._record.scope)
        self._context.progress.step(verb, settled + asked, len(self._record.scope))


async def _finish_round(work: _Round, batches: Sequence[Sequence[Target]]) -> str | None:
    """Wait for a round; a first cancellation shortens it, a second one aborts it."""
    task = asyncio.ensure_future(work.run(batches))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        work.cancelled = True
        if not task.done():
            await task
        raise
