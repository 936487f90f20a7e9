"""How a portal stands after a review or a run: pure, from the documents that they left."""

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
"""Contractors who are due within so many days are counted as due soon."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a portal stands after a job that came to its end."""

    state: PortalState
    """What somebody has to do about it, if anything."""
    exit_code: ExitCode
    """How the command ends."""
    figures: Figures
    """In numbers of people."""


def standing_after(plan: Plan, receipts: Sequence[Receipt]) -> Standing:
    """Return how a portal stands with this plan, after these receipts of carrying it out."""
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
    return Standing(state=state, exit_code=code, figures=figures)


def state_of(error: PortalError) -> PortalState:
    """Return how a portal stands that gave this error: a broken server is as good as none."""
    if isinstance(error, PortalRefused) and error.status < 500:
        return PortalState.REFUSED
    return PortalState.UNREACHABLE


def figures_of(plan: Plan, receipts: Sequence[Receipt]) -> Figures:
    """Return what a plan and the receipts of carrying it out amount to, in numbers of people."""
    disabled = sum(receipt.summary.get("disabled", 0) for receipt in receipts)
    return Figures(
        disabled=disabled,
        to_disable=len(_waiting(plan.to_disable(), receipts)),
        kept=plan.summary.keep,
        held=len(plan.unresolved_holds()),
        due_soon=len(due_soon(plan, SOON_DAYS)),
    )


def _waiting(proposed: Iterable[Decision], receipts: Sequence[Receipt]) -> list[Decision]:
    """Return those of `proposed` whom no receipt settles."""
    settled = {
        outcome.user_id
        for receipt in receipts
        for outcome in receipt.outcomes
        if outcome.verified or outcome.outcome in _NOTHING_TO_DO
    }
    return [one for one in proposed if one.user_id not in settled]
