"""Undoes a run: the people it disabled are reinstated, unless they were changed since.

The steps are in `execution`. Undoing an undo disables again, by the same rules as `apply`: a
recheck, and the guardrails.
"""

import asyncio

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext, Pace, identify_actor
from lastseen.execution.decision_basis import DecisionBasis
from lastseen.execution.disable import disable
from lastseen.execution.guardrails import allowance, check_guardrails
from lastseen.execution.history import read_history
from lastseen.execution.key_rights import require_change_right
from lastseen.execution.recovery import settle, undoes
from lastseen.execution.reinstate import reinstate
from lastseen.execution.run_record import RunRecord
from lastseen.execution.selection import Selection, select
from lastseen.execution.target import Candidate, Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, goes_by, user_id
from lastseen.model.errors import UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import CLOCK_TOLERANCE, Clock, after
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt
from lastseen.model.run import UNFINISHED, Run
from lastseen.rosters import Roster
from lastseen.workflows.plan_runs import run_that_changed


async def undo(
    run_id: str,
    portal: Portal,
    *,
    ledger: PortalLedger,
    who: tuple[str, ...] = (),
    guardrails: Guardrails | None = None,
    clock: Clock,
    roster: Roster | None = None,
    policy: Policy | None = None,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
    pace: Pace | None = None,
) -> Receipt:
    """Reinstate the people whom a run disabled, or disable the people whom an undo reinstated.

    `run_id` may be the beginning of an id. `who` names some of them by id or e-mail address;
    empty means all. `guardrails` apply when an undo is undone, None: the defaults; its recheck uses
    `roster` and `policy`, as for `apply`. `stop`, `pace` and cancellations are as for `apply`, and
    the same command resumes an interrupted undo. Sessions that the run ended stay ended.

    Raises UsageError for an unknown run, a run that changed nobody's access, or one that did not
    change a person named in `who`; GuardrailStopped; LockHeld; PortalError; LedgerError.
    """
    context = ExecutionContext(
        portal=portal,
        ledger=ledger,
        roster=roster,
        policy=policy,
        clock=clock,
        progress=progress or Silent(),
        stop=stop,
        pace=pace or Pace(),
    )
    with ledger.lock("undo"):
        run = _changing(_found(run_id, ledger))
        if who and run.state not in UNFINISHED:  # a wrong name is refused before anything is done
            _chosen(RunRecord(ledger.journal, run), who)
        earlier = await settle(context, resumed=undoes(run.run_id))
        undone = RunRecord(ledger.journal, run)
        chosen = _chosen(undone, who)
        if chosen:
            await require_change_right(portal, attempted=f"undoing the run {run.run_id}")
        if undone.begun and undone.status is AccountStatus.ACTIVE:
            return await _disable_again(
                chosen, undone, context, guardrails or Guardrails(), earlier=earlier
            )
        own = await identify_actor(context)
        record = earlier or _begin(run, context)
        record.begin(chosen, AccountStatus.ACTIVE, plan_digest=undone.plan_digest)
        waiting = [target for target in chosen if target.user_id not in record.done]
        return await reinstate(waiting, record, context, undone=undone, own=own)


class Reversal(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing a run would do, as far as the ledger can tell."""

    people: tuple[Target, ...]
    """Whose access would change: at most these where the run was interrupted."""
    reinstates: bool
    """Whether they would be reinstated; otherwise the run is an undo, and they are disabled."""
    stay_signed_out: tuple[Target, ...] = ()
    """The people whose sessions the run ended: that can't be undone."""
    instead: str | None = None
    """If the run changed nobody: the run of the same plan that did, if there is one."""
    undone_by: Run | None = None
    """The newest run that has changed everyone of `people` since; None if anyone is left."""
    is_undone: bool = False
    """Whether that was an undo of this run; otherwise it was about something else."""
    is_finished: bool = True
    """Whether the run and `undone_by` ended: `undo` has to settle one that was interrupted."""


def reversal(run_id: str, *, ledger: PortalLedger, who: tuple[str, ...] = ()) -> Reversal:
    """Return what `undo` with the same arguments would do, for the confirmation prompt.

    Includes people for whom an interrupted run left no outcome: `undo` reads them back first.
    Raises UsageError as `undo` does, and LedgerError.
    """
    undone = RunRecord(ledger.journal, _changing(_found(run_id, ledger)))
    disables = undone.begun and undone.status is AccountStatus.ACTIVE
    signed_out = undone.targets_signed_out()
    instead = None
    if undone.run.plan_id and not disables and not undone.done and not signed_out:
        instead = run_that_changed(undone.run.plan_id, ledger)
    chosen = _chosen(undone, who, perhaps=_perhaps_changed(undone))
    undone_by = _changed_since(chosen, undone.run, ledger)
    return Reversal(
        people=chosen,
        undone_by=undone_by,
        is_undone=undone_by is not None and undone_by.undone_run_id == undone.run.run_id,
        is_finished=not {undone.run.state, undone_by.state if undone_by else "done"} & UNFINISHED,
        reinstates=not disables,
        stay_signed_out=() if who else signed_out,  # whoever is named was not only signed out
        instead=instead.run_id if instead else None,
    )


def _changed_since(people: tuple[Target, ...], run: Run, ledger: PortalLedger) -> Run | None:
    """Return the newest run that changed these people after `run`; None if anyone was not."""
    changes = read_history(ledger.journal.entries()).changes
    newest = [changes.get(target.user_id) for target in people]
    later = [change for change in newest if change is not None and change.run_id != run.run_id]
    if not later or len(later) < len(people):
        return None
    return ledger.runs.find(max(later, key=lambda change: change.at).run_id)


async def _disable_again(
    chosen: tuple[Target, ...],
    undone: RunRecord,
    context: ExecutionContext,
    guardrails: Guardrails,
    *,
    earlier: RunRecord | None,
) -> Receipt:
    """Disable the people whom an undo reinstated and who have not come back since."""
    plan = _plan(undone.run, context.ledger)
    history = read_history(context.ledger.journal.entries())
    allowed = allowance(
        guardrails,
        max_disable=None,
        history=history,
        reinstated=context.ledger.accounts.reinstated(),
        now=context.clock(),
    )
    check_guardrails([target.user_id for target in chosen], plan=plan, allowed=allowed)
    own = await identify_actor(context)
    record = earlier or _begin(undone.run, context)
    record.begin(chosen, AccountStatus.TERMINATED, plan_digest=undone.plan_digest)
    decisions = {user_id(one.user_id): one for one in plan.to_disable() if one.user_id}
    reinstated = {target.user_id: undone.acted_at[target.user_id] for target in chosen}
    first = min(reinstated.values(), default=context.clock())
    basis = DecisionBasis(
        at=first,
        undone=reinstated,
        seen_since=first,
        # Up to then the portal, by its own clock, notes the first reinstatement itself; the later
        # ones are known from the ledger.
        status_set_from=after(first, CLOCK_TOLERANCE),
        log_silence_days=guardrails.log_silence_days,
        policy=plan.policy,
        history=history,
    )
    done = record.done
    waiting = [
        Candidate(target=target, decision=decisions[target.user_id])
        for target in chosen
        if target.user_id not in done
    ]
    return await disable(waiting, record, context, basis=basis, own=own)


def _found(run_id: str, ledger: PortalLedger) -> Run:
    """Return the run; raises UsageError, which names another address where the run is."""
    try:
        return ledger.runs.find(run_id)
    except UsageError as error:
        prefix = run_id.strip().lower()
        elsewhere = ledger.address_with_run(prefix) if prefix.isalnum() else None
        if elsewhere is None:
            raise
        raise UsageError(
            attempted=error.attempted,
            found=f"{error.found} for {ledger.url}; {elsewhere} has such a run",
            meaning="each portal, identified by its address, has its own runs",
            remedy=f"set portal.url to {elsewhere}; or, if that portal has moved to {ledger.url}, "
            "undo with --same-portal",
        ) from None


def _changing(run: Run) -> Run:
    """Return `run` if it is of a kind that changes people; raises UsageError otherwise."""
    if run.kind != "review":
        return run
    raise UsageError(
        attempted=f"undoing the run {run.run_id}",
        found="it is a review",
        meaning="a review changes nobody, so there is nothing to undo",
        remedy="take the id of an apply, a run or an undo from `lastseen history`",
    )


def _perhaps_changed(undone: RunRecord) -> tuple[Target, ...]:
    """Return the people whom an interrupted run may have changed, as far as is known."""
    if undone.run.state not in UNFINISHED:
        return ()
    return tuple(target for who, target in undone.open.items() if who not in undone.done)


def _chosen(
    undone: RunRecord, who: tuple[str, ...], *, perhaps: tuple[Target, ...] = ()
) -> tuple[Target, ...]:
    """Return the people named by `who` whom the run changed; raises UsageError for others.

    `perhaps`: more people to choose from.
    """
    for target in undone.targets_signed_out():
        if any(goes_by(name, identity=target.user_id, email=target.email) for name in who):
            raise UsageError(
                attempted=f"undoing the run {undone.run.run_id}",
                found=f"it only ended the sessions of {target.email or target.user_id}",
                meaning="ended sessions stay ended; nothing was changed",
                remedy="there is nothing to undo: the person can sign in again at any time",
            )
    return select(
        (*undone.targets_done(), *perhaps),
        Selection(only=who),
        attempted=f"undoing the run {undone.run.run_id}",
        among="the people whom that run disabled or reinstated",
    )


def _plan(run: Run, ledger: PortalLedger) -> Plan:
    plan = ledger.runs.plan(run.plan_id) if run.plan_id else None
    if plan is None:
        raise UsageError(
            attempted=f"undoing the run {run.run_id}",
            found="the ledger no longer has the plan that it is based on",
            meaning="without it the guardrails can't be checked, so nobody may be disabled",
            remedy="review and apply again",
        )
    return plan


def _begin(undone: Run, context: ExecutionContext) -> RunRecord:
    run = context.ledger.runs.begin("undo", plan_id=undone.plan_id, undone_run_id=undone.run_id)
    return RunRecord(context.ledger.journal, run)
