"""What must hold before a plan is carried out: that it is whole, this portal's, and fresh.

Pure checks of values: nothing here asks the portal or the ledger, so that a plan which may not be
carried out costs no request.
"""

from datetime import timedelta

from lastseen.model.errors import PlanRefused, UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, format_instant
from lastseen.model.plan import PLAN_SCHEMA, Plan, sealed
from lastseen.model.portal_address import portal_address

_ATTEMPTED = "carrying out the plan {}"


def check_plan(plan: Plan, *, portal_url: str) -> None:
    """Raise PlanRefused unless the plan is whole, real and made for the portal at `portal_url`."""
    attempted = _ATTEMPTED.format(plan.plan_id)
    if plan.schema != PLAN_SCHEMA:
        raise PlanRefused(
            attempted=attempted,
            found=f"its schema is {plan.schema!r}",
            meaning=f"this version of Lastseen understands {PLAN_SCHEMA!r} only",
            remedy="review again with this version",
        )
    if plan.digest != sealed(plan).digest:
        raise PlanRefused(
            attempted=attempted,
            found="its digest does not match its content",
            meaning="the plan was edited or damaged after it was made",
            remedy="review again; to leave people out use `apply --only` or `--except`",
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
            found=f"it pretends that it is {format_instant(plan.now)}",
            meaning="a plan made with `--now` shows what would be decided; it cannot be applied",
            remedy="review again without `--now`",
        )
    if any(decision.user_id is None for decision in plan.to_disable()):
        raise PlanRefused(
            attempted=attempted,
            found="somebody to be disabled has no id",
            meaning="the plan was not made by a review of this portal",
            remedy="review again",
        )


def check_age(plan: Plan, *, now: Instant, guardrails: Guardrails) -> None:
    """Raise PlanRefused when the plan is older than the guardrails allow, or not yet made."""
    attempted = _ATTEMPTED.format(plan.plan_id)
    made_at = format_instant(plan.created_at)
    if plan.created_at - now > CLOCK_TOLERANCE:
        raise PlanRefused(
            attempted=attempted,
            found=f"it was made at {made_at}, and it is only {format_instant(now)}",
            meaning="the clock was set back, or the plan comes from a machine whose clock is "
            "ahead: how old the plan is can't be told; nothing was changed",
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
