"""The recheck just before anything is changed: accounts, roster, configuration and new evidence.

A person who has come back, or whose decision would be different now, is spared. Where the recheck
can't be proven complete, the people that it was to protect are left unchanged.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from lastseen.docspace.interface import FORBIDDEN, clocks_agree
from lastseen.evidence import EvidenceRecheck, SilenceLimit, recheck_evidence
from lastseen.execution.acts_since import acts_since
from lastseen.execution.batches import STOPPED
from lastseen.execution.context import ExecutionContext
from lastseen.execution.eligibility import (
    Change,
    acceptance_since,
    account_change,
    exemption_now,
    grace_now,
    policy_change,
    reinstatement_since,
    return_awaited,
    roster_change,
    sign_out_before,
)
from lastseen.execution.history import History
from lastseen.execution.outcomes import GONE, already, failed, seen, spared
from lastseen.execution.readback import PeopleNow, read_people
from lastseen.execution.target import Target
from lastseen.model.cohort import cohort_of, policy_by_name, policy_of
from lastseen.model.concurrency import task_group
from lastseen.model.contractor import AccountStatus, AccountType, Contractor, Profile, UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.errors import PortalRefused
from lastseen.model.exemption import Exemptions
from lastseen.model.instant import EPOCH, Instant, minute, utc_date
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause, Outcome
from lastseen.model.sighting import EvidenceKind
from lastseen.rosters import Match, match_again

_Result = TypeVar("_Result")

_UNPROVEN = (
    "the recheck could not be proven complete, so new presence could be missed; try again later"
)
_SILENT = "{}: it has probably stopped, so new presence could be missed; see `lastseen doctor`"
_CLOCKS = "the portal's clock and this machine's differ by more than 5 minutes: set them right"
_NO_CLOCK = (
    "the portal doesn't tell its time: have the proxy in front of it pass the `Date` header on"
)
_WITHOUT_EVIDENCE = frozenset({Reason.CONTRACT_ENDED, Reason.NOT_ON_ROSTER})
"""Decisions that no sighting changes."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A person to recheck."""

    target: Target
    """The person as they were when the decision was made."""
    decision: Decision
    """The plan's decision."""


class DecisionBasis(msgspec.Struct, frozen=True, kw_only=True):
    """When the candidates were decided, and what would have spared them."""

    at: Instant
    """The instant of the decision: a person reinstated later is spared."""
    policy: Policy
    """The policy that decided."""
    seen_since: Instant
    """The instant since which presence is looked for again."""
    status_set_from: Instant
    """The instant since which a change of status is somebody else's."""
    log_silence_days: float
    """After this many days without an entry by anybody a log counts as stopped."""
    history: History
    """What earlier runs did."""


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
    now = await read_people(
        context.portal,
        [one.target.user_id for one in candidates],
        guests_only=all(one.target.type is AccountType.GUEST for one in candidates),
    )
    context.ledger.accounts.note(now.profiles.values(), read_at)
    judge = _Judge(context, basis, own=own, now=read_at)
    outcomes: list[Outcome] = []
    unchanged: list[Candidate] = []
    for one in candidates:
        outcome = judge.account_outcome(one, now)
        if outcome is None:
            unchanged.append(one)
        else:
            outcomes.append(outcome)
    found = await _on_roster(unchanged, now, context)
    policies = _policies_now(unchanged, now, found, context)
    left: list[Candidate] = []
    for one in unchanged:
        policy = policies.get(one.target.user_id)
        change = judge.rules_outcome(one, now.profiles[one.target.user_id], found, policy)
        if change is None:
            left.append(one)
        else:
            outcomes.append(spared(one.target, change))
    on_evidence = {
        one.target.user_id for one in left if one.decision.reason not in _WITHOUT_EVIDENCE
    }
    async with task_group() as group:
        looking = group.create_task(_new_presence(left, now, context, basis, policies))
        using_keys = group.create_task(_key_uses(left, context, basis, policies))
        asking = group.create_task(
            acts_since(
                context.portal,
                {one.target.user_id for one in left},
                invitable=on_evidence,
                decided_at=basis.seen_since,
                status_set_from=basis.status_set_from,
                reinstated=context.ledger.accounts.reinstated(),
                now=context.clock(),
            )
        )
    presence, used, acts = looking.result(), using_keys.result(), asking.result()
    to_do: list[Candidate] = []
    for one in left:
        who = one.target.user_id
        outcome = used.get(who) or _evidence_outcome(one.target, presence)
        if outcome is None and who in acts:
            outcome = spared(one.target, acts[who])
        if outcome is None:
            type_now = now.profiles[who].type
            target = msgspec.structs.replace(one.target, type=type_now)
            to_do.append(msgspec.structs.replace(one, target=target))
        else:
            outcomes.append(outcome)
    context.progress.step("rechecking", len(candidates), len(candidates))
    return Rechecked(
        to_disable=_with_verdict(to_do, Verdict.DISABLE),
        to_sign_out=_with_verdict(to_do, Verdict.SIGN_OUT),
        outcomes=tuple(outcomes),
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
        self._reinstated = context.ledger.accounts.reinstated()
        self._sightings = context.ledger.evidence.newest_sightings(EvidenceKind.SIGN_IN)

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
            account_change(target, profile, own=self._own)
            or acceptance_since(one.decision, profile)
            or exemption_now(decided_on, profile, self._exemptions)
            or reinstatement_since(target, self._basis.at, self._reinstated)
        )
        return None if change is None else spared(target, change)

    def rules_outcome(
        self,
        one: Candidate,
        profile: Profile,
        found: Mapping[UserId, Match] | None,
        policy: Policy | None,
    ) -> Change | None:
        """Return the outcome of a person whom roster or configuration spares now, None for others.

        `found` is the roster's match and `policy` the one configured for the person; None if that
        isn't checked.
        """
        target, decision = one.target, one.decision
        change: Change | None = None
        if found is not None:
            match = found.get(target.user_id)
            change = roster_change(decision, match, utc_date(self._now)) or exemption_now(
                match.contractor if match else None, profile, self._exemptions
            )
        if policy is not None:
            ended_at = self._basis.history.signed_out.get(target.user_id)
            change = (
                change
                or policy_change(decision, profile, policy, self._now)
                or grace_now(target, policy, self._reinstated, self._now)
                or return_awaited(decision, policy, ended_at, self._now)
            )
        if decision.decision is Verdict.SIGN_OUT:
            sighting = self._sightings.get(target.user_id)
            seen_at = None if sighting is None else sighting.at
            change = change or sign_out_before(target, self._basis.history, seen_at)
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


async def _new_presence(
    candidates: Sequence[Candidate],
    people: PeopleNow,
    context: ExecutionContext,
    basis: DecisionBasis,
    policies: Mapping[UserId, Policy],
) -> EvidenceRecheck:
    """Look for presence since the decision, where that would change it.

    The longer window of two policies applies, the one that decided and the one configured now
    (`policies`), and the logs of both count.
    """
    windows: dict[UserId, Instant] = {}
    longer = False
    for one in candidates:
        if one.decision.reason in _WITHOUT_EVIDENCE:
            continue
        who = one.target.user_id
        then = policy_by_name(basis.policy, one.decision.cohort)
        now = policies.get(who, then)
        longer = longer or now.inactive_days > then.inactive_days
        milder = then if then.inactive_days >= now.inactive_days else now
        windows[who] = milder.window_start(basis.seen_since)
    configured = basis.policy if context.policy is None else context.policy
    registered = [people.profiles[person].registered_at for person in windows]
    more_logs = [kind for kind in configured.evidence if kind not in basis.policy.evidence]
    return await recheck_evidence(
        context.portal,
        windows,
        kinds=[EvidenceKind(kind) for kind in (*basis.policy.evidence, *more_logs)],
        ledger=context.ledger,
        since=basis.seen_since,
        silence=SilenceLimit(
            days=basis.log_silence_days, born=min((at for at in registered if at), default=EPOCH)
        ),
        now=context.clock(),
        progress=context.progress,
        whole_window=longer or bool(more_logs),
    )


async def _key_uses(
    candidates: Sequence[Candidate],
    context: ExecutionContext,
    basis: DecisionBasis,
    policies: Mapping[UserId, Policy],
) -> Mapping[UserId, Outcome]:
    """Return the outcomes of those whose API key was used in the window after all.

    Empty if the key may not list the portal's keys: then the review did without them as well.
    """
    counted = [one for one in candidates if one.decision.reason not in _WITHOUT_EVIDENCE]
    if not counted:
        return {}
    try:
        uses = await context.portal.key_uses()
    except PortalRefused as error:
        if error.status != FORBIDDEN:
            raise
        return {}
    spared_by_key: dict[UserId, Outcome] = {}
    for one in counted:
        who = one.target.user_id
        then = policy_by_name(basis.policy, one.decision.cohort)
        longer = max(then, policies.get(who, then), key=lambda policy: policy.inactive_days)
        since = longer.window_start(basis.seen_since)
        found = [use.last_used_at for use in uses if use.owner == who and use.last_used_at]
        if found and max(found) >= since:
            spared_by_key[who] = seen(one.target, f"was seen at {minute(max(found))} (api-key)")
    return spared_by_key


def _evidence_outcome(target: Target, found: EvidenceRecheck) -> Outcome | None:
    sighting = found.sightings.get(target.user_id)
    if sighting is not None:
        when = minute(sighting.at)
        return seen(target, f"was seen at {when} ({sighting.kind.value})")
    if target.user_id in found.unproven:
        silence = found.silences.get(target.user_id)
        words = _SILENT.format(silence) if silence else _UNPROVEN
        return failed(target, words, Cause.UNPROVEN)
    return None


def _with_verdict(candidates: Sequence[Candidate], verdict: Verdict) -> tuple[Target, ...]:
    return tuple(one.target for one in candidates if one.decision.decision is verdict)


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
