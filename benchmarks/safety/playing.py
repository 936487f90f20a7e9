"""Plays a case: the product's real client, review and apply on the case's portal, step by step.

What happened is handed on as findings; whether it is right is `judging`'s business, except for what
needs no judge: a crash, and who was really disabled.
"""

import asyncio
import random
import traceback
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.in_process import URL, InProcess, VirtualTime
from benchmarks.safety.cases import (
    Apply,
    Case,
    Keep,
    PersonCase,
    Review,
    Rules,
    SetStatus,
    Switch,
    Wait,
)
from benchmarks.safety.judging import Decided, Judged, Moment, judge, was_there
from benchmarks.safety.wholeness import NEVER, Knowledge, Reach, reach
from benchmarks.safety.world import Course, email_of, id_of, portal_of
from lastseen.apply import ApplyOptions, apply
from lastseen.docspace.exchange import Request
from lastseen.errors import LastseenError
from lastseen.guardrails import Guardrails
from lastseen.instant import utc_date
from lastseen.ledger import Ledger, PortalLedger
from lastseen.plan import Plan, Policy
from lastseen.receipt import OutcomeKind, Receipt
from lastseen.review import review
from lastseen.rosters import Roster, RosterOptions, open_roster
from lastseen.simulator.people import Status
from lastseen.simulator.truth import Truth

_NO_LIMITS = Guardrails(max_disable=1_000_000, max_disable_share=1.0)
_STEPS_TO_A_STANDSTILL = 3_000
"""Requests of one review after which it is taken to go round in circles."""


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What carrying a plan out did."""

    disabled: int = 0
    spared: int = 0
    undone: int = 0
    """Left alone, or not known, though they were to be disabled."""
    wrongful: tuple[int, ...] = ()
    """Those disabled who had been there since, or whom the plan did not disable."""


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What one review came to."""

    judged: tuple[Judged, ...] = ()
    requests: int = 0
    refused: str | None = None
    """The error that ended it without a plan; None where there is a plan."""
    cut_off: bool = False
    """Whether it was cut off as the case wants it."""
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
    """What one review brought."""

    plan: Plan | None
    refused: str | None
    requests: int


class _Play:
    """One case under way."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.time = VirtualTime(case.start, machine_ahead=case.machine_ahead)
        self.portal = portal_of(case, self.time.portal_clock)
        self.course = Course(case, self.portal)
        self.chance = random.Random(f"journeys {case.seed}")
        self.policy = policy_of(case.rules)
        self.roster = roster_of(case, folder)
        self.people = {id_of(person.number): person for person in case.people}
        self.knowledge = Knowledge()
        self.seen_terminated: set[str] = set()
        self.reinstated: dict[str, float] = {}
        self.plan: Plan | None = None
        self.outcomes: list[_Outcome] = []
        self.reviews: list[Reviewed] = []
        self.applied: list[Applied] = []

    def played(self) -> Played:
        """Take all steps."""
        crash = None
        with Ledger.in_memory(clock=self.time.machine_clock) as ledger:
            known = ledger.portal(URL)
            self._exempt(known)
            try:
                for step in self.case.steps:
                    self._take(step, known)
            except (LastseenError, Exception):  # noqa: BLE001 - a crash is what is looked for
                crash = traceback.format_exc()
        return Played(
            reviews=tuple(self.reviews),
            applied=tuple(self.applied),
            crash=crash,
            happened=dict(self.portal.faults.happened),
        )

    def _take(self, step: object, ledger: PortalLedger) -> None:
        match step:
            case Review():
                self._review(step, ledger)
            case Wait():
                self.time.advance(timedelta(seconds=step.seconds))
                self.course.reach(self.time.now())
            case Switch():
                self.course.switch(step.mode)
            case Keep():
                self.course.keep(step, self.time.now())
            case SetStatus():
                status = Status.ACTIVE if step.status == "active" else Status.TERMINATED
                self.portal.world.set_status(
                    id_of(step.number), status, by="hand", now=self.time.now()
                )
            case Apply():
                self._apply(ledger)

    def _review(self, step: Review, ledger: PortalLedger) -> None:
        before = self._truths()
        begun = self.time.machine_clock().timestamp()
        at_first = reach(self.portal, self.course, self.time.now())
        self._notice(before)
        happened = sum(self.portal.faults.happened.values())
        beside = [self._reviewing(step, ledger) for _ in range(2 if step.twice else 1)]
        self.time.run(_all(beside))
        known = reach(self.portal, self.course, self.time.now())
        disturbed = (
            sum(self.portal.faults.happened.values()) > happened
            or bool(step.switches)
            or step.cancelled_at is not None
            or self.case.clocks_differ
            or self.case.per_minute is not None
        )
        if step.switches:
            # Which way held when: anything may have been known.
            self.knowledge.add(known._replace(sign_ins=0.0, trail=0.0))
        knowable = self.knowledge.since((at_first, known), self.case.rules.evidence)
        self.knowledge.add(at_first)
        self.knowledge.add(known)
        for one in self.outcomes:
            moment = Moment(
                before=before,
                after=self._truths(),
                begun=begun,
                now=one.plan.now.timestamp() if one.plan else self.time.now(),
                provable_since=_provable(known, self.case.rules),
                knowable_since=NEVER if self.case.clocks_differ else knowable,
                reach=known,
                disturbed=disturbed,
                reinstated=dict(self.reinstated),
            )
            self.reviews.append(
                Reviewed(
                    judged=self._judged(one.plan, moment) if one.plan else (),
                    requests=one.requests,
                    refused=one.refused,
                    cut_off=one.plan is None and one.refused is None,
                    disturbed=disturbed,
                )
            )
            self.plan = one.plan or self.plan
        self.outcomes = []

    async def _reviewing(self, step: Review, ledger: PortalLedger) -> None:
        """Carry out one review as the case wants it; what came of it joins the outcomes."""
        switches = dict(step.switches)
        transport = self._transport()

        def on_the_way(number: int, _: Request) -> None:
            self.course.reach(self.time.now())
            if number in switches:
                self.course.switch(switches[number])
            if number == step.cancelled_at:
                reviewing.cancel()
            if number > _STEPS_TO_A_STANDSTILL:
                raise RuntimeError("the review goes round in circles")

        transport.before = on_the_way
        client = transport.client()
        reviewing = asyncio.ensure_future(
            review(
                client,
                self.roster,
                ledger=ledger,
                policy=self.policy,
                clock=self.time.machine_clock,
            )
        )
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

    def _judged(self, plan: Plan, moment: Moment) -> tuple[Judged, ...]:
        return tuple(
            judge(
                self.case,
                self.people[decision.user_id],
                Decided(
                    decision=decision.decision.value,
                    reason=decision.reason.value,
                    last_seen_at=decision.last_seen_at,
                ),
                moment,
            )
            for decision in plan.decisions
            if decision.user_id in self.people and decision.reason.value != "unknown-guest"
        )

    def _apply(self, ledger: PortalLedger) -> None:
        if self.plan is None or not self.plan.to_disable():
            return
        plan = self.plan
        before = self._truths()
        changes_before = len(self.portal.world.changes)
        transport = self._transport()
        transport.before = lambda _number, _request: self.course.reach(self.time.now())
        receipt: Receipt | None = None

        async def work() -> None:
            nonlocal receipt
            client = transport.client()
            try:
                receipt = await apply(
                    plan,
                    client,
                    ledger=ledger,
                    options=ApplyOptions(guardrails=_NO_LIMITS),
                    clock=self.time.machine_clock,
                )
            except LastseenError:
                receipt = None
            finally:
                await client.close()

        self.time.run(work())
        meant = {d.user_id: d.reason.value for d in plan.to_disable()}
        disabled = {
            change.user_id
            for change in self.portal.world.changes[changes_before:]
            if change.after == "TERMINATED"
        }
        wrongful = tuple(
            self.people[who].number if who in self.people else -1
            for who in sorted(disabled)
            if who not in meant
            or (meant[who] != "contract-ended" and was_there(before[who], _now(plan), self.case))
        )
        self.applied.append(_applied(receipt, disabled=len(disabled), wrongful=wrongful))

    def _transport(self) -> InProcess:
        return InProcess(self.portal, self.time, chance=self.chance, latency=self.case.latency)

    def _truths(self) -> Mapping[str, Truth]:
        self.course.reach(self.time.now())
        self.portal.world.settle(self.time.now())
        return {truth.id: truth for truth in self.portal.truths()}

    def _notice(self, truths: Mapping[str, Truth]) -> None:
        """Take note of who is disabled, and of who no longer is, as a review will see it."""
        for who, truth in truths.items():
            if truth.status == "Terminated":
                self.seen_terminated.add(who)
            elif who in self.seen_terminated:
                self.seen_terminated.discard(who)
                self.reinstated[who] = self.time.now()

    def _exempt(self, ledger: PortalLedger) -> None:
        now = self.time.machine_clock()
        for person in self.case.people:
            if person.exempt:
                ledger.exemptions.add(
                    email_of(person.number),
                    until=utc_date(now) + timedelta(days=400),
                    reason="needed later",
                )


def policy_of(rules: Rules) -> Policy:
    """Return the product's policy for the rules of a case."""
    return Policy(
        inactive_days=rules.inactive_days,
        lookback_days=max(rules.lookback_days, rules.inactive_days),
        never_seen=rules.never_seen,
        evidence=rules.evidence,
    )


def roster_of(case: Case, folder: Path) -> Roster:
    """Return the product's roster for a case; a csv one is written into `folder`."""
    if case.roster == "guests":
        return open_roster(RosterOptions(source="guests"))
    path = folder / "roster.csv"
    path.write_text(
        "\n".join(
            ["id,email,end_date", *(_row(person, case) for person in case.people)],
        ),
        encoding="utf-8",
    )
    return open_roster(RosterOptions(source="csv", path=path))


def _row(person: PersonCase, case: Case) -> str:
    if not person.on_roster:
        return ""
    ended = VirtualTime(case.start - 40 * 86_400).portal_clock().date().isoformat()
    # Some are named by their id, some by their address, some by both.
    by = person.number % 3
    who = id_of(person.number) if by != 1 else ""
    email = email_of(person.number).upper() if by != 0 else ""
    return f"{who},{email},{ended if person.contract_ended else ''}"


def _provable(known: Reach, rules: Rules) -> float:
    return max(
        *([known.sign_ins_for_certain] if "sign-in" in rules.evidence else []),
        *([known.trail] if "activity" in rules.evidence else []),
        0.0,
    )


async def _all(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*work)


def _now(plan: Plan) -> float:
    return plan.now.timestamp()


def _applied(receipt: Receipt | None, *, disabled: int, wrongful: tuple[int, ...]) -> Applied:
    outcomes = [one.outcome for one in receipt.outcomes] if receipt else []
    spared = {OutcomeKind.SPARED_ACTIVE, OutcomeKind.SPARED_CHANGED, OutcomeKind.ALREADY_DISABLED}
    return Applied(
        disabled=disabled,
        spared=sum(outcome in spared for outcome in outcomes),
        undone=sum(outcome in {OutcomeKind.FAILED, OutcomeKind.REFUSED} for outcome in outcomes),
        wrongful=wrongful,
    )
