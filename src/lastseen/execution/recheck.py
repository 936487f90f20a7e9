"""Looking again, just before anybody is disabled: each candidate's account, and new evidence.

Whoever has come back, changed, or was exempted or reinstated since the plan is spared. A look that
can't be proven complete saves everybody whom it was to save.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import msgspec

from lastseen.evidence import EvidenceRecheck, recheck_evidence
from lastseen.execution.batches import STOPPED
from lastseen.execution.context import ExecutionContext
from lastseen.execution.eligibility import account_change, exemption_now, reinstatement_since
from lastseen.execution.outcomes import GONE, already, failed, seen, spared
from lastseen.execution.readback import PeopleNow, read_people
from lastseen.execution.target import Target
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.decision import Decision, Reason
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, format_instant, utc_date
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause, Outcome

_Result = TypeVar("_Result")

_UNPROVEN = (
    "the last look could not be proven complete: new presence would not be seen; try again later"
)
_CLOCKS = "the portal's clock and this machine's differ by more than 5 minutes: set them right"


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """What looking again brought."""

    to_disable: tuple[Target, ...]
    """Those who are still to be disabled, as they stand now."""
    outcomes: tuple[Outcome, ...]
    """What became of the others."""
    halt: str | None = None
    """Why nobody is to be disabled after all; None where the work may go on."""


class DecisionBasis(msgspec.Struct, frozen=True, kw_only=True):
    """When it was decided on the candidates, and what would have saved them."""

    at: Instant
    """The instant of the decision: whoever was reinstated later is spared."""
    policy: Policy
    """The rules that decided: they say which logs prove presence."""
    seen_since: Instant
    """The instant since which presence is looked for anew."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be looked at again."""

    target: Target
    """How they stood when it was decided."""
    decision: Decision
    """What the plan says of them."""


async def recheck(
    candidates: Sequence[Candidate], context: ExecutionContext, *, basis: DecisionBasis, own: UserId
) -> Candidates:
    """Return who of `candidates` is still to be disabled.

    `own` is the account that the key acts as. Raises PortalError and LedgerError; nobody has been
    changed then.
    """
    looked = await _unless_stopped(_look(candidates, context, basis, own), context)
    return looked or Candidates(to_disable=(), outcomes=(), halt=STOPPED)


async def _look(
    candidates: Sequence[Candidate], context: ExecutionContext, basis: DecisionBasis, own: UserId
) -> Candidates:
    read_at = context.clock()
    context.progress.step("looking again", 0, len(candidates))
    # Whoever is a guest no longer isn't on the guests' list, and is asked for alone.
    now = await read_people(
        context.portal,
        [one.target.user_id for one in candidates],
        guests_only=all(one.target.type is AccountType.GUEST for one in candidates),
    )
    context.ledger.accounts.note(now.profiles.values(), read_at)
    outcomes: list[Outcome] = []
    unchanged: list[Candidate] = []
    judge = _Judge(context, decided_at=basis.at, own=own, at=read_at)
    for one in candidates:
        outcome = judge.of_account(one.target, now)
        if outcome is None:
            unchanged.append(one)
        else:
            outcomes.append(outcome)
    presence = await _new_presence(unchanged, context, basis)
    to_disable: list[Target] = []
    for one in unchanged:
        outcome = _of_evidence(one.target, presence)
        if outcome is None:
            profile = now.profiles[one.target.user_id]
            to_disable.append(msgspec.structs.replace(one.target, type=profile.type))
        else:
            outcomes.append(outcome)
    context.progress.step("looking again", len(candidates), len(candidates))
    return Candidates(to_disable=tuple(to_disable), outcomes=tuple(outcomes))


class _Judge:
    """What the ledger and the portal say of accounts, without their logs."""

    def __init__(
        self, context: ExecutionContext, *, decided_at: Instant, own: UserId, at: Instant
    ) -> None:
        self._exemptions = context.ledger.exemptions.active(utc_date(at))
        self._reinstated = context.ledger.accounts.reinstated()
        self._decided_at = decided_at
        self._own = own
        self._skew = context.portal.largest_skew_seconds

    def of_account(self, target: Target, now: PeopleNow) -> Outcome | None:
        """Return the outcome of somebody who is not to be disabled, None for the others."""
        if target.user_id in now.unread:
            found = now.unread[target.user_id].found
            words = f"the account could not be read again: {found}"
            return failed(target, words, Cause.UNREADABLE)
        profile = now.profiles.get(target.user_id)
        if profile is not None and profile.status is AccountStatus.TERMINATED:
            return already(target, AccountStatus.TERMINATED)
        if abs(self._skew) > CLOCK_TOLERANCE.total_seconds():
            return failed(target, _CLOCKS, Cause.CLOCKS_DIFFER)
        if profile is None:
            return spared(target, GONE)
        change = (
            account_change(target, profile, own=self._own)
            or exemption_now(target, self._exemptions)
            or reinstatement_since(target, self._decided_at, self._reinstated)
        )
        return None if change is None else spared(target, change)


async def _new_presence(
    candidates: Sequence[Candidate], context: ExecutionContext, basis: DecisionBasis
) -> EvidenceRecheck:
    """Look for presence since the decision; a contract that has ended needs no look."""
    return await recheck_evidence(
        context.portal,
        [c.decision for c in candidates if c.decision.reason is not Reason.CONTRACT_ENDED],
        ledger=context.ledger,
        policy=basis.policy,
        since=basis.seen_since,
        progress=context.progress,
    )


def _of_evidence(target: Target, found: EvidenceRecheck) -> Outcome | None:
    sighting = found.sightings.get(target.user_id)
    if sighting is not None:
        when = format_instant(sighting.at)
        return seen(target, f"was seen at {when} ({sighting.kind.value})")
    if target.user_id in found.unproven:
        return failed(target, _UNPROVEN, Cause.UNPROVEN)
    return None


async def _unless_stopped(
    work: Coroutine[Any, Any, _Result], context: ExecutionContext
) -> _Result | None:
    """Return what `work` brings, or None when somebody asks to stop before it ends."""
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
