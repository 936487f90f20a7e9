"""Carrying out a plan: look again, disable the people still to be disabled, write a receipt.

Reads as its sentence; the steps are in `execution`. Nobody is added to what the plan says: the last
look only ever spares.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.record import decode_record
from lastseen.execution.context import ExecutionContext, Pace, identify_actor
from lastseen.execution.disable import disable
from lastseen.execution.guardrails import Allowance, allowance, check_guardrails
from lastseen.execution.history import History, read_history
from lastseen.execution.preflight import check_age, check_plan, is_made_here, refuse_foreign
from lastseen.execution.recheck import Candidate, DecisionBasis, Rechecked, recheck
from lastseen.execution.recovery import carries_out, nothing, settle
from lastseen.execution.run_record import RunRecord
from lastseen.execution.selection import Selection, longest_idle, select
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, AccountType, UserId, user_id
from lastseen.model.decision import Decision, Verdict
from lastseen.model.dry_run import DryRun
from lastseen.model.errors import UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Clock, Instant
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Cause, Outcome, OutcomeKind, Receipt
from lastseen.rosters import Roster
from lastseen.workflows.review import review


class ApplyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan is to be carried out."""

    guardrails: Guardrails = Guardrails()
    """The limits beyond which nothing is done at all."""
    selection: Selection = Selection()
    """Which of the people in the plan are to be changed this time."""
    limit: int | None = None
    """At most so many of them, the longest idle first; None: all."""
    max_disable: int | None = None
    """How many people this run may disable, whatever the guardrails say; None: they hold."""
    trust_plan_file: bool = False
    """Whether a plan that this ledger did not make may name people, each decided anew."""
    reconcile: bool = True
    """Whether deciding anew also lists the guests on no outside roster."""
    pace: Pace = Pace()
    """How many people one request disables, and how long answers are waited for."""


class ApplyPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What applying a plan would set out to do, before anything is asked of the portal."""

    to_disable: tuple[Decision, ...]
    """The people chosen to be disabled, in the plan's order."""
    to_sign_out: tuple[Decision, ...]
    """The people chosen whose sessions would be ended."""
    decided_anew: bool
    """Whether the ledger did not make the plan, so that each of them is decided anew first."""


async def apply(
    plan: Plan,
    portal: Portal,
    *,
    ledger: PortalLedger,
    options: ApplyOptions,
    clock: Clock,
    roster: Roster | None = None,
    policy: Policy | None = None,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
) -> Receipt:
    """Disable and sign out the people whom `plan` says, as far as nothing has changed.

    Only a plan that `ledger` made is carried out; with `options.trust_plan_file` another one only
    chooses people, and each is reviewed anew. The last look asks `roster` and `policy`, what is
    configured now, and spares whom they no longer disable; the receipt says where one was not
    given. Guardrails count the people whom this run would disable, and those disabled lately,
    before anything is asked of the portal. An earlier run of the same plan that was cut off is
    carried on: the receipt is then the whole run's. When `stop` is set the batch in flight is
    finished and verified, the others fail as not attempted, and the same command goes on from
    there; None: the work runs to its end. A cancellation does the same, and is raised after the
    receipt is in the ledger. `receipt_exit_code` gives the exit code of a command.

    Raises PlanRefused, GuardrailStopped, LockHeld and UsageError before anything is changed;
    PortalError and RosterError when the people can't be looked at again, with nobody changed since
    the call; LedgerError when the ledger can't be written, where the same command goes on later.
    """
    check_plan(plan, portal_url=portal.url)
    context = ExecutionContext(
        portal=portal,
        ledger=ledger,
        roster=roster,
        policy=policy,
        clock=clock,
        progress=progress or Silent(),
        stop=stop,
        pace=options.pace,
    )
    with ledger.lock("apply"):
        if is_made_here(plan, ledger):
            chosen = _chosen(plan, options, ledger)
            earlier = await settle(context, resumed=carries_out(plan.plan_id))
            return await carry_out(
                plan,
                chosen,
                context,
                guardrails=options.guardrails,
                max_disable=options.max_disable,
                kind="apply",
                earlier=earlier,
            )
        return await _apply_foreign(plan, context, options)


def preview_apply(
    plan: Plan, *, ledger: PortalLedger, options: ApplyOptions, now: Instant
) -> ApplyPreview:
    """Return what `apply` with the same arguments would set out to do, so that it can be asked.

    Makes every check that needs neither the portal nor its lock, and raises as `apply` does:
    PlanRefused, GuardrailStopped, UsageError, LedgerError.
    """
    check_plan(plan, portal_url=ledger.url)
    here = is_made_here(plan, ledger)
    if not here and not options.trust_plan_file:
        raise refuse_foreign(plan)
    chosen = _chosen(plan, options, ledger)
    if here:
        check_age(plan, now=now, guardrails=options.guardrails)
        allowed = _allowed(options.guardrails, options.max_disable, ledger, now=now)
        check_guardrails(_ids(_with(chosen, Verdict.DISABLE)), plan=plan, allowed=allowed)
    return ApplyPreview(
        to_disable=_with(chosen, Verdict.DISABLE),
        to_sign_out=_with(chosen, Verdict.SIGN_OUT),
        decided_anew=not here,
    )


async def dry_run(
    plan: Plan,
    portal: Portal,
    *,
    ledger: PortalLedger,
    options: ApplyOptions,
    clock: Clock,
    roster: Roster | None = None,
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> DryRun:
    """Make every check of `apply` and its last look, and change nothing: no account, no journal.

    Runs that were cut off are not settled. Raises what `apply` does; PlanRefused for a plan that
    `ledger` did not make.
    """
    context = ExecutionContext(
        portal=portal,
        ledger=ledger,
        roster=roster,
        policy=policy,
        clock=clock,
        progress=progress or Silent(),
    )
    with ledger.lock("apply"):
        mine = msgspec.structs.replace(options, trust_plan_file=False)
        preview_apply(plan, ledger=ledger, options=mine, now=clock())
        chosen = _chosen(plan, options, ledger)
        own = await identify_actor(context)
        candidates = _candidates(plan, chosen, ledger)
        basis = _basis(plan, read_history(ledger.journal.entries()))
        looked = await recheck(candidates, context, basis=basis, own=own)
    return _dry_run_of(plan, chosen, looked)


async def carry_out(
    plan: Plan,
    chosen: Sequence[Decision],
    context: ExecutionContext,
    *,
    guardrails: Guardrails,
    max_disable: int | None,
    kind: Literal["apply", "run"],
    earlier: RunRecord | None,
    decided: Sequence[Outcome] = (),
) -> Receipt:
    """Do what `chosen`, decisions of `plan`, say, as far as it still holds.

    Called with the portal's lock held and with earlier runs settled. `earlier` is the run of this
    plan that was cut off, to be carried on; None begins a run of this `kind`. `decided`: outcomes
    of people who are on the receipt without being candidates. Raises what `apply` does.
    """
    now = context.clock()
    check_age(plan, now=now, guardrails=guardrails)
    history = read_history(context.ledger.journal.entries())
    done = frozenset[UserId]() if earlier is None else earlier.done
    to_disable = _with(chosen, Verdict.DISABLE)
    allowed = _allowed(guardrails, max_disable, context.ledger, now=now, history=history)
    check_guardrails(done.union(_ids(to_disable)), plan=plan, allowed=allowed)
    own = await identify_actor(context)
    record = earlier or RunRecord(
        context.ledger.journal, context.ledger.runs.begin(kind, plan_id=plan.plan_id)
    )
    candidates = _candidates(plan, chosen, context.ledger)
    named = [Target(user_id=one.user_id, email=one.email) for one in decided]
    record.begin(
        [*(one.target for one in candidates if _is(one, Verdict.DISABLE)), *named],
        AccountStatus.TERMINATED,
        sign_out=[one.target for one in candidates if _is(one, Verdict.SIGN_OUT)],
        max_disable=max_disable,
    )
    record.close(decided)
    settled = record.done | record.signed_out | record.open_sign_outs.keys()
    waiting = [one for one in candidates if one.target.user_id not in settled]
    return await disable(waiting, record, context, basis=_basis(plan, history), own=own)


async def _apply_foreign(plan: Plan, context: ExecutionContext, options: ApplyOptions) -> Receipt:
    """Review anew, and carry out what is decided then about the people whom `plan` names."""
    if not options.trust_plan_file:
        raise refuse_foreign(plan)
    if context.roster is None or context.policy is None:
        raise UsageError(
            attempted=f"carrying out the plan {plan.plan_id}",
            found="the ledger did not make it, and no roster and policy are given",
            meaning="its people have to be decided anew, which takes both",
            remedy="pass roster and policy, or apply a plan that this ledger made",
        )
    named = _chosen(plan, options, context.ledger)
    await settle(context, resumed=nothing)
    fresh = await review(
        context.portal,
        context.roster,
        ledger=context.ledger,
        policy=context.policy,
        clock=context.clock,
        reconcile=options.reconcile,
        progress=context.progress,
    )
    wanted = frozenset(_ids(named))
    chosen = [one for one in _actions(fresh) if user_id(one.user_id or "") in wanted]
    kept = wanted.difference(_ids(chosen))
    return await carry_out(
        fresh,
        chosen,
        context,
        guardrails=options.guardrails,
        max_disable=options.max_disable,
        kind="apply",
        earlier=None,
        decided=[_decided_otherwise(one, fresh) for one in named if _id(one) in kept],
    )


def _decided_otherwise(named: Decision, fresh: Plan) -> Outcome:
    """Return the outcome of a person whom a foreign plan names and the new review doesn't."""
    found = next((one for one in fresh.decisions if one.user_id and _id(one) == _id(named)), None)
    words = "decided anew: not on the roster"
    if found is not None:
        words = f"decided anew: {found.decision.value}, {found.reason.value}. {found.explanation}"
    return Outcome(
        user_id=_id(named),
        email=named.email,
        outcome=OutcomeKind.SPARED_CHANGED,
        error=words,
        cause=Cause.DECIDED_ANEW,
    )


def _allowed(
    guardrails: Guardrails,
    max_disable: int | None,
    ledger: PortalLedger,
    *,
    now: Instant,
    history: History | None = None,
) -> Allowance:
    return allowance(
        guardrails,
        max_disable=max_disable,
        history=history or read_history(ledger.journal.entries()),
        reinstated=ledger.accounts.reinstated(),
        now=now,
    )


def _chosen(plan: Plan, options: ApplyOptions, ledger: PortalLedger) -> tuple[Decision, ...]:
    """Return whom `plan` changes and `options` choose; raises UsageError for a strange name."""
    chosen = select(
        _actions(plan),
        options.selection,
        attempted=f"choosing people of the plan {plan.plan_id}",
        among="the people whom the plan disables or signs out",
    )
    if options.limit is None:
        return chosen
    done = _done_before(ledger)
    return longest_idle([one for one in chosen if _id(one) not in done], options.limit)


def _done_before(ledger: PortalLedger) -> frozenset[UserId]:
    """Return whom finished runs disabled or signed out: a limit passes over them."""
    history = read_history(ledger.journal.entries())
    unfinished = {run.run_id for run in ledger.runs.all() if run.state in _UNFINISHED}
    disabled = (
        who
        for who, change in history.changes.items()
        if change.outcome is OutcomeKind.DISABLED and change.run_id not in unfinished
    )
    return frozenset(disabled).union(history.signed_out)


def _actions(plan: Plan) -> tuple[Decision, ...]:
    return (*plan.to_disable(), *plan.to_sign_out())


def _candidates(
    plan: Plan, chosen: Sequence[Decision], ledger: PortalLedger
) -> tuple[Candidate, ...]:
    types = _account_types(plan, ledger)
    return tuple(
        Candidate(
            target=Target(user_id=_id(one), email=one.email, type=types.get(_id(one))),
            decision=one,
        )
        for one in chosen
    )


def _account_types(plan: Plan, ledger: PortalLedger) -> Mapping[UserId, AccountType]:
    """Return what kind of account those to be changed had at the review."""
    document = ledger.runs.evidence_record(plan.plan_id)
    try:
        return decode_record(document).account_types if document else {}
    except msgspec.MsgspecError:
        return {}


def _basis(plan: Plan, history: History) -> DecisionBasis:
    return DecisionBasis(at=plan.now, seen_since=plan.now, policy=plan.policy, history=history)


def _dry_run_of(plan: Plan, chosen: Sequence[Decision], looked: Rechecked) -> DryRun:
    to_disable = {target.user_id for target in looked.to_disable}
    to_sign_out = {target.user_id for target in looked.to_sign_out}
    return DryRun(
        plan_id=plan.plan_id,
        would_disable=tuple(one for one in chosen if _id(one) in to_disable),
        would_sign_out=tuple(one for one in chosen if _id(one) in to_sign_out),
        outcomes=looked.outcomes,
    )


def _with(decisions: Sequence[Decision], verdict: Verdict) -> tuple[Decision, ...]:
    return tuple(one for one in decisions if one.decision is verdict)


def _is(candidate: Candidate, verdict: Verdict) -> bool:
    return candidate.decision.decision is verdict


def _ids(decisions: Sequence[Decision]) -> list[UserId]:
    return [_id(one) for one in decisions]


def _id(decision: Decision) -> UserId:
    return user_id(decision.user_id or "")


_UNFINISHED = ("running", "interrupted")
