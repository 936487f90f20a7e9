"""Which run of Lastseen left somebody disabled, and why, and what runs did. Reads the ledger."""

from lastseen.ledger import PortalLedger
from lastseen.model.contractor import user_id
from lastseen.model.decision import Decision, Reason
from lastseen.model.explanation import DisabledBy
from lastseen.model.instant import minute
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind
from lastseen.model.run import Run

RUNS_LOOKED_THROUGH = 100
"""How many of the newest runs are searched for what was done to a person."""


def disabled_by(ledger: PortalLedger, decision: Decision, plan: Plan) -> DisabledBy | None:
    """Return the run that left the person disabled.

    None if the plan found the account active and no run has disabled it since, or if it was
    reinstated. Raises LedgerError.
    """
    run = _newest_change(ledger, decision)
    if run is None:
        return None
    is_known = decision.reason is Reason.ALREADY_DISABLED
    if not is_known and run.started_at < plan.created_at and run.plan_id != plan.plan_id:
        return None
    carried_out = ledger.runs.plan(run.plan_id) if run.plan_id else None
    decided = next(
        (one for one in (carried_out.decisions if carried_out else ()) if _same(one, decision)),
        None,
    )
    return DisabledBy(
        run_id=run.run_id,
        at=run.started_at,
        reason=decided.reason if decided else None,
        explanation=decided.explanation if decided else None,
    )


def runs_about(
    ledger: PortalLedger, decision: Decision, plan: Plan
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what runs did about the person before the plan was made, and since; newest first."""
    earlier: list[str] = []
    later: list[str] = []
    for run in ledger.runs.all(limit=RUNS_LOOKED_THROUGH):
        receipt = ledger.runs.receipt(run.run_id) if run.kind != "review" else None
        for outcome in receipt.outcomes if receipt else ():
            if outcome.user_id == decision.user_id:
                carried_out = run.kind != "undo" and run.plan_id == plan.plan_id
                matching = later if carried_out or run.started_at >= plan.created_at else earlier
                matching.append(
                    f"{minute(run.started_at)}: {run.kind} {run.run_id}: "
                    f"{outcome.outcome.in_words}" + (f" ({outcome.error})" if outcome.error else "")
                )
    return tuple(earlier), tuple(later)


def _newest_change(ledger: PortalLedger, decision: Decision) -> Run | None:
    """Return the newest run that changed the account, if it disabled it and it was not undone."""
    person = user_id(decision.user_id or "")
    given_back = ledger.accounts.reinstated().get(person)
    for run in ledger.runs.all(limit=RUNS_LOOKED_THROUGH):
        receipt = ledger.runs.receipt(run.run_id) if run.kind != "review" else None
        for outcome in receipt.outcomes if receipt else ():
            if outcome.user_id != person:
                continue
            if outcome.outcome is OutcomeKind.DISABLED:
                return run if given_back is None or given_back < run.started_at else None
            if outcome.outcome is OutcomeKind.REINSTATED:
                return None
    return None


def _same(one: Decision, other: Decision) -> bool:
    return one.user_id is not None and one.user_id == other.user_id
