"""Runs that were cut off: found in the ledger, and told from the journal what came of them.

Called with the portal's lock held, so whatever the ledger calls running is running no more.
Reads people back; changes nobody.
"""

from collections.abc import Iterator

from lastseen.execution.batches import remember_accounts
from lastseen.execution.context import ExecutionContext
from lastseen.execution.eligibility import GONE, done, failed, has_status, spared
from lastseen.execution.finish import end_run
from lastseen.execution.readback import read_people
from lastseen.execution.run_record import RunRecord
from lastseen.ledger import PortalLedger
from lastseen.model.receipt import Outcome
from lastseen.model.run import Run

_CHANGING = frozenset({"apply", "run", "undo"})
_CUT_OFF = frozenset({"running", "interrupted"})

CUT_OFF = "the run was cut off"
"""Why somebody's turn did not come in a run whose process ended before it."""


def cut_off_runs(ledger: PortalLedger) -> Iterator[Run]:
    """Yield the runs that did not come to their end, newest first; raises LedgerError."""
    return (run for run in ledger.runs.all() if run.kind in _CHANGING and run.state in _CUT_OFF)


def cut_off_run(ledger: PortalLedger, *, plan_id: str) -> Run | None:
    """Return the newest run that was carrying out this plan and did not come to its end."""
    return next(
        (r for r in cut_off_runs(ledger) if r.kind != "undo" and r.plan_id == plan_id), None
    )


def cut_off_undo(ledger: PortalLedger, *, undone_run_id: str) -> Run | None:
    """Return the newest undo of this run that did not come to its end."""
    return next((r for r in cut_off_runs(ledger) if r.undone_run_id == undone_run_id), None)


async def settle(context: ExecutionContext, *, continued: Run | None) -> None:
    """Find out what became of the people of every run that was cut off, and close the runs.

    Only `continued`, the one that is about to be carried on, may be carried on afterwards. Raises
    PortalError where people can't be read back, LedgerError.
    """
    for run in cut_off_runs(context.ledger):
        record = RunRecord(context.ledger.journal, run)
        carried_on = continued is not None and run.run_id == continued.run_id
        if record.open or run.state == "running" or not carried_on:
            context.progress.note(f"the run {run.run_id} was cut off; looking what became of it")
            await _settle_people(record, context)
            end_run(record, context, halt=CUT_OFF, resumable=carried_on)


async def _settle_people(record: RunRecord, context: ExecutionContext) -> None:
    """Close everyone who is open; those whom the portal would not show stay so."""
    if record.open:
        now = await read_people(context.portal, record.open)
        outcomes: list[Outcome] = []
        for who, target in record.open.items():
            profile = now.profiles.get(who)
            if profile is not None and has_status(profile, record.status):
                outcomes.append(done(target, profile, record.status))
            elif profile is not None:
                outcomes.append(failed(target, f"not done: {CUT_OFF}"))
            elif who in now.gone:
                outcomes.append(spared(target, GONE))
        record.close(outcomes)
    if record.begun:
        remember_accounts(record.done, record, context)
