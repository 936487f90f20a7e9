"""How a run ends: its receipt, its state in the ledger and its exit code.

Every run ends here, including one that was stopped and one whose process was killed and that a
later command found.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal

from lastseen.execution.context import ExecutionContext
from lastseen.execution.outcomes import failed
from lastseen.execution.run_record import RunRecord
from lastseen.model.errors import ExitCode, LastseenError, LedgerError
from lastseen.model.receipt import (
    Cause,
    NotAsked,
    Outcome,
    OutcomeKind,
    Receipt,
    summarise_outcomes,
)

RunState = Literal["done", "partial", "failed", "interrupted"]
"""How a run may end. An interrupted one is resumed when the same command is given again."""

CANCELLED = "the work was cancelled"
"""Why nothing is attempted after a cancellation."""

_NO_EVIDENCE = frozenset({Cause.CLOCKS_DIFFER, Cause.UNPROVEN})
_CHANGED = frozenset({OutcomeKind.DISABLED, OutcomeKind.REINSTATED, OutcomeKind.SIGNED_OUT})
_NOT_DONE = frozenset({OutcomeKind.REFUSED, OutcomeKind.FAILED})


def receipt_exit_code(receipt: Receipt) -> ExitCode:
    """Return the exit code of a command whose receipt this is.

    0 if nobody was refused or failed, every change was verified and nobody was changed unrequested;
    people who were spared or had the status already are no failure. If nothing was done for
    anybody: 4 if evidence was incomplete, 3 if the portal refused everyone. Otherwise 6.
    """
    outcomes = receipt.outcomes
    if not any(map(_is_incomplete, outcomes)):
        return ExitCode.DONE
    if all(one.outcome is OutcomeKind.REFUSED for one in outcomes):
        return ExitCode.REFUSED
    if all(one.outcome is OutcomeKind.FAILED and one.cause in _NO_EVIDENCE for one in outcomes):
        return ExitCode.INCOMPLETE
    return ExitCode.PARTIAL


async def finish_after(
    work: Coroutine[Any, Any, str | None], record: RunRecord, context: ExecutionContext
) -> Receipt:
    """Await `work`, which returns why it ended early or None, and end its run; return the receipt.

    Raises what `work` raises. After CancelledError and errors of the portal or the roster the
    receipt is in the ledger and the run can be resumed; otherwise a later command recovers it.
    """
    try:
        halt = await work
    except LedgerError:
        raise
    except LastseenError as error:  # the portal, or the roster in the recheck
        end_run(record, context, halt=error.found)
        raise
    except asyncio.CancelledError:
        end_run(record, context, halt=CANCELLED)
        raise
    return end_run(record, context, halt=halt)


def end_run(
    record: RunRecord, context: ExecutionContext, *, halt: str | None = None, resumable: bool = True
) -> Receipt:
    """Write the receipt of a run to the ledger, close the run there, and return the receipt.

    `halt` says why the run ended before everyone's turn; None if it did not. With
    `resumable=False` the run is over even if it ended early; it stays open only for people whose
    outcome is not known. Raises LedgerError.
    """
    receipt = _receipt(record, context, halt or "the run was interrupted")
    ended_early = resumable and halt is not None
    context.ledger.runs.keep_receipt(receipt)
    context.ledger.runs.finish(
        record.run.run_id,
        state="interrupted" if ended_early or record.is_open else _state(receipt),
        summary=receipt.summary,
        exit_code=int(receipt_exit_code(receipt)),
    )
    return receipt


def _receipt(record: RunRecord, context: ExecutionContext, halt: str) -> Receipt:
    outcomes = tuple(
        record.outcomes.get(who)
        or record.unknown.get(who)
        or failed(target, f"not attempted: {halt}", Cause.NOT_ATTEMPTED)
        for who, target in record.scope.items()
    )
    return Receipt(
        run_id=record.run.run_id,
        plan_id=record.run.plan_id or "",
        plan_digest=record.plan_digest,
        portal=context.ledger.url,
        operator=record.run.by,
        started_at=record.run.started_at,
        finished_at=context.clock(),
        outcomes=outcomes,
        summary=summarise_outcomes(outcomes),
        journal_head=context.ledger.journal.head(),
        not_asked=_not_asked(context),
    )


def _not_asked(context: ExecutionContext) -> tuple[NotAsked, ...]:
    """Return what the recheck could not check, since the caller did not provide it."""
    given: dict[NotAsked, object] = {"roster": context.roster, "policy": context.policy}
    return tuple(name for name, one in given.items() if one is None)


def _state(receipt: Receipt) -> RunState:
    if receipt_exit_code(receipt) is ExitCode.DONE:
        return "done"
    return "partial" if not all(map(_is_incomplete, receipt.outcomes)) else "failed"


def _is_incomplete(outcome: Outcome) -> bool:
    if outcome.outcome in _NOT_DONE or outcome.cause is Cause.UNREQUESTED:
        return True
    return outcome.outcome in _CHANGED and not outcome.verified
