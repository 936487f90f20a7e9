"""The status of a portal, from the ledger and one request about the key."""

from lastseen.docspace.interface import OwnKey
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import policy_by_name
from lastseen.model.due import due_soon, holds, review_interval_days
from lastseen.model.instant import Instant, after, days, utc_date
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind
from lastseen.model.run import Run
from lastseen.model.sighting import EvidenceKind
from lastseen.model.status import DueSoon, Status
from lastseen.workflows.run import reported_before

_DUE_SOON_DAYS = 14


def status(
    ledger: PortalLedger, *, now: Instant, key: OwnKey | None, key_problem: str | None
) -> Status:
    """Return the portal's status. `key`: what the portal said about the API key, if anything.

    `key_problem` says why the request failed. Raises LedgerError.
    """
    runs = ledger.runs.all()
    reviews = [run for run in runs if run.kind == "review"]
    decided = next((run for run in reviews if run.state == "done"), None)
    last_run = next((run for run in runs if run.kind != "review"), None)
    plan = ledger.runs.plan(decided.run_id) if decided else None
    returns = _return_dates(plan, ledger, runs) if plan else ()
    return Status(
        portal=ledger.url,
        at=now,
        ledger=ledger.place,
        last_review=decided,
        last_run=last_run,
        failed=_failure(ledger, reviews[0]) if reviews else None,
        run_failed=_failure(ledger, last_run) if last_run and not last_run.summary else None,
        review_due_at=_review_due(decided, plan),
        disabled=_disabled(ledger, runs),
        to_disable=_still_to_disable(plan, ledger, runs) if plan else 0,
        found_to_disable=plan.summary.disable if plan else 0,
        signed_out=len(returns),
        return_until=max(returns, default=None),
        next_run_acts=reported_before(runs),
        held=holds(plan) if plan else (),
        due_soon=_due_soon(plan) if plan else (),
        due_soon_days=_DUE_SOON_DAYS,
        exemptions=len(ledger.exemptions.active(utc_date(now))),
        sign_ins_since=_known_since(ledger, EvidenceKind.SIGN_IN),
        activity_since=_known_since(ledger, EvidenceKind.ACTIVITY),
        key_expires_at=key.expires_at if key else None,
        key_problem=key_problem,
    )


def _failure(ledger: PortalLedger, run: Run) -> str | None:
    if run.state != "failed":
        return None
    entries = [e for e in ledger.journal.entries(run.run_id) if e.kind == "failure"]
    return str(entries[-1].content.get("found", "")) if entries else "its reason is not recorded"


def _review_due(decided: Run | None, plan: Plan | None) -> Instant | None:
    if decided is None or plan is None:
        return None
    return after(decided.started_at, days(review_interval_days(plan)))


def _disabled(ledger: PortalLedger, runs: tuple[Run, ...]) -> int:
    """Count the people whose newest outcome left them disabled."""
    newest: dict[str, OutcomeKind] = {}
    for run in runs:  # newest first
        receipt = ledger.runs.receipt(run.run_id) if run.kind != "review" else None
        for outcome in receipt.outcomes if receipt else ():
            if outcome.outcome in (OutcomeKind.DISABLED, OutcomeKind.REINSTATED):
                newest.setdefault(outcome.user_id, outcome.outcome)
    return sum(outcome is OutcomeKind.DISABLED for outcome in newest.values())


def _still_to_disable(plan: Plan, ledger: PortalLedger, runs: tuple[Run, ...]) -> int:
    """Count whom the plan would disable and no run since has disabled, reinstated or spared."""
    settled = {
        outcome.user_id
        for run in runs
        if run.kind != "review" and run.started_at >= plan.created_at
        for receipt in (ledger.runs.receipt(run.run_id),)
        for outcome in (receipt.outcomes if receipt else ())
        if outcome.outcome not in (OutcomeKind.REFUSED, OutcomeKind.FAILED)
    }
    return sum(one.user_id not in settled for one in plan.to_disable())


def _return_dates(plan: Plan, ledger: PortalLedger, runs: tuple[Run, ...]) -> tuple[Instant, ...]:
    """Return until when each person whom a run has signed out since the plan may return."""
    cohorts = {one.user_id: one.cohort for one in plan.decisions}
    returns: dict[str, Instant] = {}
    for run in runs:  # newest first
        since = run.kind in ("apply", "run") and run.started_at >= plan.created_at
        receipt = ledger.runs.receipt(run.run_id) if since else None
        for outcome in receipt.outcomes if receipt else ():
            if outcome.outcome is OutcomeKind.SIGNED_OUT:
                policy = policy_by_name(plan.policy, cohorts.get(outcome.user_id))
                at = receipt.finished_at if receipt else run.started_at
                returns.setdefault(outcome.user_id, policy.may_return_until(at))
    return tuple(returns.values())


def _due_soon(plan: Plan) -> tuple[DueSoon, ...]:
    return tuple(
        DueSoon(
            user_id=decision.user_id,
            email=decision.email,
            display_name=decision.display_name,
            due_at=at,
        )
        for at, decision in due_soon(plan, _DUE_SOON_DAYS)
    )


def _known_since(ledger: PortalLedger, kind: EvidenceKind) -> Instant | None:
    stretches = ledger.evidence.coverage(kind)
    return stretches[-1].interval.since if stretches else None
