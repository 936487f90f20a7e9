"""Runs that were cut off: found in the ledger, and their outcomes told from the journal.

Called with the portal's lock held, so a run that the ledger calls running has ended. Reads people
back; changes nobody.
"""

from collections.abc import Callable, Iterator

from lastseen.execution.batches import remember_accounts
from lastseen.execution.context import ExecutionContext
from lastseen.execution.finish import end_run
from lastseen.execution.outcomes import GONE, done, failed, spared
from lastseen.execution.readback import read_people
from lastseen.execution.run_record import RunRecord
from lastseen.execution.sign_out import settle_sign_outs
from lastseen.execution.target import has_status
from lastseen.ledger import PortalLedger
from lastseen.model.receipt import Cause, Outcome
from lastseen.model.run import Run

_CHANGING = frozenset({"apply", "run", "undo"})
_CUT_OFF = frozenset({"running", "interrupted"})

CUT_OFF = "the run was cut off"
"""Why a person's turn did not come in a run whose process ended before it."""


def cut_off_runs(ledger: PortalLedger) -> Iterator[Run]:
    """Yield the runs that did not come to their end, newest first; raises LedgerError."""
    return (run for run in ledger.runs.all() if run.kind in _CHANGING and run.state in _CUT_OFF)


IsResumed = Callable[[Run], bool]
"""Says whether a command would carry on this run."""


def carries_out(plan_id: str) -> IsResumed:
    """Return whether a run carries out the plan with this id."""
    return lambda run: run.kind != "undo" and run.plan_id == plan_id


def undoes(run_id: str) -> IsResumed:
    """Return whether a run undoes the one with this id."""
    return lambda run: run.undone_run_id == run_id


def disables(run: Run) -> bool:
    """Say whether a run carries out a plan, whichever."""
    return run.kind != "undo"


def nothing(_run: Run) -> bool:
    """Carry on no run."""
    return False


async def settle(context: ExecutionContext, *, resumed: IsResumed) -> RunRecord | None:
    """Close every run that was cut off, but the newest that is `resumed`: return that one.

    The outcomes of people who had been asked for are found out by reading the people back. Raises
    PortalError where they can't be read back, LedgerError.
    """
    found: RunRecord | None = None
    for run in cut_off_runs(context.ledger):
        record = RunRecord(context.ledger.journal, run)
        goes_on = found is None and resumed(run)
        if record.is_open or run.state == "running" or not goes_on:
            context.progress.note(f"run {run.run_id} was cut off; reading its people back")
            await _settle_people(record, context)
            await settle_sign_outs(record, context)
            end_run(record, context, halt=CUT_OFF, resumable=goes_on)
        if goes_on:
            found = record
    return found


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
                outcomes.append(failed(target, f"not done: {CUT_OFF}", Cause.NOT_ATTEMPTED))
            elif who in now.gone:
                outcomes.append(spared(target, GONE))
        record.close(outcomes)
    if record.begun:
        remember_accounts(record.done, record, context)
