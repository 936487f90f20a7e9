"""The recheck just before anything is changed: accounts, roster, configuration and new evidence.

A person who has come back, or whose decision would be different now, is spared. Where the recheck
can't be proven complete, the people that it was to protect are left unchanged.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from lastseen.docspace.interface import clocks_agree
from lastseen.execution.batches import STOPPED
from lastseen.execution.context import ExecutionContext
from lastseen.execution.decision_basis import DecisionBasis
from lastseen.execution.eligibility import (
    SparingChange,
    find_acceptance,
    find_account_change,
    find_awaited_return,
    find_earlier_sign_out,
    find_exemption,
    find_grace,
    find_policy_change,
    find_reinstatement,
    find_roster_change,
)
from lastseen.execution.new_presence import new_presence
from lastseen.execution.outcomes import GONE, already, failed, spared
from lastseen.execution.readback import PeopleNow, read_people
from lastseen.execution.target import Candidate, Target, emails_of
from lastseen.model.cohort import cohort_of, policy_by_name, policy_of
from lastseen.model.contractor import AccountStatus, AccountType, Contractor, UserId
from lastseen.model.decision import Verdict
from lastseen.model.exemption import Exemptions
from lastseen.model.instant import Instant, utc_date
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause, Outcome
from lastseen.model.sighting import EvidenceKind, Sighting
from lastseen.rosters import Match, match_again

_Result = TypeVar("_Result")

_CLOCKS = "the portal's clock and this machine's differ by more than 5 minutes: set them right"
_NO_CLOCK = (
    "the portal doesn't send its time: have the proxy in front of it pass on the `Date` header"
)


class Rechecked(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a recheck."""

    to_disable: tuple[Target, ...] = ()
    """The people still to be disabled, as they are now."""
    to_sign_out: tuple[Target, ...] = ()
    """The people whose sessions are still to be ended."""
    outcomes: tuple[Outcome, ...] = ()
    """The outcomes of the others."""
    halt: str | None = None
    """Why nothing may be done after all; None if the run may continue."""


async def recheck(
    candidates: Sequence[Candidate], context: ExecutionContext, *, basis: DecisionBasis, own: UserId
) -> Rechecked:
    """Return those of `candidates` whose decision still holds.

    `own` is the account of the API key. Raises PortalError, RosterError, UsageError (for the
    roster) and LedgerError; nobody has been changed then.
    """
    rechecked = await _unless_stopped(_recheck(candidates, context, basis, own), context)
    return rechecked or Rechecked(halt=STOPPED)


async def _recheck(
    candidates: Sequence[Candidate], context: ExecutionContext, basis: DecisionBasis, own: UserId
) -> Rechecked:
    read_at = context.clock()
    context.progress.step("rechecking", 0, len(candidates))
    # A person who is no guest any more isn't on the guests' list, and is asked for alone.
    emails = emails_of(one.target for one in candidates)
    now = await read_people(
        context.portal,
        tuple(emails),
        emails=emails,
        guests_only=all(one.target.type is AccountType.GUEST for one in candidates),
    )
    context.ledger.accounts.note(now.profiles.values(), read_at)
    judge = _Judge(context, basis, own=own, now=read_at)
    outcomes = {
        one.target.user_id: outcome
        for one in candidates
        if (outcome := judge.account_outcome(one, now)) is not None
    }
    left = _without(outcomes, candidates)
    found = await _on_roster(left, now, context)
    policies = _policies_now(left, now, found, context)
    outcomes |= {
        one.target.user_id: spared(one.target, change)
        for one in left
        if (change := judge.rules_change(one, now, found, policies)) is not None
    }
    left = _without(outcomes, left)
    outcomes |= await new_presence(
        left, now, policies, context, basis=basis, reinstated=judge.reinstated
    )
    left = _without(outcomes, left)
    context.progress.step("rechecking", len(candidates), len(candidates))
    return Rechecked(
        to_disable=_targets_now(left, Verdict.DISABLE, now),
        to_sign_out=_targets_now(left, Verdict.SIGN_OUT, now),
        outcomes=tuple(outcomes.values()),
    )


def _without(
    outcomes: Mapping[UserId, Outcome], candidates: Sequence[Candidate]
) -> list[Candidate]:
    return [one for one in candidates if one.target.user_id not in outcomes]


def _targets_now(
    candidates: Sequence[Candidate], verdict: Verdict, now: PeopleNow
) -> tuple[Target, ...]:
    """Return those to whom `verdict` applies, with the type that their account has now."""
    return tuple(
        msgspec.structs.replace(one.target, type=now.profiles[one.target.user_id].type)
        for one in candidates
        if one.decision.decision is verdict
    )


class _Judge:
    """What portal, ledger, roster and configuration say about people now, without the logs."""

    def __init__(
        self, context: ExecutionContext, basis: DecisionBasis, *, own: UserId, now: Instant
    ) -> None:
        self._context = context
        self._basis = basis
        self._own = own
        self._now = now
        self._exemptions = Exemptions(context.ledger.exemptions.active(utc_date(now)))
        self.reinstated = context.ledger.accounts.reinstated()
        """When each person was last reinstated."""
        self._by_others = basis.others_reinstated(self.reinstated)

    @cached_property
    def _sign_ins(self) -> Mapping[UserId, Sighting]:
        return self._context.ledger.evidence.newest_sightings(EvidenceKind.SIGN_IN)

    def account_outcome(self, one: Candidate, now: PeopleNow) -> Outcome | None:
        """Return the outcome of a person whose account rules the change out, or None."""
        target = one.target
        if target.user_id in now.unread:
            found = now.unread[target.user_id].found
            words = f"the account could not be read again: {found}"
            return failed(target, words, Cause.UNREADABLE)
        profile = now.profiles.get(target.user_id)
        if profile is not None and profile.status is AccountStatus.TERMINATED:
            return already(target, AccountStatus.TERMINATED)
        if not clocks_agree(self._context.portal):
            words = _CLOCKS if self._context.portal.tells_its_time else _NO_CLOCK
            return failed(target, words, Cause.CLOCKS_DIFFER)
        if profile is None:
            return spared(target, GONE)
        decided_on = Contractor(id=target.user_id, email=target.email)
        change = (
            find_account_change(target, profile, own=self._own)
            or find_acceptance(one.decision, profile)
            or find_exemption(decided_on, profile, self._exemptions)
            or find_reinstatement(target, self._basis.at, self._by_others)
        )
        return None if change is None else spared(target, change)

    def rules_change(
        self,
        one: Candidate,
        now: PeopleNow,
        found: Mapping[UserId, Match] | None,
        policies: Mapping[UserId, Policy],
    ) -> SparingChange | None:
        """Return how roster or configuration spare a person now, or None.

        `found` has the matches on the roster, `policies` the policy configured for each person;
        None and nothing if that isn't checked.
        """
        target, decision = one.target, one.decision
        profile, policy = now.profiles[target.user_id], policies.get(target.user_id)
        change: SparingChange | None = None
        if found is not None:
            match = found.get(target.user_id)
            change = find_roster_change(decision, match, utc_date(self._now)) or find_exemption(
                match.contractor if match else None, profile, self._exemptions
            )
        if policy is not None:
            ended_at = self._basis.history.signed_out.get(target.user_id)
            change = (
                change
                or find_policy_change(decision, profile, policy, self._now)
                or find_grace(
                    policy,
                    self._by_others.get(target.user_id),
                    self._now,
                    decided_by=self._basis.policy,
                )
                or find_awaited_return(decision, policy, ended_at, self._now)
            )
        if decision.decision is Verdict.SIGN_OUT:
            sighting = self._sign_ins.get(target.user_id)
            seen_at = None if sighting is None else sighting.at
            change = change or find_earlier_sign_out(target, self._basis.history, seen_at)
        return change


async def _on_roster(
    candidates: Sequence[Candidate], now: PeopleNow, context: ExecutionContext
) -> Mapping[UserId, Match] | None:
    """Return the matches of `candidates` on the roster now; None if there is no roster to check."""
    if context.roster is None or not candidates:
        return None
    profiles = [now.profiles[one.target.user_id] for one in candidates]
    return await match_again(context.roster, profiles, context.portal)


def _policies_now(
    candidates: Sequence[Candidate],
    now: PeopleNow,
    found: Mapping[UserId, Match] | None,
    context: ExecutionContext,
) -> Mapping[UserId, Policy]:
    """Return the policy configured now for each of `candidates`; empty if it isn't checked."""
    if context.policy is None:
        return {}
    policies: dict[UserId, Policy] = {}
    for one in candidates:
        who = one.target.user_id
        if found is None:
            policies[who] = policy_by_name(context.policy, one.decision.cohort)
            continue
        contractor = found[who].contractor if who in found else None
        cohort = cohort_of(context.policy, contractor, now.profiles[who])
        policies[who] = policy_of(context.policy, cohort)
    return policies


async def _unless_stopped(
    work: Coroutine[Any, Any, _Result], context: ExecutionContext
) -> _Result | None:
    """Return the result of `work`, or None if somebody asks to stop before it ends."""
    if context.stop is None:
        return await work
    looking = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(context.stop.wait())
    try:
        await asyncio.wait({looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if looking.done() and not context.stop_asked:
            return looking.result()
        return None
    finally:
        for task in (looking, stopping):
            task.cancel()
        await asyncio.gather(looking, stopping, return_exceptions=True)
