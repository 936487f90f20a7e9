"""Which guardrail stops a plan: number of people, share of the roster, shrunken roster."""

from collections.abc import Iterable

from lastseen.docspace.interface import Portal
from lastseen.execution.guardrails import Allowance, allowance, check_guardrails
from lastseen.execution.history import History, read_history
from lastseen.execution.readback import read_people
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.decision import Decision
from lastseen.model.errors import PortalError
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan
from lastseen.workflows.apply_options import id_of, ids_of
from lastseen.workflows.plan_runs import people_left
from lastseen.workflows.roster_history import last_applied, shrunk


def guardrail_ahead(
    plan: Plan,
    *,
    ledger: PortalLedger,
    guardrails: Guardrails,
    now: Instant,
    max_disable: int | None = None,
) -> GuardrailStopped | None:
    """Return the error that a guardrail would raise for the rest of `plan` at `now`, or None.

    The rest are the people whom no run has dealt with: all of them before the first `apply`.
    `max_disable` is how many people were approved, None if nobody approved a number. Raises
    LedgerError.
    """
    try:
        allowed = allowed_now(guardrails, max_disable, ledger, now=now)
        left = people_left(plan, ledger).intersection(ids_of(plan.to_disable()))
        check_guardrails(left, plan=plan, allowed=allowed)
        check_roster(plan, ledger, guardrails)
    except GuardrailStopped as stopped:
        return stopped
    return None


async def disabled_already(chosen: Iterable[Decision], portal: Portal) -> frozenset[UserId]:
    """Return those of `chosen` whose account is disabled now: guardrails don't count them.

    Nobody where the portal can't be asked.
    """
    emails = {id_of(one): one.email for one in chosen}
    try:
        now = await read_people(portal, tuple(emails), emails=emails)
    except PortalError:
        return frozenset()
    return frozenset(
        who for who, profile in now.profiles.items() if profile.status is AccountStatus.TERMINATED
    )


def check_roster(plan: Plan, ledger: PortalLedger, guardrails: Guardrails) -> None:
    """Raise GuardrailStopped if the roster lost too many people since a plan was last applied.

    Also where nobody is to be disabled: a run on a roster cut short must not be what the next one
    is compared with.
    """
    if plan.population is None:
        return
    lost = shrunk(plan.population, last_applied(ledger, plan.population), guardrails)
    if lost is not None:
        raise GuardrailStopped(
            attempted=f"carrying out the plan {plan.plan_id}",
            found=lost,
            meaning="a roster that shrinks this much was usually not read completely; nothing"
            " was changed",
            remedy="look at the roster's source; if it is right, raise"
            " `max_roster_shrink` in [guardrails]",
            plan=plan,
        )


def allowed_now(
    guardrails: Guardrails,
    max_disable: int | None,
    ledger: PortalLedger,
    *,
    now: Instant,
    history: History | None = None,
) -> Allowance:
    """Return what may be disabled at `now`; `history` is read if not given."""
    history = history or read_history(ledger.journal.entries())
    return allowance(
        guardrails,
        max_disable=max_disable,
        history=history,
        reinstated=ledger.accounts.reinstated() if history.changes else {},
        now=now,
    )
