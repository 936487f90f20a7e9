"""A dry run of `apply`: every check and the recheck, without changes."""

from collections.abc import Sequence

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext, identify_actor
from lastseen.execution.history import read_history
from lastseen.execution.key_rights import require_change_right
from lastseen.execution.recheck import Rechecked, recheck
from lastseen.ledger import PortalLedger
from lastseen.model.decision import Decision, Verdict
from lastseen.model.dry_run import DryRun
from lastseen.model.instant import Clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.rosters import Roster
from lastseen.workflows.apply import preview_on_portal
from lastseen.workflows.apply_options import ApplyOptions, chosen_of, id_of, with_verdict
from lastseen.workflows.carry_out import basis_of, candidates_of


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

    Interrupted runs are not settled. Raises what `apply` does; PlanRefused for a plan that
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
        await preview_on_portal(plan, portal, ledger=ledger, options=mine, now=clock())
        chosen = chosen_of(plan, options, ledger)
        if with_verdict(chosen, Verdict.DISABLE):
            await require_change_right(portal, attempted=f"carrying out the plan {plan.plan_id}")
        own = await identify_actor(context)
        candidates = candidates_of(plan, chosen, ledger)
        history = read_history(ledger.journal.entries())
        basis = basis_of(plan, history, options.guardrails)
        looked = await recheck(candidates, context, basis=basis, own=own)
    return _dry_run_of(plan, chosen, looked)


def _dry_run_of(plan: Plan, chosen: Sequence[Decision], looked: Rechecked) -> DryRun:
    to_disable = {target.user_id for target in looked.to_disable}
    to_sign_out = {target.user_id for target in looked.to_sign_out}
    return DryRun(
        plan_id=plan.plan_id,
        now=plan.now,
        would_disable=tuple(one for one in chosen if id_of(one) in to_disable),
        would_sign_out=tuple(one for one in chosen if id_of(one) in to_sign_out),
        outcomes=looked.outcomes,
    )
