"""A plan that this ledger did not make, but that the user trusts: it only names people.

Each of them is reviewed again with the current roster and policy, and nobody else is changed.
"""

from collections.abc import Mapping, Sequence

import msgspec

from lastseen.execution.context import ExecutionContext
from lastseen.execution.outcomes import already, kept_by_new_review
from lastseen.execution.preflight import refuse_foreign
from lastseen.execution.recovery import resumes_none, settle
from lastseen.execution.target import Target
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.decision import Decision, Reason
from lastseen.model.errors import UsageError
from lastseen.model.plan import Plan, Policy
from lastseen.model.receipt import Outcome, Receipt
from lastseen.rosters import Roster
from lastseen.workflows.apply_options import ApplyOptions, actions_of, chosen_of, id_of, ids_of
from lastseen.workflows.carry_out import carry_out
from lastseen.workflows.review import review, review_unrecorded


async def apply_foreign(plan: Plan, context: ExecutionContext, options: ApplyOptions) -> Receipt:
    """Review again, and carry out the new decisions on the people that `plan` names."""
    roster, policy = _to_decide_by(plan, context, options)
    named = chosen_of(plan, options, context.ledger)
    await settle(context, resumed=resumes_none)
    fresh = await review(
        context.portal,
        roster,
        ledger=context.ledger,
        policy=policy,
        clock=context.clock,
        reconcile=options.reconcile,
        log_silence_days=options.guardrails.log_silence_days,
        progress=context.progress,
    )
    again = _decided_again(named, fresh)
    return await carry_out(
        fresh,
        again.chosen,
        context,
        guardrails=options.guardrails,
        max_disable=options.max_disable,
        kind="apply",
        earlier=None,
        decided=again.kept,
    )


class DecidedAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What a new review decides about the people whom a foreign plan names."""

    plan: Plan
    """The new decisions, about everyone; under the foreign plan's id where nothing was recorded."""
    chosen: tuple[Decision, ...]
    """The new decisions that change people whom the foreign plan names."""
    kept: tuple[Outcome, ...]
    """The outcomes of the others whom it names."""
    account_types: Mapping[UserId, AccountType] = {}
    """The account types of those whom the new plan disables."""


async def decide_again(
    plan: Plan, context: ExecutionContext, options: ApplyOptions
) -> DecidedAgain:
    """Review again without recording a run, as `apply --dry-run` does for a foreign plan."""
    roster, policy = _to_decide_by(plan, context, options)
    named = chosen_of(plan, options, context.ledger)
    reviewed = await review_unrecorded(
        context.portal,
        roster,
        ledger=context.ledger,
        policy=policy,
        clock=context.clock,
        reconcile=options.reconcile,
        log_silence_days=options.guardrails.log_silence_days,
        progress=context.progress,
    )
    fresh = msgspec.structs.replace(reviewed.plan, plan_id=plan.plan_id)
    return msgspec.structs.replace(
        _decided_again(named, fresh), account_types=reviewed.record.account_types
    )


def _to_decide_by(
    plan: Plan, context: ExecutionContext, options: ApplyOptions
) -> tuple[Roster, Policy]:
    """Return the roster and the policy of now; raises PlanRefused if the file isn't trusted."""
    if not options.trust_plan_file:
        raise refuse_foreign(plan)
    if context.roster is None or context.policy is None:
        raise UsageError(
            attempted=f"carrying out the plan {plan.plan_id}",
            found="the ledger did not make it, and no roster and policy were given",
            meaning="its people have to be decided again, which needs both",
            remedy="pass roster and policy, or apply a plan that this ledger made",
        )
    return context.roster, context.policy


def _decided_again(named: Sequence[Decision], fresh: Plan) -> DecidedAgain:
    wanted = frozenset(ids_of(named))
    chosen = tuple(one for one in actions_of(fresh) if id_of(one) in wanted)
    kept = wanted.difference(ids_of(chosen))
    return DecidedAgain(
        plan=fresh,
        chosen=chosen,
        kept=tuple(_decided_otherwise(one, fresh) for one in named if id_of(one) in kept),
    )


def _decided_otherwise(named: Decision, fresh: Plan) -> Outcome:
    """Return the outcome of a person in a foreign plan whom the new review does not change."""
    found = next(
        (one for one in fresh.decisions if one.user_id and id_of(one) == id_of(named)), None
    )
    words = "decided again: not on the roster"
    target = Target(
        user_id=id_of(named),
        email=named.email,
        reason=found.reason if found else None,
        session_may_be_open=found.session_may_be_open if found else None,
    )
    if found is not None and found.reason is Reason.ALREADY_DISABLED:
        return already(target, AccountStatus.TERMINATED)
    if found is not None:
        words = f"decided again: {found.decision.value}, {found.reason.value}. {found.explanation}"
    return kept_by_new_review(target, words)
