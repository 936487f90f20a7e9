"""Interrupted runs: found in the ledger, with outcomes from the journal and from reading back.

Called with the portal's lock held, so a run that the ledger calls running has died. Reads people
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
from lastseen.execution.target import emails_of, has_status
from lastseen.ledger import PortalLedger
from lastseen.model.receipt import Cause, Outcome
from lastseen.model.run import UNFINISHED, Run

_CHANGING = frozenset({"apply", "run", "undo"})

INTERRUPTED = "the run was interrupted"
"""Why a person was not changed by a run that was interrupted before their turn."""


def unfinished_runs(ledger: PortalLedger) -> Iterator[Run]:
    """Yield the runs that did not come to their end, newest first; raises LedgerError."""
    return (run for run in ledger.runs.all() if run.kind in _CHANGING and run.state in UNFINISHED)


IsResumed = Callable[[Run], bool]
"""Says whether a command resumes this run."""


def carries_out(plan_id: str) -> IsResumed:
    """Return whether a run carries out the plan with this id."""
    return lambda run: run.kind != "undo" and run.plan_id == plan_id


def undoes(run_id: str) -> IsResumed:
    """Return whether a run undoes the one with this id."""
    return lambda run: run.undone_run_id == run_id


def carries_out_any(run: Run) -> bool:
    """Return whether a run carries out a plan, whichever it is."""
    return run.kind != "undo"


def resumes_none(_run: Run) -> bool:
    """Resume no run."""
    return False


async def settle(context: ExecutionContext, *, resumed: IsResumed) -> RunRecord | None:
    """Close every interrupted run except the newest one that is `resumed`; return that one.

    People for whom a request was sent are read back to find out their outcomes. Raises PortalError
    if they can't be read back, and LedgerError.
    """
    found: RunRecord | None = None
    for run in unfinished_runs(context.ledger):
        record = RunRecord(context.ledger.journal, run)
        is_resumed = found is None and resumed(run)
        if record.is_open or run.state == "running" or not is_resumed:
            context.progress.note(f"run {run.run_id} was interrupted; reading its people back")
            await _settle_people(record, context)
            await settle_sign_outs(record, context)
            end_run(record, context, halt=INTERRUPTED, resumable=is_resumed)
        if is_resumed:
            found = record
    return found


async def _settle_people(record: RunRecord, context: ExecutionContext) -> None:
    """Close everyone who is open; those whom the portal does not show stay open."""
    if record.open:
        now = await read_people(context.portal, record.open, emails=emails_of(record.open.values()))
        outcomes: list[Outcome] = []
        for who, target in record.open.items():
            profile = now.profiles.get(who)
            if profile is not None and has_status(profile, record.status):
                outcomes.append(done(target, profile, record.status))
            elif profile is not None:
                outcomes.append(failed(target, f"not done: {INTERRUPTED}", Cause.NOT_ATTEMPTED))
            elif who in now.gone:
                outcomes.append(spared(target, GONE))
        record.close(outcomes)
    if record.begun:
        remember_accounts(record.done, record, context)
