"""What must hold before a plan is carried out: it is intact, fresh, and of this portal and ledger.

Nothing here asks the portal: a plan that may not be carried out costs no request.
"""

from datetime import timedelta

from lastseen.ledger import PortalLedger
from lastseen.model.errors import PlanRefused, UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, minute
from lastseen.model.plan import PLAN_SCHEMA, Plan
from lastseen.model.plan_document import is_intact
from lastseen.model.portal_address import portal_address

_ATTEMPTED = "carrying out the plan {}"


def check_plan(plan: Plan, *, portal_url: str) -> None:
    """Raise PlanRefused unless the plan is intact, real and made for the portal at `portal_url`."""
    attempted = _ATTEMPTED.format(plan.plan_id)
    if plan.schema != PLAN_SCHEMA:
        raise PlanRefused(
            attempted=attempted,
            found=f"its schema is {plan.schema!r}",
            meaning=f"this version of Lastseen understands {PLAN_SCHEMA!r} only",
            remedy="review again with this version",
        )
    if not is_intact(plan):
        raise PlanRefused(
            attempted=attempted,
            found="its digest does not match its content",
            meaning="the plan was edited or damaged after it was made",
            remedy="review again; to leave people out use `lastseen apply plan.json --except WHO`",
        )
    if not _is_made_for(plan, portal_url):
        raise PlanRefused(
            attempted=attempted,
            found=f"it was made for {plan.portal}, and the configured portal is {portal_url}",
            meaning="a plan holds for the portal that it was made on; nothing was changed",
            remedy="apply it with the configuration of that portal, or review this one",
        )
    if plan.pretended:
        raise PlanRefused(
            attempted=attempted,
            found=f"it was made with `--now {minute(plan.now)}`",
            meaning="a plan made with `--now` shows what would be decided; it cannot be applied",
            remedy="review again without `--now`",
        )
    if any(one.user_id is None for one in (*plan.to_disable(), *plan.to_sign_out())):
        raise PlanRefused(
            attempted=attempted,
            found="a person to be disabled has no id",
            meaning="the plan was not made by a review of this portal",
            remedy="review again",
        )


def is_made_here(plan: Plan, ledger: PortalLedger) -> bool:
    """Return whether `ledger` made the plan: it has one of the same id and digest.

    Raises LedgerError.
    """
    return ledger.runs.plan_digest(plan.plan_id) == plan.digest


def refuse_foreign(plan: Plan) -> PlanRefused:
    """Return the error for a plan that the ledger did not make."""
    return PlanRefused(
        attempted=_ATTEMPTED.format(plan.plan_id),
        found="this ledger did not make it",
        meaning="anyone could have written the file; nothing was changed",
        remedy="review here and apply that plan, or give `--trust-plan-file`: then everyone in it"
        " is decided again under the current configuration",
    )


def check_age(plan: Plan, *, now: Instant, guardrails: Guardrails) -> None:
    """Raise PlanRefused if the plan is older than the guardrails allow, or dated in the future."""
    attempted = _ATTEMPTED.format(plan.plan_id)
    made_at = minute(plan.created_at)
    if plan.created_at - now > CLOCK_TOLERANCE:
        raise PlanRefused(
            attempted=attempted,
            found=f"it was made at {made_at}, and it is only {minute(now)}",
            meaning="the clock was set back, or the plan comes from a machine whose clock is "
            "ahead: so the age of the plan is unknown; nothing was changed",
            remedy="set the clock right and review again",
        )
    if now - plan.created_at > timedelta(hours=guardrails.max_plan_age_hours):
        raise PlanRefused(
            attempted=attempted,
            found=f"it was made at {made_at}, more than {guardrails.max_plan_age_hours:g} hours "
            "ago",
            meaning="too much may have happened since; nothing was changed",
            remedy="review again, or raise `max_plan_age_hours` in [guardrails]",
        )


def _is_made_for(plan: Plan, portal_url: str) -> bool:
    try:
        return portal_address(plan.portal) == portal_address(portal_url)
    except UsageError:  # no review writes such an address
        return False
