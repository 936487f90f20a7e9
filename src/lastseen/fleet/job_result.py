"""A portal's state after a review or a run, from its plan and receipts. Pure."""

from collections.abc import Iterable, Sequence

import msgspec

from lastseen.api import (
    Decision,
    ExitCode,
    OutcomeKind,
    Plan,
    PortalError,
    PortalRefused,
    Receipt,
    receipt_exit_code,
)
from lastseen.fleet.outcome import Figures
from lastseen.model.due import due_soon
from lastseen.model.fleet import PortalState

_NOTHING_TO_DO = frozenset(
    {
        OutcomeKind.SPARED_ACTIVE,
        OutcomeKind.SPARED_CHANGED,
        OutcomeKind.ALREADY_DISABLED,
        OutcomeKind.ALREADY_ACTIVE,
    }
)

SOON_DAYS = 7
"""Contractors who are due within this many days count as due soon."""


class JobResult(msgspec.Struct, frozen=True, kw_only=True):
    """A portal's state after a job that finished."""

    state: PortalState
    """What needs attention, if anything."""
    exit_code: ExitCode
    """The command's exit code."""
    figures: Figures
    """The numbers of people."""


def result_after(plan: Plan, receipts: Sequence[Receipt]) -> JobResult:
    """Return a portal's state with this plan and the receipts of applying it."""
    figures = figures_of(plan, receipts)
    codes = {receipt_exit_code(one) for one in receipts}
    if ExitCode.PARTIAL in codes:
        state, code = PortalState.PARTIAL, ExitCode.PARTIAL
    elif ExitCode.REFUSED in codes:
        state, code = PortalState.REFUSED, ExitCode.REFUSED
    elif ExitCode.INCOMPLETE in codes or figures.held or not plan.evidence.complete:
        state, code = PortalState.HELD, ExitCode.INCOMPLETE
    elif _waiting((*plan.to_disable(), *plan.to_sign_out()), receipts):
        state, code = PortalState.PROPOSED, ExitCode.DONE
    else:
        state, code = PortalState.CLEAN, ExitCode.DONE
    return JobResult(state=state, exit_code=code, figures=figures)


def state_of(error: PortalError) -> PortalState:
    """Return a portal's state after this error; a broken server counts as unreachable."""
    if isinstance(error, PortalRefused) and error.status < 500:
        return PortalState.REFUSED
    return PortalState.UNREACHABLE


def figures_of(plan: Plan, receipts: Sequence[Receipt]) -> Figures:
    """Return the numbers of people in a plan and in the receipts of applying it."""
    disabled = sum(receipt.summary.get("disabled", 0) for receipt in receipts)
    return Figures(
        disabled=disabled,
        to_disable=len(_waiting(plan.to_disable(), receipts)),
        kept=plan.summary.keep,
        held=len(plan.unresolved_holds()),
        due_soon=len(due_soon(plan, SOON_DAYS)),
    )


def _waiting(proposed: Iterable[Decision], receipts: Sequence[Receipt]) -> list[Decision]:
    """Return those of `proposed` who are settled by no receipt."""
    settled = {
        outcome.user_id
        for receipt in receipts
        for outcome in receipt.outcomes
        if outcome.verified or outcome.outcome in _NOTHING_TO_DO
    }
    return [one for one in proposed if one.user_id not in settled]
