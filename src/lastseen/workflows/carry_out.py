"""Carries out selected decisions of a plan: the part that `apply` and `run` share.

Called with the portal's lock held and with earlier runs settled.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from lastseen.evidence.record import decode_record
from lastseen.execution.acts_since import review_knew_until
from lastseen.execution.context import ExecutionContext, identify_actor
from lastseen.execution.decision_basis import DecisionBasis
from lastseen.execution.disable import disable
from lastseen.execution.guardrails import Allowance, check_guardrails
from lastseen.execution.history import History, read_history
from lastseen.execution.key_rights import require_change_right
from lastseen.execution.outcomes import already
from lastseen.execution.preflight import check_age
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Candidate, Target
from lastseen.ledger import PortalLedger
from lastseen.model.concurrency import task_group
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.decision import Decision, Verdict
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.plan import Plan
from lastseen.model.receipt import Outcome, Receipt
from lastseen.workflows.apply_options import id_of, ids_of, with_verdict
from lastseen.workflows.plan_guardrails import allowed_now, check_roster, disabled_already


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
    """Carry out `chosen`, decisions of `plan`, where they still apply.

    Called with the portal's lock held and with earlier runs settled. `earlier` is the interrupted
    run of this plan to resume; None begins a run of this `kind`. `decided`: outcomes of people who
    are on the receipt without being candidates. Raises what `apply` does.
    """
    now = context.clock()
    check_age(plan, now=now, guardrails=guardrails)
    history = read_history(context.ledger.journal.entries())
    done = frozenset[UserId]() if earlier is None else earlier.done
    allowed = allowed_now(guardrails, max_disable, context.ledger, now=now, history=history)
    disabled = await disabled_beyond_guardrails(plan, chosen, done, allowed, context)
    everyone = candidates_of(chosen, account_types(plan, context.ledger))
    decided = [*decided, *_already(everyone, disabled)]
    candidates = [one for one in everyone if one.target.user_id not in disabled]
    own = await _identify_with_right(plan, candidates, context)
    record = earlier or RunRecord(
        context.ledger.journal, context.ledger.runs.begin(kind, plan_id=plan.plan_id)
    )
    named = [
        Target(
            user_id=one.user_id,
            email=one.email,
            reason=one.reason,
            session_may_be_open=one.session_may_be_open,
        )
        for one in decided
    ]
    record.begin(
        [*(one.target for one in candidates if _is(one, Verdict.DISABLE)), *named],
        AccountStatus.TERMINATED,
        sign_out=[one.target for one in candidates if _is(one, Verdict.SIGN_OUT)],
        max_disable=max_disable,
        plan_digest=plan.digest,
    )
    record.close(decided)
    settled = record.done | record.signed_out | record.open_sign_outs.keys()
    waiting = [one for one in candidates if one.target.user_id not in settled]
    return await disable(
        waiting, record, context, basis=basis_of(plan, history, guardrails), own=own
    )


async def disabled_beyond_guardrails(
    plan: Plan,
    chosen: Sequence[Decision],
    done: frozenset[UserId],
    allowed: Allowance,
    context: ExecutionContext,
) -> frozenset[UserId]:
    """Return who of `chosen` is disabled already, if the guardrails would stop the run otherwise.

    Raises GuardrailStopped if they stop it even so. Empty if they allow everyone.
    """
    try:
        _check_guardrails(plan, chosen, done, allowed, context.ledger)
    except GuardrailStopped:
        to_disable = with_verdict(chosen, Verdict.DISABLE)
        disabled = await disabled_already(
            [one for one in to_disable if id_of(one) not in done], context.portal
        )
        left = [one for one in chosen if id_of(one) not in disabled]
        _check_guardrails(plan, left, done, allowed, context.ledger)
        return disabled
    return frozenset()


async def _identify_with_right(
    plan: Plan, candidates: Sequence[Candidate], context: ExecutionContext
) -> UserId:
    """Return the account of the API key; raises KeyLacksRight if it may not disable anybody."""
    async with task_group() as group:
        identified = group.create_task(identify_actor(context))
        if any(_is(one, Verdict.DISABLE) for one in candidates):
            await require_change_right(
                context.portal, attempted=f"carrying out the plan {plan.plan_id}"
            )
    return identified.result()


def _check_guardrails(
    plan: Plan,
    chosen: Sequence[Decision],
    done: frozenset[UserId],
    allowed: Allowance,
    ledger: PortalLedger,
) -> None:
    """Raise GuardrailStopped if `chosen` and those whom the run has disabled are too many."""
    check_guardrails(
        done.union(ids_of(with_verdict(chosen, Verdict.DISABLE))), plan=plan, allowed=allowed
    )
    check_roster(plan, ledger, allowed.guardrails)


def _already(candidates: Sequence[Candidate], disabled: frozenset[UserId]) -> list[Outcome]:
    """Return the outcomes of those whom the portal shows as disabled before the run began."""
    return [
        already(one.target, AccountStatus.TERMINATED)
        for one in candidates
        if one.target.user_id in disabled
    ]


def candidates_of(
    chosen: Sequence[Decision], types: Mapping[UserId, AccountType]
) -> tuple[Candidate, ...]:
    """Return the people of `chosen` in the form that the recheck takes.

    `types`: their account types at the time of the review, as far as they are known.
    """
    return tuple(
        Candidate(
            target=Target(
                user_id=id_of(one),
                email=one.email,
                type=types.get(id_of(one)),
                reason=one.reason,
                session_may_be_open=one.session_may_be_open,
            ),
            decision=one,
        )
        for one in chosen
    )


def basis_of(plan: Plan, history: History, guardrails: Guardrails) -> DecisionBasis:
    """Return what the recheck has to know about the plan and earlier runs."""
    return DecisionBasis(
        at=plan.now,
        seen_since=plan.now,
        status_set_from=review_knew_until(plan.now, plan.policy.reinstated_grace_days),
        log_silence_days=guardrails.log_silence_days,
        policy=plan.policy,
        history=history,
    )


def account_types(plan: Plan, ledger: PortalLedger) -> Mapping[UserId, AccountType]:
    """Return the account types, at the time of its review, of those whom `plan` disables."""
    document = ledger.runs.evidence_record(plan.plan_id)
    try:
        return decode_record(document).account_types if document else {}
    except msgspec.MsgspecError:
        return {}


def _is(candidate: Candidate, verdict: Verdict) -> bool:
    return candidate.decision.decision is verdict
