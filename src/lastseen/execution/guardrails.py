"""The guardrails: whether so many people may be disabled at all. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from lastseen.model.decision import Decision, Reason
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.plan import Plan

_NOT_ON_THE_ROSTER = frozenset({Reason.UNKNOWN_GUEST, Reason.NOT_ON_PORTAL})


def check_guardrails(chosen: int, *, plan: Plan, guardrails: Guardrails) -> None:
    """Raise GuardrailStopped when disabling `chosen` people of `plan` goes beyond a guardrail.

    `chosen` are those whom the run would disable, after `--only` and `--except`.
    """
    roster = people_on_roster(plan.decisions)
    attempted = f"disabling {chosen} of {roster} people on the roster"
    if chosen > guardrails.max_disable:
        raise GuardrailStopped(
            attempted=attempted,
            found=f"one run may disable {guardrails.max_disable} at most",
            meaning="a guardrail stopped the whole run; nothing was changed",
            remedy="look through the plan; carry out a part of it with `apply --only`, or raise "
            "`max_disable` in [guardrails]",
            plan=plan,
        )
    share = Decimal(str(guardrails.max_disable_share))
    if chosen > share * roster:
        raise GuardrailStopped(
            attempted=attempted,
            found=f"one run may disable {float(share * 100):g}% of the roster at most",
            meaning="a guardrail stopped the whole run; nothing was changed",
            remedy="look through the plan; carry out a part of it with `apply --only`, or raise "
            "`max_disable_share` in [guardrails]",
            plan=plan,
        )


def people_on_roster(decisions: Sequence[Decision]) -> int:
    """Count those that `max_disable_share` is a share of.

    That is everyone decided on who is on the roster and on the portal: not the portal's guests
    that are on no roster, and not names that the portal doesn't know.
    """
    return sum(decision.reason not in _NOT_ON_THE_ROSTER for decision in decisions)
