"""The guardrails: whether this many people may be disabled at all. Pure."""

from collections.abc import Collection, Mapping
from decimal import Decimal

import msgspec

from lastseen.execution.history import History
from lastseen.model.contractor import UserId
from lastseen.model.counting import counted, people
from lastseen.model.decision import Reason
from lastseen.model.guardrails import (
    OR_BY_NAME,
    PLAN_FILE,
    Guardrails,
    GuardrailStopped,
    written_by,
)
from lastseen.model.instant import Instant, after, before, days, minute
from lastseen.model.plan import Plan

_APPLY = f"lastseen apply {PLAN_FILE}"
_NOT_ON_THE_ROSTER = frozenset({Reason.UNKNOWN_GUEST, Reason.NOT_ON_PORTAL, Reason.NOT_ON_ROSTER})


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """The limits, and who counts against them besides the people about to be disabled."""

    guardrails: Guardrails
    """The configured limits."""
    max_disable: int | None = None
    """How many people this run may disable instead (`--max-disable`); None: the limits apply."""
    recently: frozenset[UserId] = frozenset()
    """The people disabled by earlier runs within `per_days`."""
    recent_times: tuple[Instant, ...] = ()
    """When that was for each of them, the earliest first."""


def allowance(
    guardrails: Guardrails,
    *,
    max_disable: int | None,
    history: History,
    reinstated: Mapping[UserId, Instant],
    now: Instant,
) -> Allowance:
    """Return the allowance at `now`; `reinstated`: when each person was last seen reinstated."""
    since = before(now, days(guardrails.per_days))
    recently = history.disabled_since(since, reinstated)
    return Allowance(
        guardrails=guardrails,
        max_disable=max_disable,
        recently=recently,
        recent_times=tuple(sorted(history.changes[person].at for person in recently)),
    )


def check_guardrails(chosen: Collection[UserId], *, plan: Plan, allowed: Allowance) -> None:
    """Raise GuardrailStopped if disabling `chosen`, people of `plan`, exceeds a guardrail.

    Everyone disabled within `per_days` counts, these included. The share alone never stops a run
    over a single person. `max_disable` replaces both limits.
    """
    if allowed.max_disable is not None:
        if len(chosen) > allowed.max_disable:
            raise _stopped(
                len(chosen),
                plan,
                found=f"--max-disable allows {people(allowed.max_disable)}",
                ways=f"allow all of them with `{_APPLY} --max-disable {len(chosen)}`",
                allowed=allowed,
                still_allowed=allowed.max_disable,
            )
        return
    limits = allowed.guardrails
    most = _most(limits, roster=people_on_roster(plan))
    total = len(allowed.recently.union(chosen))
    if not chosen or total <= most:
        return
    by_number = total > limits.max_disable
    key = "max_disable" if by_number else "max_disable_share"
    limit = (
        people(limits.max_disable)
        if by_number
        else f"{float(Decimal(str(limits.max_disable_share)) * 100):g}% of the roster"
    )
    earlier = total - len(frozenset(chosen))
    were = "was" if earlier == 1 else "were"
    already = f", and {people(earlier)} {were} disabled in that time already" if earlier else ""
    raise _stopped(
        len(chosen),
        plan,
        found=f"at most {limit} may be disabled in {counted(limits.per_days, 'day')}{already}",
        ways=f"allow all of them this once with `{_APPLY} --max-disable {len(chosen)}`, or raise "
        f"`{key}` in [guardrails]",
        allowed=allowed,
        returns_at=_returns_at(allowed, most),
        still_allowed=max(0, most - len(allowed.recently)),
    )


def people_on_roster(plan: Plan) -> int:
    """Count the people that `max_disable_share` is a share of: on the roster and on the portal.

    Guests on no roster don't count, not even those who are exempt or on hold and so have another
    reason. In plans without a population, the decisions' reasons are counted.
    """
    counted_by_reason = sum(one.reason not in _NOT_ON_THE_ROSTER for one in plan.decisions)
    return min(counted_by_reason, plan.population.matched) if plan.population else counted_by_reason


def _most(limits: Guardrails, *, roster: int) -> int:
    """Return how many people both limits allow; a share of 1 is no limit."""
    if limits.max_disable_share >= 1:
        return limits.max_disable
    share = Decimal(str(limits.max_disable_share)) * roster
    return min(limits.max_disable, max(1, int(share)))


def _returns_at(allowed: Allowance, most: int) -> Instant | None:
    """Return when the next person may be disabled; None if waiting doesn't help."""
    over = len(allowed.recent_times) - most
    if not most or over < 0:
        return None
    return after(allowed.recent_times[over], days(allowed.guardrails.per_days))


def _stopped(
    chosen: int,
    plan: Plan,
    *,
    found: str,
    ways: str,
    allowed: Allowance,
    still_allowed: int,
    returns_at: Instant | None = None,
) -> GuardrailStopped:
    if still_allowed:
        limited = f"{_APPLY} --limit {still_allowed}"
        if allowed.max_disable is not None:  # without it, the configured limits would apply again
            limited += f" --max-disable {allowed.max_disable}"
        part = f"carry out part of it with `{limited}`{OR_BY_NAME}; "
    else:
        part = f"nobody more may be disabled until {minute(returns_at)}; " if returns_at else ""
    return GuardrailStopped(
        attempted=f"disabling {people(chosen)}, with {people(people_on_roster(plan))} on the "
        "roster",
        found=found,
        meaning="a guardrail stopped the whole run; nothing was changed",
        remedy=f"check the plan{written_by(plan.plan_id)}; {part}{ways}",
        plan=plan,
        still_allowed=still_allowed,
    )
