"""Plays a case: the product's real client, review and apply on the case's portal, step by step.

What happened is handed on as findings; whether it is right is `judging`'s business, except for what
needs no judge: a crash, and who was really disabled.
"""

import asyncio
import traceback
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from campaigns.safety.cases import (
    DAY,
    Apply,
    Case,
    Keep,
    Review,
    Rules,
    SetStatus,
    SignOut,
    Step,
    Switch,
    Wait,
)
from campaigns.safety.dead_logs import NEVER
from campaigns.safety.judging import Decided, Judged, judge, lost_its_beginning, was_there
from campaigns.safety.moment import Moment
from campaigns.safety.nameless import nameless_of
from campaigns.safety.open_sessions import read_unseen
from campaigns.safety.provable_coverage import Knowledge, Reach, reach
from campaigns.safety.setting import Setting
from campaigns.safety.world import id_of
from lastseen.docspace.http.request import Request
from lastseen.ledger import PortalLedger
from lastseen.model.errors import LastseenError
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind, Receipt
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.world.oracle import Truth
from lastseen.simulator.world.people import Status
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from testing.in_process import URL

_NO_LIMITS = Guardrails(max_disable=1_000_000, max_disable_share=1.0)
_STEPS_TO_A_STANDSTILL = 5_000
"""Requests of one review after which it is taken to go round in circles."""


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What carrying a plan out did."""

    disabled: int = 0
    spared: int = 0
    undone: int = 0
    """Left alone, or not known, though they were to be disabled."""
    may_lack_proof: bool = False
    """Whether the portal shows its newest entries only, behind which anything may be, a log was
    silent, or more entries than a page shows are of one second."""
    wrongful: tuple[int, ...] = ()
    """Those disabled who had been there since, or whom the plan did not disable."""


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What one review came to."""

    judged: tuple[Judged, ...] = ()
    requests: int = 0
    refused: str | None = None
    """The error that ended it without a plan; None where there is a plan."""
    disturbed: bool = False


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that came of a case."""

    reviews: tuple[Reviewed, ...] = ()
    applied: tuple[Applied, ...] = ()
    crash: str | None = None
    """A traceback, where something was raised that no user should ever meet."""
    happened: dict[str, int] = {}
    """How often each fault hit."""


def play(case: Case, folder: Path) -> Played:
    """Play a case; `folder` is for the roster's file."""
    return _Play(case, folder).played()


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one review produced."""

    plan: Plan | None
    refused: str | None
    requests: int


class _Play:
    """One case under way."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.setting = Setting(case, folder)
        self.time, self.portal = self.setting.time, self.setting.portal
        self.knowledge = Knowledge()
        self.seen_terminated: set[str] = set()
        self.perhaps_seen_terminated: set[str] = set()
        self.is_log_cut = False
        """Whether sign-ins that a review had read were deleted: nobody can tell such a log from
        another portal's, so the next review may begin anew."""
        self.reinstated: dict[str, float] = {}
        self.plan: Plan | None = None
        self.outcomes: list[_Outcome] = []
        self.reviews: list[Reviewed] = []
        self.applied: list[Applied] = []

    def played(self) -> Played:
        """Take all steps."""
        crash = None
        with self.setting.ledger() as ledger:
            try:
                for step in self.case.steps:
                    self._take(step, ledger.portal(URL))
            except Exception:  # noqa: BLE001 - a crash is what is looked for
                crash = traceback.format_exc()
        return Played(
            reviews=tuple(self.reviews),
            applied=tuple(self.applied),
            crash=crash,
            happened=dict(self.portal.faults.happened),
        )

    def _take(self, step: Step, ledger: PortalLedger) -> None:
        course, now = self.setting.course, self.time.now()
        match step:
            case Review():
                self._review(step, ledger)
            case Apply():
                self._apply(ledger)
            case Wait():
                self.time.advance(timedelta(seconds=step.seconds))
                course.reach(self.time.now())
            case Switch():
                course.switch(step.mode)
            case Keep():
                course.keep(step, now)
                self.is_log_cut = True
            case SignOut():
                course.sign_out(step, now)
            case SetStatus():
                status = Status.ACTIVE if step.status == "active" else Status.TERMINATED
                self.portal.world.set_status_by_hand(id_of(step.number), status, now=now)

    def _review(self, step: Review, ledger: PortalLedger) -> None:
        before = self.setting.truths()
        ended = self.setting.ended()
        begun = self.time.machine_clock().timestamp()
        at_first = self._reach()
        self._notice(before)
        faults = self._faults()
        beside = [self._reviewing(step, ledger) for _ in range(2 if step.twice else 1)]
        self.time.run(_all(beside))
        at_last = self._reach()
        if step.switches:
            # Which way held when: anything may have been known.
            self.knowledge.add(at_last._replace(sign_ins=0.0, trail=0.0))
        knowable = self.knowledge.since((at_first, at_last), self.case.rules.evidence)
        self.knowledge.add(at_first)
        self.knowledge.add(at_last)
        self._take_note_of_terminated(before)
        for one in self.outcomes:
            moment = Moment(
                before=before,
                after=self.setting.truths(),
                begun=begun,
                now=one.plan.now.timestamp() if one.plan else self.time.now(),
                provable_since=_provable(at_last, self.case.rules),
                knowable_since=NEVER if self.case.clocks_differ else knowable,
                reach=at_last,
                known_silent_until=self.knowledge.silent_until(self.case.rules.evidence),
                disturbed=self._faults() > faults or self._is_disturbed(step),
                ended=ended,
                nameless=nameless_of(self.portal),
                asked_from=at_first.at,
                acts_shown_since=self._acts_shown_since(step, at_first, at_last),
                reinstated=dict(self.reinstated),
                perhaps_reinstated=frozenset(self.perhaps_seen_terminated - self.seen_terminated),
            )
            self._take_down(one, moment)
        self.is_log_cut = self.is_log_cut and all(one.plan is None for one in self.outcomes)
        self.outcomes = []

    async def _reviewing(self, step: Review, ledger: PortalLedger) -> None:
        """Carry out one review as the case wants it; what came of it joins the outcomes."""
        switches = dict(step.switches)
        transport = self.setting.transport()

        def on_the_way(number: int, _: Request) -> None:
            self.setting.course.reach(self.time.now())
            if number in switches:
                self.setting.course.switch(switches[number])
            if number == step.cancelled_at:
                reviewing.cancel()
            if number > _STEPS_TO_A_STANDSTILL:
                raise RuntimeError("the review goes round in circles")

        transport.before = on_the_way
        client = transport.client()
        reviewing = asyncio.ensure_future(self.setting.review(client, ledger))
        plan, refused = None, None
        try:
            plan = await reviewing
        except LastseenError as error:
            refused = f"{type(error).__name__}: {error}"
        except asyncio.CancelledError:
            if step.cancelled_at is None:
                raise
        finally:
            await client.close()
        self.outcomes.append(_Outcome(plan=plan, refused=refused, requests=transport.requests))

    def _take_down(self, outcome: _Outcome, moment: Moment) -> None:
        self.plan = outcome.plan or self.plan
        self.reviews.append(
            Reviewed(
                judged=self._judged(outcome.plan, moment) if outcome.plan else (),
                requests=outcome.requests,
                refused=outcome.refused,
                disturbed=moment.disturbed,
            )
        )

    def _judged(self, plan: Plan, moment: Moment) -> tuple[Judged, ...]:
        people = self.setting.people
        return tuple(
            judge(
                self.case,
                people[one.user_id],
                Decided(
                    decision=one.decision.value,
                    reason=one.reason.value,
                    may_be_open=one.session_may_be_open,
                ),
                moment,
            )
            for one in plan.decisions
            if one.user_id in people and one.reason.value != "unknown-guest"
        )

    def _apply(self, ledger: PortalLedger) -> None:
        plan = self.plan
        if plan is None or not (plan.to_disable() or plan.to_sign_out()):
            return
        before, ended = self.setting.truths(), self.setting.ended()
        is_dead, known = self._is_dead(), self._reach()
        changes_before = len(self.portal.world.changes)
        receipt = self.time.run(self._applying(plan, ledger))
        for one in (known, self._reach()):
            self.knowledge.add(one)  # the recheck reads the logs as well
        people = self.setting.people
        meant = {str(one.user_id): one.reason.value for one in plan.to_disable()}
        disabled = {
            change.user_id
            for change in self.portal.world.changes[changes_before:]
            if change.after == "TERMINATED"
        }
        now = plan.now.timestamp()
        wrongful = tuple(
            people[who].number if who in people else -1
            for who in sorted(disabled)
            if who not in meant
            or (
                meant[who] != "contract-ended"
                and (
                    is_dead
                    or was_there(before[who], now, self.case)
                    or (
                        read_unseen(self.case, before[who], ended.get(who), now)
                        and not lost_its_beginning(self.case, people[who], before[who], known)
                    )
                )
            )
        )
        applied = _applied(receipt, disabled=len(disabled), wrongful=wrongful)
        ignored = self.portal.audit.filters is Filters.IGNORED
        silent = self._is_silent_since(plan.now.timestamp())
        is_crowded = max(known.crowded_sign_ins, known.crowded_trail) > now - DAY
        self.applied.append(
            msgspec.structs.replace(applied, may_lack_proof=ignored or silent or is_crowded)
        )

    async def _applying(self, plan: Plan, ledger: PortalLedger) -> Receipt | None:
        """Carry the plan out; None where an error ended that."""
        client = self.setting.transport().client()
        try:
            return await apply(
                plan,
                client,
                ledger=ledger,
                options=ApplyOptions(
                    guardrails=msgspec.structs.replace(
                        _NO_LIMITS, log_silence_days=self.setting.silence_days
                    )
                ),
                clock=self.time.machine_clock,
            )
        except LastseenError:
            return None
        finally:
            await client.close()

    def _reach(self) -> Reach:
        return reach(self.case, self.portal, self.setting.course, self.time.now())

    def _is_dead(self) -> bool:
        """Say whether a log that counts has stopped, as everybody has to notice."""
        known, kinds = self._reach(), self.case.rules.evidence
        return ("sign-in" in kinds and known.sign_ins_dead_until == NEVER) or (
            "activity" in kinds and known.trail_dead_until == NEVER
        )

    def _is_silent_since(self, planned: float) -> bool:
        """Say whether a log may be taken for dead by now, or had been after a plan was made."""
        known = self._reach()
        return max(known.sign_ins_silent_until, known.trail_silent_until) > planned

    def _acts_shown_since(self, step: Review, *known: Reach) -> float:
        """Return since when the portal showed what administrators did, whichever its way."""
        if any(mode == "ignored" for _, mode in step.switches):
            return self.time.now()
        return max(one.acts_shown_since for one in known)

    def _faults(self) -> int:
        return sum(self.portal.faults.happened.values())

    def _is_disturbed(self, step: Review) -> bool:
        return (
            bool(step.switches)
            or step.cancelled_at is not None
            or self.case.clocks_differ
            or (self.is_log_cut and "sign-in" not in self.case.rules.evidence)
            or self.case.per_minute is not None
        )

    def _notice(self, truths: Mapping[str, Truth]) -> None:
        """Take note of who is no longer disabled, as a review will see it."""
        for who, truth in truths.items():
            if truth.status != "Terminated" and who in self.seen_terminated:
                self.seen_terminated.discard(who)
                self.reinstated[who] = self.time.now()

    def _take_note_of_terminated(self, truths: Mapping[str, Truth]) -> None:
        """Take note of who was disabled when a review came by.

        One that ended without a plan may not have come as far.
        """
        terminated = {who for who, truth in truths.items() if truth.status == "Terminated"}
        is_certain = any(one.plan is not None for one in self.outcomes)
        (self.seen_terminated if is_certain else self.perhaps_seen_terminated).update(terminated)


def _provable(known: Reach, rules: Rules) -> float:
    return max(
        known.sign_ins_for_certain if "sign-in" in rules.evidence else 0.0,
        known.trail if "activity" in rules.evidence else 0.0,
    )


async def _all(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*work)


def _applied(receipt: Receipt | None, *, disabled: int, wrongful: tuple[int, ...]) -> Applied:
    outcomes = [one.outcome for one in receipt.outcomes] if receipt else []
    spared = {OutcomeKind.SPARED_ACTIVE, OutcomeKind.SPARED_CHANGED, OutcomeKind.ALREADY_DISABLED}
    return Applied(
        disabled=disabled,
        spared=sum(outcome in spared for outcome in outcomes),
        undone=sum(outcome in {OutcomeKind.FAILED, OutcomeKind.REFUSED} for outcome in outcomes),
        wrongful=wrongful,
    )
