"""Carrying out a plan: look again, disable the people still to be disabled, write a receipt.

Reads as its sentence; the steps are in `carry_out` and `execution`. Nobody is added to what the
plan says: the last look only ever spares.
"""

import asyncio

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.execution.context import ExecutionContext
from lastseen.execution.guardrails import check_guardrails
from lastseen.execution.preflight import check_age, check_plan, is_made_here, refuse_foreign
from lastseen.execution.recovery import carries_out, settle
from lastseen.ledger import PortalLedger
from lastseen.model.decision import Decision, Verdict
from lastseen.model.instant import Clock, Instant
from lastseen.model.plan import Plan, Policy
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Receipt
from lastseen.rosters import Roster
from lastseen.workflows.apply_options import ApplyOptions, chosen_of, ids_of, with_verdict
from lastseen.workflows.carry_out import carry_out
from lastseen.workflows.foreign_plan import apply_foreign
from lastseen.workflows.plan_guardrails import allowed_now, check_roster


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
    chosen = chosen_of(plan, options, ledger)
    if here:
        check_age(plan, now=now, guardrails=options.guardrails)
        allowed = allowed_now(options.guardrails, options.max_disable, ledger, now=now)
        check_guardrails(ids_of(with_verdict(chosen, Verdict.DISABLE)), plan=plan, allowed=allowed)
        check_roster(plan, ledger, options.guardrails)
    return ApplyPreview(
        to_disable=with_verdict(chosen, Verdict.DISABLE),
        to_sign_out=with_verdict(chosen, Verdict.SIGN_OUT),
        decided_anew=not here,
    )
