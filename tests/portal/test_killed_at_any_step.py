"""Death at every step: the same command finishes the job, and nobody is changed twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lastseen.execution.history import read_history
from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.decision import Reason, Verdict
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind, Receipt
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.undo import undo
from testing.process_death import (
    Killed,
    Life,
    Moment,
    MortalLedger,
    mortal_portal,
    until_death,
)
from tests.unit.execution.fake_portal import URL, FakePortal
from tests.unit.execution.plans import GENEROUS, batches_of, know, outcomes, plan_for

PACE = batches_of(3)

Command = Callable[[Any, Any], Any]
"""What runs the command on a portal and a ledger that may die."""


def applying(plan: Plan, portal: FakePortal) -> Command:
    options = ApplyOptions(guardrails=GENEROUS, pace=PACE)
    return lambda asked, ledger: apply(
        plan, asked, ledger=ledger, options=options, clock=portal.clock
    )


def undoing(run_id: str, portal: FakePortal) -> Command:
    return lambda asked, ledger: undo(
        run_id, asked, ledger=ledger, guardrails=GENEROUS, clock=portal.clock, pace=PACE
    )


def live(command: Command, portal: FakePortal, ledger: PortalLedger, life: Life) -> Receipt | None:
    """Run the command in one process; None when that dies."""
    try:
        receipt: Receipt = until_death(
            command(mortal_portal(portal, life), MortalLedger(ledger, life))
        )
    except Killed:
        return None
    except BaseExceptionGroup:
        assert life.dead
        return None
    return receipt


def world(protected: int | None = None) -> tuple[FakePortal, list[UserId], Plan]:
    portal = FakePortal()
    people = [portal.add(n) for n in range(7)]
    plan = plan_for(portal, people)
    if protected is not None:
        refuse = people[protected]
        portal.before_change = lambda: portal.change(refuse, is_ldap=True)
    return portal, people, plan


def steps_of(protected: int | None) -> int:
    portal, _, plan = world(protected)
    life = Life()
    with Ledger.in_memory(clock=portal.clock) as book:
        know(plan, book.portal(URL))
        live(applying(plan, portal), portal, book.portal(URL), life)
    return life.steps


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("protected", [None, 4])
def test_an_apply_killed_at_any_step_is_finished_by_the_same_command(
    moment: Moment, protected: int | None
):
    for step in range(steps_of(protected)):
        portal, people, plan = world(protected)
        with Ledger.in_memory(clock=portal.clock) as book:
            ledger = book.portal(URL)
            know(plan, ledger)
            command = applying(plan, portal)
            life = Life(death_at=step, moment=moment)
            first = live(command, portal, ledger, life)
            if not life.dead:  # a run may take a step less: how many pages are read at once varies
                assert step > 20
                continue
            assert first is None

            receipt = live(command, portal, ledger, Life())

            assert receipt is not None, (step, life.names[step])
            where = f"killed {moment} step {step}, {life.names[step]}"
            check_finished(portal, ledger, people, receipt, protected, where)


def check_finished(
    portal: FakePortal,
    ledger: PortalLedger,
    people: list[UserId],
    receipt: Receipt,
    protected: int | None,
    where: str,
) -> None:
    to_change = [who for index, who in enumerate(people) if index != protected]
    assert sorted(who for who, _ in portal.changes) == to_change, where
    found = outcomes(receipt)
    assert list(found) == people, where
    if [run for run in ledger.runs.all() if run.run_id != receipt.run_id]:
        # Death after the very end: a second run finds that all is done.
        assert {found[who] for who in to_change} == {OutcomeKind.ALREADY_DISABLED}, where
        (first,) = (r for r in ledger.runs.all() if r.run_id != receipt.run_id)
        earlier = ledger.runs.receipt(first.run_id)
        assert earlier is not None, where
        found = outcomes(earlier)
    assert {found[who] for who in to_change} == {OutcomeKind.DISABLED}, where
    assert all(one.verified for one in receipt.outcomes if one.user_id in to_change), where
    assert ledger.journal.verify() is None, where
    assert all(run.state in ("done", "partial", "failed") for run in ledger.runs.all()), where
    ledger.accounts.note((portal.accounts[who] for who in people), portal.clock())
    assert not ledger.accounts.reinstated(), where


@pytest.mark.parametrize("every", [1, 2, 5, 9, 14])
def test_an_apply_killed_over_and_over_comes_to_its_end(every: int):
    portal, people, plan = world()
    with Ledger.in_memory(clock=portal.clock) as book:
        ledger = book.portal(URL)
        know(plan, ledger)
        command = applying(plan, portal)
        deaths = 0
        receipt = None
        while receipt is None and deaths < 60:
            moment: Moment = "before" if deaths % 2 else "after"
            receipt = live(command, portal, ledger, Life(death_at=every + deaths, moment=moment))
            deaths += receipt is None
        assert receipt is not None
        assert deaths > 0
        check_finished(portal, ledger, people, receipt, None, f"{deaths} deaths")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_undo_killed_at_any_step_is_finished_by_the_same_command(moment: Moment):
    step, died = 0, True
    while died:
        portal, people, plan = world()
        with Ledger.in_memory(clock=portal.clock) as book:
            ledger = book.portal(URL)
            know(plan, ledger)
            applied = live(applying(plan, portal), portal, ledger, Life())
            assert applied is not None
            command = undoing(applied.run_id, portal)
            first = live(command, portal, ledger, Life(death_at=step, moment=moment))
            died = first is None
            receipt = first or live(command, portal, ledger, Life())

            assert receipt is not None
            back = [who for who, status in portal.changes if status is AccountStatus.ACTIVE]
            assert sorted(back) == people, step
            undos = [run for run in ledger.runs.all() if run.kind == "undo"]
            kinds = {OutcomeKind.REINSTATED} if len(undos) == 1 else {OutcomeKind.ALREADY_ACTIVE}
            assert set(outcomes(receipt).values()) == kinds, step
            assert ledger.journal.verify() is None, step
            assert set(ledger.accounts.reinstated()) == set(people), step
        step += 1
    assert step > 15


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_apply_killed_at_any_step_can_be_undone(moment: Moment):
    for step in range(steps_of(None)):
        portal, people, plan = world()
        with Ledger.in_memory(clock=portal.clock) as book:
            ledger = book.portal(URL)
            know(plan, ledger)
            live(applying(plan, portal), portal, ledger, Life(death_at=step, moment=moment))
            for run in ledger.runs.all():
                live(undoing(run.run_id, portal), portal, ledger, Life())
            assert {portal.status(who) for who in people} == {AccountStatus.ACTIVE}, step


@pytest.mark.parametrize("moment", ["before", "after"])
def test_sessions_are_ended_once_by_an_apply_that_is_killed_at_any_step(moment: Moment):
    step, died = 0, True
    while died:
        portal = FakePortal()
        people = [portal.add(n) for n in range(4)]
        plan = plan_for(portal, people, verdict=Verdict.SIGN_OUT, reason=Reason.SESSION_MAY_BE_OPEN)
        command = applying(plan, portal)
        portal.trail_delay = timedelta(seconds=3)
        with Ledger.in_memory(clock=portal.clock) as book:
            ledger = book.portal(URL)
            know(plan, ledger)
            life = Life(death_at=step, moment=moment)
            receipt = live(command, portal, ledger, life)
            died = life.dead
            for _ in range(3):
                if receipt is not None and receipt.summary == {"signed-out": 4}:
                    break
                portal.clock.forward(minutes=16)
                receipt = live(command, portal, ledger, Life())
            where = f"killed {moment} step {step}, {life.names[-1:]}"
            assert receipt is not None, where
            assert portal.sessions_ended == people, where
            assert receipt.summary in ({"signed-out": 4}, {"spared-changed": 4}), where
            assert set(read_history(ledger.journal.entries()).signed_out) == set(people), where
            assert ledger.journal.verify() is None, where
        step += 1
    assert step > 20
