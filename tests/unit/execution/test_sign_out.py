"""Ending people's sessions: one by one, once, told in the journal, found out after a loss."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from lastseen.execution.finish import receipt_exit_code
from lastseen.execution.history import read_history
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.decision import Reason, Verdict
from lastseen.model.errors import ExitCode, UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import minute
from lastseen.model.plan import Plan
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import Cause, OutcomeKind
from lastseen.workflows.undo import reversal, undo
from tests.unit.execution.fake_portal import FakePortal, lost, refused
from tests.unit.execution.plans import (
    AT_ONCE,
    carry_out,
    outcome,
    outcomes,
    plan_for,
)

OUT: dict[str, Any] = {"verdict": Verdict.SIGN_OUT, "reason": Reason.SESSION_MAY_BE_OPEN}


def people_of(portal: FakePortal, count: int) -> list[UserId]:
    return [portal.add(n) for n in range(count)]


def sign_out_plan(portal: FakePortal, people: list[UserId]) -> Plan:
    return plan_for(portal, people, **OUT)


def test_everyone_in_the_plan_is_signed_out_once_and_nobody_is_disabled(portal, ledger):
    people = people_of(portal, 3)

    receipt = carry_out(sign_out_plan(portal, people), portal, ledger)

    assert outcomes(receipt) == dict.fromkeys(people, OutcomeKind.SIGNED_OUT)
    assert portal.sessions_ended == people
    assert portal.puts == []
    assert receipt_exit_code(receipt) is ExitCode.DONE
    assert {portal.status(who) for who in people} == {AccountStatus.ACTIVE}


def test_the_journal_has_each_intent_before_the_request_and_tells_when_it_was_done(portal, ledger):
    (ann,) = people_of(portal, 1)
    seen: list[str] = []
    portal.before_change = lambda: seen.extend(e.kind for e in ledger.journal.entries())

    receipt = carry_out(sign_out_plan(portal, [ann]), portal, ledger)

    entries = list(ledger.journal.entries(receipt.run_id))
    assert seen == ["scope", "intent"]
    assert [entry.kind for entry in entries] == ["scope", "intent", "outcome"]
    assert read_history(entries).signed_out == {ann: entries[-1].at}


def test_applying_a_plan_again_tells_which_run_ended_the_sessions_and_when(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = sign_out_plan(portal, [ann])
    first = carry_out(plan, portal, ledger)
    ended_at = read_history(ledger.journal.entries()).signed_out[ann]

    again = carry_out(plan, portal, ledger)

    assert outcome(again, ann).cause is Cause.SIGNED_OUT_BEFORE
    said = f"the run {first.run_id} ended the sessions already, at {minute(ended_at)}"
    assert said in (outcome(again, ann).error or "")
    assert portal.sessions_ended == [ann]


def test_sign_outs_do_not_count_for_the_guardrails(portal, ledger):
    people = people_of(portal, 10)
    limits = Guardrails(max_disable=1)

    receipt = carry_out(sign_out_plan(portal, people), portal, ledger, guardrails=limits)

    assert receipt.summary == {"signed-out": 10}


def test_a_key_without_the_right_is_reported_once_with_the_right_it_lacks(portal, ledger):
    people = people_of(portal, 5)
    portal.may_end_sessions = False

    receipt = carry_out(sign_out_plan(portal, people), portal, ledger)

    assert receipt.summary == {"refused": 1, "failed": 4}
    assert outcome(receipt, people[0]).outcome is OutcomeKind.REFUSED
    assert "may not end other people's sessions" in (outcome(receipt, people[4]).error or "")
    assert portal.sessions_ended == []


@pytest.mark.parametrize("trouble", ["lost-after", "unreadable"])
def test_after_a_lost_answer_the_trail_tells_that_it_was_done(portal, ledger, trouble):
    people = people_of(portal, 2)
    portal.sign_out_troubles.append(trouble)

    receipt = carry_out(sign_out_plan(portal, people), portal, ledger)

    assert receipt.summary == {"signed-out": 2}
    assert portal.sessions_ended == people


def test_what_the_trail_does_not_know_yet_stays_open_and_is_not_asked_for_again(portal, ledger):
    # Given an answer that is lost, and a trail that is late
    ann, bob = people_of(portal, 2)
    plan = sign_out_plan(portal, [ann, bob])
    portal.sign_out_troubles.append("lost-after")
    portal.trail_delay = timedelta(minutes=5)

    first = carry_out(plan, portal, ledger)
    again = carry_out(plan, portal, ledger)
    portal.clock.forward(minutes=6)
    last = carry_out(plan, portal, ledger)

    assert outcome(first, ann).cause is Cause.NO_ANSWER
    assert outcome(again, ann).cause is Cause.NO_ANSWER
    assert outcomes(last) == dict.fromkeys([ann, bob], OutcomeKind.SIGNED_OUT)
    assert {run.run_id for run in ledger.runs.all()} == {last.run_id}
    assert portal.sessions_ended == [ann, bob]


def test_a_request_that_never_arrived_is_made_again_when_the_trail_would_know(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = sign_out_plan(portal, [ann])
    portal.sign_out_troubles.append("lost-before")
    carry_out(plan, portal, ledger)
    assert portal.sessions_ended == []

    portal.clock.forward(minutes=20)
    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SIGNED_OUT}
    assert portal.sessions_ended == [ann]


def test_another_plan_signs_nobody_out_of_whom_that_is_not_known_yet(portal, ledger):
    (ann,) = people_of(portal, 1)
    portal.sign_out_troubles.append("lost-after")
    portal.trail_delay = timedelta(minutes=5)
    carry_out(sign_out_plan(portal, [ann]), portal, ledger)

    receipt = carry_out(plan_for(portal, [ann], plan_id="plan-2", **OUT), portal, ledger)

    assert outcome(receipt, ann).cause is Cause.SIGN_OUT_UNCONFIRMED
    assert portal.sessions_ended == [ann]


@pytest.mark.parametrize("answer", [refused(429, "nothing before 10:00"), refused(401)])
def test_a_used_up_limit_or_a_dead_key_stops_and_the_same_command_continues(portal, ledger, answer):
    people = people_of(portal, 3)
    plan = sign_out_plan(portal, people)
    portal.after_change = lambda: portal.sign_out_troubles.append(answer)

    first = carry_out(plan, portal, ledger)
    portal.after_change = lambda: None
    portal.sign_out_troubles.clear()
    second = carry_out(plan, portal, ledger)

    assert first.summary == {"signed-out": 1, "failed": 2}
    assert second.run_id == first.run_id
    assert second.summary == {"signed-out": 3}
    assert portal.sessions_ended == people


def test_a_stop_ends_after_the_person_at_hand(portal, ledger):
    people = people_of(portal, 3)
    plan = sign_out_plan(portal, people)
    stop = asyncio.Event()
    portal.before_change = stop.set

    receipt = carry_out(plan, portal, ledger, stop=stop)

    assert receipt.summary == {"signed-out": 1, "failed": 2}
    portal.before_change = lambda: None
    assert carry_out(plan, portal, ledger).summary == {"signed-out": 3}


def test_a_portal_that_cannot_be_read_after_a_loss_is_left_alone(portal, ledger):
    people = people_of(portal, 3)
    portal.sign_out_troubles.append(lost())
    portal.before_change = lambda: setattr(portal, "deaf_people", True)

    receipt = carry_out(sign_out_plan(portal, people), portal, ledger)

    assert receipt.summary == {"failed": 3}
    assert outcome(receipt, people[0]).cause is Cause.NO_ANSWER
    assert portal.sessions_ended == []


def test_undo_says_that_ended_sessions_stay_ended(portal, ledger):
    people = people_of(portal, 2)
    applied = carry_out(sign_out_plan(portal, people), portal, ledger)

    planned = reversal(applied.run_id, ledger=ledger)
    receipt = asyncio.run(
        undo(applied.run_id, portal, ledger=ledger, clock=portal.clock, pace=AT_ONCE)
    )

    assert planned.people == ()
    assert [one.user_id for one in planned.stay_signed_out] == people
    assert receipt.outcomes == ()
    assert portal.changes == []


def test_undoing_for_one_person_says_nothing_of_other_peoples_sessions(portal, ledger):
    ann, bob = people_of(portal, 2)
    disabled = plan_for(portal, [ann]).decisions
    ended = sign_out_plan(portal, [bob]).decisions
    plan = sealed(replace(sign_out_plan(portal, [bob]), decisions=(*disabled, *ended)))
    applied = carry_out(plan, portal, ledger)

    assert reversal(applied.run_id, ledger=ledger, who=(ann,)).stay_signed_out == ()


def test_a_person_who_was_only_signed_out_cannot_be_reinstated_by_name(portal, ledger):
    (ann,) = people_of(portal, 1)
    applied = carry_out(sign_out_plan(portal, [ann]), portal, ledger)

    with pytest.raises(UsageError, match="ended the sessions of") as refusal:
        reversal(applied.run_id, ledger=ledger, who=(ann,))
    assert "stay ended" in refusal.value.meaning


# --- death at every step --------------------------------------------------------------------------
