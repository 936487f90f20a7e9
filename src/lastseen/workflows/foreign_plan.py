"""A plan that this ledger did not make, but that the user trusts: it only names people.

Each of them is reviewed again with the current roster and policy, and nobody else is changed.
"""

from lastseen.execution.context import ExecutionContext
from lastseen.execution.outcomes import already, kept_by_new_review
from lastseen.execution.preflight import refuse_foreign
from lastseen.execution.recovery import resumes_none, settle
from lastseen.execution.target import Target
from lastseen.model.contractor import AccountStatus
from lastseen.model.decision import Decision, Reason
from lastseen.model.errors import UsageError
from lastseen.model.plan import Plan
from lastseen.model.receipt import Outcome, Receipt
from lastseen.workflows.apply_options import ApplyOptions, actions_of, chosen_of, id_of, ids_of
from lastseen.workflows.carry_out import carry_out
from lastseen.workflows.review import review


async def apply_foreign(plan: Plan, context: ExecutionContext, options: ApplyOptions) -> Receipt:
    """Review again, and carry out the new decisions on the people that `plan` names."""
    if not options.trust_plan_file:
        raise refuse_foreign(plan)
    if context.roster is None or context.policy is None:
        raise UsageError(
            attempted=f"carrying out the plan {plan.plan_id}",
            found="the ledger did not make it, and no roster and policy were given",
            meaning="its people have to be decided again, which needs both",
            remedy="pass roster and policy, or apply a plan that this ledger made",
        )
    named = chosen_of(plan, options, context.ledger)
    await settle(context, resumed=resumes_none)
    fresh = await review(
        context.portal,
        context.roster,
        ledger=context.ledger,
        policy=context.policy,
        clock=context.clock,
        reconcile=options.reconcile,
        log_silence_days=options.guardrails.log_silence_days,
        progress=context.progress,
    )
    wanted = frozenset(ids_of(named))
    chosen = [one for one in actions_of(fresh) if id_of(one) in wanted]
    kept = wanted.difference(ids_of(chosen))
    return await carry_out(
        fresh,
        chosen,
        context,
        guardrails=options.guardrails,
        max_disable=options.max_disable,
        kind="apply",
        earlier=None,
        decided=[_decided_otherwise(one, fresh) for one in named if id_of(one) in kept],
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
