"""Interrupted runs: which one is resumed, and what happened to the people of the others."""

import asyncio

import pytest

from lastseen.execution.context import ExecutionContext
from lastseen.execution.recovery import (
    IsResumed,
    carries_out,
    carries_out_any,
    resumes_none,
    settle,
    undoes,
)
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.receipt import OutcomeKind
from lastseen.model.run import RunKind
from tests.unit.execution.fake_portal import FakePortal
from tests.unit.execution.plans import AT_ONCE

TERMINATED = AccountStatus.TERMINATED


@pytest.fixture
def working(portal: FakePortal, ledger: PortalLedger) -> ExecutionContext:
    return ExecutionContext(portal=portal, ledger=ledger, clock=portal.clock, pace=AT_ONCE)


def cut_off(
    ledger: PortalLedger, who: UserId, *, kind: RunKind = "apply", plan_id: str = "plan-1"
) -> RunRecord:
    """Leave a run behind whose request for `who` may have arrived."""
    undone = "undone" if kind == "undo" else None
    run = ledger.runs.begin(kind, plan_id=plan_id, undone_run_id=undone)
    record = RunRecord(ledger.journal, run)
    target = Target(user_id=who, email=None)
    record.begin([target], AccountStatus.ACTIVE if kind == "undo" else TERMINATED)
    record.intend([target])
    return record


def settled(working: ExecutionContext, resumed: IsResumed = resumes_none) -> RunRecord | None:
    return asyncio.run(settle(working, resumed=resumed))


@pytest.mark.parametrize("arrived", [True, False])
def test_reading_people_back_tells_whether_the_request_had_arrived(
    working, portal, ledger, arrived
):
    ann = portal.add(1)
    cut = cut_off(ledger, ann)
    if arrived:
        portal.change(ann, status=TERMINATED)

    settled(working)

    receipt = ledger.runs.receipt(cut.run.run_id)
    assert receipt is not None
    kind = OutcomeKind.DISABLED if arrived else OutcomeKind.FAILED
    assert [one.outcome for one in receipt.outcomes] == [kind]
    assert portal.puts == []


def test_anyone_who_cannot_be_read_stays_open(working, portal, ledger):
    ann = portal.add(1)
    cut = cut_off(ledger, ann)
    portal.unreadable.add(ann)

    settled(working)

    assert RunRecord(ledger.journal, cut.run).open
    assert ledger.runs.find(cut.run.run_id).state == "interrupted"


def test_the_newest_run_of_the_plan_is_returned_and_the_others_are_closed(working, portal, ledger):
    ann, bob, cem = portal.add(1), portal.add(2), portal.add(3)
    old = cut_off(ledger, ann)
    newest = cut_off(ledger, bob)
    other = cut_off(ledger, cem, plan_id="plan-2")

    resumed = settled(working, carries_out("plan-1"))

    assert resumed is not None
    assert resumed.run.run_id == newest.run.run_id
    states = {run.run_id: run.state for run in ledger.runs.all()}
    assert states[old.run.run_id] == states[other.run.run_id] == "failed"
    assert states[newest.run.run_id] == "interrupted"


def test_an_undo_is_carried_on_by_the_undo_of_the_same_run_only(working, portal, ledger):
    cut = cut_off(ledger, portal.add(1), kind="undo")
    assert settled(working, carries_out_any) is None
    again = cut_off(ledger, portal.add(2), kind="undo")
    resumed = settled(working, undoes("undone"))
    assert resumed is not None
    assert resumed.run.run_id == again.run.run_id != cut.run.run_id


def test_without_a_cut_off_run_nothing_is_asked(working, portal):
    assert settled(working, carries_out_any) is None
    assert portal.requests == 0


def test_whom_a_cut_off_run_disabled_counts_as_reinstated_once_active_again(
    working, portal, ledger
):
    ann = portal.add(1)
    cut_off(ledger, ann)
    portal.change(ann, status=TERMINATED)
    settled(working)

    portal.change(ann, status=AccountStatus.ACTIVE)
    ledger.accounts.note([portal.accounts[ann]], portal.clock())

    assert set(ledger.accounts.reinstated()) == {ann}
