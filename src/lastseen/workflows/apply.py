"""Applies a plan: recheck everyone, disable those still due, write a receipt.

The steps are in `carry_out` and `execution`. Nobody is added to the plan: the recheck only ever
spares.
"""

import asyncio

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext
from lastseen.execution.guardrails import check_guardrails
from lastseen.execution.history import read_history
from lastseen.execution.preflight import check_age, check_plan, is_made_here, refuse_foreign
from lastseen.execution.recovery import carries_out, settle
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Verdict
from lastseen.model.guardrails import GuardrailStopped
from lastseen.model.instant import Clock, Instant
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt
from lastseen.rosters import Roster
from lastseen.workflows.apply_options import ApplyOptions, chosen_of, id_of, ids_of, with_verdict
from lastseen.workflows.carry_out import carry_out
from lastseen.workflows.foreign_plan import apply_foreign
from lastseen.workflows.plan_guardrails import allowed_now, check_roster, disabled_already


class ApplyPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What applying a plan would do, before any request is sent to the portal."""

    to_disable: tuple[Decision, ...]
    """The people chosen to be disabled, in the plan's order."""
    to_sign_out: tuple[Decision, ...]
    """The people chosen whose sessions would be ended."""
    kept_by_new_review: bool
    """Whether the ledger did not make the plan, so that everyone in it is decided again first."""


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
    """Disable and sign out the people in `plan`, except where something has changed.

    Only a plan that `ledger` made is applied; with `options.trust_plan_file` any other plan only
    selects people, and each is reviewed again. The recheck uses the current `roster` and `policy`
    and spares anyone they no longer disable; the receipt says if one was not given. Guardrails
    count the people that this run would disable and those disabled recently; where they would stop
    it, the portal is asked who is disabled already, and those don't count. An
    interrupted run of the same plan is resumed, and the receipt then covers the whole run. When
    `stop` is set, the current batch is finished and verified, everyone else
    fails as not attempted, and the same command continues from there; None: run to the end. A
    cancellation does the same and is raised once the receipt is in the ledger. `receipt_exit_code`
    gives the command's exit code.

    Raises PlanRefused, GuardrailStopped, LockHeld and UsageError before anything is changed;
    PortalError and RosterError if the people can't be rechecked, with nobody changed since the
    call; LedgerError if the ledger can't be written, after which the same command can continue.
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
            chosen = chosen_of(plan, options, ledger)
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
        return await apply_foreign(plan, context, options)


async def preview_on_portal(
    plan: Plan, portal: Portal, *, ledger: PortalLedger, options: ApplyOptions, now: Instant
) -> ApplyPreview:
    """Return and raise what `preview_apply` does, without the people who are disabled already.

    The portal is asked only where a guardrail would stop the plan.
    """
    try:
        return preview_apply(plan, ledger=ledger, options=options, now=now)
    except GuardrailStopped:
        to_disable = with_verdict(chosen_of(plan, options, ledger), Verdict.DISABLE)
        disabled = await disabled_already(to_disable, portal)
        if not disabled:
            raise
        return preview_apply(plan, ledger=ledger, options=options, now=now, disabled=disabled)


def preview_apply(
    plan: Plan,
    *,
    ledger: PortalLedger,
    options: ApplyOptions,
    now: Instant,
    disabled: frozenset[UserId] = frozenset(),
) -> ApplyPreview:
    """Return what `apply` with the same arguments would do, for the confirmation prompt.

    `disabled`: people known to be disabled already, who are left out, as is everyone whom a run has
    disabled since the plan was made. Makes every check that needs neither the portal nor its lock,
    and raises as `apply` does: PlanRefused, GuardrailStopped, UsageError, LedgerError.
    """
    check_plan(plan, portal_url=ledger.url)
    here = is_made_here(plan, ledger)
    if not here and not options.trust_plan_file:
        raise refuse_foreign(plan)
    disabled |= read_history(ledger.journal.entries()).disabled_since(
        plan.created_at, ledger.accounts.reinstated(), approved_too=True
    )
    chosen = [one for one in chosen_of(plan, options, ledger) if id_of(one) not in disabled]
    if here:
        check_age(plan, now=now, guardrails=options.guardrails)
        allowed = allowed_now(options.guardrails, options.max_disable, ledger, now=now)
        check_guardrails(ids_of(with_verdict(chosen, Verdict.DISABLE)), plan=plan, allowed=allowed)
        if chosen:
            check_roster(plan, ledger, options.guardrails)
    return ApplyPreview(
        to_disable=with_verdict(chosen, Verdict.DISABLE),
        to_sign_out=with_verdict(chosen, Verdict.SIGN_OUT),
        kept_by_new_review=not here,
    )
