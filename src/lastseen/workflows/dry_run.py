"""A dry run of `apply`: every check and the recheck, without changes."""

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext, identify_actor
from lastseen.execution.history import read_history
from lastseen.execution.key_rights import require_change_right
from lastseen.execution.preflight import check_age, is_made_here
from lastseen.execution.recheck import Rechecked, recheck
from lastseen.ledger import PortalLedger
from lastseen.model.decision import Verdict
from lastseen.model.dry_run import DryRun
from lastseen.model.instant import Clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.rosters import Roster
from lastseen.workflows.apply import preview_on_portal
from lastseen.workflows.apply_options import ApplyOptions, chosen_of, id_of, with_verdict
from lastseen.workflows.carry_out import (
    account_types,
    basis_of,
    candidates_of,
    disabled_beyond_guardrails,
)
from lastseen.workflows.foreign_plan import DecidedAgain, decide_again
from lastseen.workflows.plan_guardrails import allowed_now


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
    """Make every check of `apply` and its recheck, and change neither accounts nor the journal.

    Interrupted runs are not settled. The review that decides a foreign plan again is not recorded.
    Raises what `apply` does.
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
        await preview_on_portal(plan, portal, ledger=ledger, options=options, now=clock())
        again = await _decisions_now(plan, context, options)
        if with_verdict(again.chosen, Verdict.DISABLE):
            await require_change_right(portal, attempted=f"carrying out the plan {plan.plan_id}")
        own = await identify_actor(context)
        candidates = candidates_of(again.chosen, again.account_types)
        history = read_history(ledger.journal.entries())
        basis = basis_of(again.plan, history, options.guardrails)
        looked = await recheck(candidates, context, basis=basis, own=own)
    return _dry_run_of(again, looked)


async def _decisions_now(
    plan: Plan, context: ExecutionContext, options: ApplyOptions
) -> DecidedAgain:
    """Return what `apply` would carry out: the plan's own decisions, or new ones if it is foreign.

    The guardrails are checked for new decisions; for the plan's own, the preview did that.
    """
    ledger, guardrails = context.ledger, options.guardrails
    if is_made_here(plan, ledger):
        chosen = chosen_of(plan, options, ledger)
        types = account_types(plan, ledger)
        return DecidedAgain(plan=plan, chosen=chosen, kept=(), account_types=types)
    again = await decide_again(plan, context, options)
    now = context.clock()
    check_age(again.plan, now=now, guardrails=guardrails)
    allowed = allowed_now(guardrails, options.max_disable, ledger, now=now)
    await disabled_beyond_guardrails(again.plan, again.chosen, frozenset(), allowed, context)
    return again


def _dry_run_of(again: DecidedAgain, looked: Rechecked) -> DryRun:
    to_disable = {target.user_id for target in looked.to_disable}
    to_sign_out = {target.user_id for target in looked.to_sign_out}
    return DryRun(
        plan_id=again.plan.plan_id,
        now=again.plan.now,
        would_disable=tuple(one for one in again.chosen if id_of(one) in to_disable),
        would_sign_out=tuple(one for one in again.chosen if id_of(one) in to_sign_out),
        outcomes=(*again.kept, *looked.outcomes),
    )
