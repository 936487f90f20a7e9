"""Carrying out a plan."""

import asyncio
from datetime import date

import msgspec
import pytest

from lastseen.execution.finish import receipt_exit_code
from lastseen.execution.selection import Selection
from lastseen.ledger import Ledger
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.decision import Reason
from lastseen.model.errors import (
    ExitCode,
    LockHeld,
    PlanRefused,
    PortalUnreachable,
    UsageError,
)
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.plan import Plan
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import Cause, OutcomeKind
from lastseen.workflows.apply import apply, preview_apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.dry_run import dry_run
from lastseen.workflows.plan_runs import people_left
from lastseen.workflows.undo import undo
from tests.unit.execution.fake_portal import URL, FakePortal, refused
from tests.unit.execution.plans import (
    AT_ONCE,
    GENEROUS,
    batches_of,
    carry_out,
    know,
    outcome,
    outcomes,
    plan_for,
)

TERMINATED = AccountStatus.TERMINATED


def people_of(portal: FakePortal, count: int) -> list[UserId]:
    return [portal.add(n) for n in range(count)]


# --- what comes of people -------------------------------------------------------------------------


def test_everybody_whom_the_plan_disables_is_disabled_and_verified(portal, ledger):
    people = people_of(portal, 5)

    receipt = carry_out(plan_for(portal, people, kept=3), portal, ledger)

    assert outcomes(receipt) == dict.fromkeys(people, OutcomeKind.DISABLED)
    assert all(one.verified for one in receipt.outcomes)
    assert receipt.summary == {"disabled": 5}
    assert receipt_exit_code(receipt) is ExitCode.DONE
    assert [portal.status(who) for who in people] == [TERMINATED] * 5


def test_anyone_who_came_back_since_the_plan_is_spared(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.clock.forward(minutes=30)
    portal.sign_in(ann)
    portal.clock.forward(minutes=30)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_ACTIVE, bob: OutcomeKind.DISABLED}
    assert "was seen at 2026-11-20 12:30 UTC" in (outcome(receipt, ann).error or "")
    assert receipt_exit_code(receipt) is ExitCode.DONE


def test_a_failed_sign_in_since_the_plan_saves_nobody(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = plan_for(portal, [ann])
    portal.clock.forward(minutes=30)
    portal.sign_in(ann, action_id=1002)
    portal.clock.forward(minutes=30)

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.DISABLED}


def test_an_ended_contract_is_carried_out_whatever_was_seen(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = plan_for(portal, [ann], reason=Reason.CONTRACT_ENDED)
    portal.clock.forward(minutes=30)
    portal.sign_in(ann)
    portal.clock.forward(minutes=30)

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.DISABLED}


def test_anyone_who_is_not_proven_absent_is_left_alone(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.clock.forward(minutes=30)
    portal.sign_in(ann, action_id=1999)
    portal.clock.forward(minutes=30)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.FAILED, bob: OutcomeKind.DISABLED}
    assert "could not be proven" in (outcome(receipt, ann).error or "")
    assert receipt_exit_code(receipt) is ExitCode.PARTIAL


def test_anyone_who_is_disabled_already_counts_as_that(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.change(ann, status=TERMINATED)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.ALREADY_DISABLED, bob: OutcomeKind.DISABLED}
    assert outcome(receipt, ann).verified


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": AccountType.ADMINISTRATOR}, "administrator"),
        ({"type": AccountType.OWNER}, "owner"),
        ({"is_ldap": True}, "LDAP"),
        ({"email": "new@vendor.example"}, "new@vendor.example"),
    ],
)
def test_an_account_that_has_changed_is_spared_with_the_reason(portal, ledger, change, words):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.change(ann, **change)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
    assert words in (outcome(receipt, ann).error or "")
    assert len(portal.puts) == 1


def test_an_address_in_another_case_is_no_change(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = plan_for(portal, [ann])
    portal.change(ann, email=portal.accounts[ann].email.upper())

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.DISABLED}


def test_a_deleted_account_is_spared(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    del portal.accounts[ann]

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
    assert "no longer on the portal" in (outcome(receipt, ann).error or "")


def test_the_keys_own_account_is_spared(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = plan_for(portal, [ann])
    portal.own = ann

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.SPARED_CHANGED}


@pytest.mark.parametrize("by_address", [True, False])
def test_anyone_who_was_exempted_since_the_plan_is_spared(portal, ledger, by_address):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    who = portal.accounts[ann].email.upper() if by_address else ann
    ledger.exemptions.add(who, until=date(2026, 12, 31), reason="on leave")

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
    assert "on leave" in (outcome(receipt, ann).error or "")


def test_anyone_who_was_reinstated_since_the_plan_is_spared(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    ledger.accounts.note_reinstated([ann], portal.clock())

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}


def test_one_account_that_cannot_be_read_again_stops_nobody_else(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.unreadable.add(ann)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.FAILED, bob: OutcomeKind.DISABLED}


def test_nobody_is_disabled_while_the_clocks_differ(portal, ledger):
    (ann,) = people_of(portal, 1)
    portal.largest_skew_seconds = -301.0

    receipt = carry_out(plan_for(portal, [ann]), portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.FAILED}
    assert "clock" in (outcome(receipt, ann).error or "")
    assert not portal.puts


# --- who is chosen, and what stops everything ----------------------------------------------------


def test_only_those_chosen_are_disabled_and_only_they_are_on_the_receipt(portal, ledger):
    ann, bob, cem = people_of(portal, 3)

    receipt = carry_out(
        plan_for(portal, [ann, bob, cem]), portal, ledger, only=("GUEST1@vendor.example", cem)
    )

    assert outcomes(receipt) == {bob: OutcomeKind.DISABLED, cem: OutcomeKind.DISABLED}
    assert portal.status(ann) is AccountStatus.ACTIVE


def test_those_left_out_stay_as_they_are(portal, ledger):
    ann, bob = people_of(portal, 2)

    receipt = carry_out(plan_for(portal, [ann, bob]), portal, ledger, except_=(ann,))

    assert outcomes(receipt) == {bob: OutcomeKind.DISABLED}


def test_a_name_that_the_plan_does_not_disable_changes_nothing(portal, ledger):
    ann, bob = people_of(portal, 2)

    with pytest.raises(UsageError):
        carry_out(plan_for(portal, [ann]), portal, ledger, only=(bob,))

    assert portal.requests == 0


@pytest.mark.parametrize(
    "guardrails",
    [Guardrails(max_disable=2, max_disable_share=1), Guardrails(max_disable_share=0.5)],
)
def test_a_guardrail_stops_the_whole_run_before_anything_is_changed(portal, ledger, guardrails):
    people = people_of(portal, 3)

    with pytest.raises(GuardrailStopped):
        carry_out(plan_for(portal, people, kept=2), portal, ledger, guardrails=guardrails)

    assert portal.puts == []
    assert list(ledger.journal.entries()) == []


def test_people_who_are_disabled_already_are_no_matter_for_a_guardrail(portal, ledger):
    people = people_of(portal, 5)
    plan = plan_for(portal, people)
    carry_out(plan, portal, ledger, max_disable=5)
    before = len(portal.changes)
    tight = Guardrails(max_disable=1, max_disable_share=1)

    again = carry_out(plan, portal, ledger, guardrails=tight)

    assert outcomes(again) == dict.fromkeys(people, OutcomeKind.ALREADY_DISABLED)
    assert receipt_exit_code(again) is ExitCode.DONE
    assert len(portal.changes) == before


def test_a_guardrail_counts_those_who_are_still_to_be_disabled(portal, ledger):
    people = people_of(portal, 5)
    plan = plan_for(portal, people)
    carry_out(plan, portal, ledger, max_disable=5, only=tuple(people[:3]))
    limits = {"one": Guardrails(max_disable=1, max_disable_share=1), "two": TIGHT}

    with pytest.raises(GuardrailStopped, match="disabling 2 people"):
        carry_out(plan, portal, ledger, guardrails=limits["one"])
    rest = carry_out(plan, portal, ledger, guardrails=limits["two"])

    assert rest.summary == {"already-disabled": 3, "disabled": 2}


def test_a_portal_that_cannot_be_asked_leaves_the_guardrail_as_it_is(portal, ledger):
    people = people_of(portal, 3)
    plan = plan_for(portal, people)
    carry_out(plan, portal, ledger, max_disable=3)
    portal.deaf_people = True

    with pytest.raises(GuardrailStopped):
        carry_out(plan, portal, ledger, guardrails=Guardrails(max_disable=1))


def test_guardrails_count_those_chosen(portal, ledger):
    people = people_of(portal, 3)
    guardrails = Guardrails(max_disable=1, max_disable_share=1)

    receipt = carry_out(
        plan_for(portal, people), portal, ledger, guardrails=guardrails, only=(people[0],)
    )

    assert outcomes(receipt) == {people[0]: OutcomeKind.DISABLED}


def test_an_old_plan_is_refused_before_anything_is_asked(portal, ledger):
    plan = plan_for(portal, people_of(portal, 1))
    portal.clock.forward(hours=24)

    with pytest.raises(PlanRefused):
        carry_out(plan, portal, ledger)

    assert portal.requests == 0


def test_an_edited_plan_is_refused(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])

    with pytest.raises(PlanRefused):
        carry_out(msgspec.structs.replace(plan, decisions=plan.decisions[:1]), portal, ledger)


def test_two_runs_never_change_one_portal_at_once(portal, ledger):
    plan = plan_for(portal, people_of(portal, 1))

    with ledger.lock("apply"), pytest.raises(LockHeld):
        carry_out(plan, portal, ledger)

    assert portal.requests == 0


# --- what is written down ------------------------------------------------------------------------


def test_the_intent_is_in_the_journal_before_the_request_leaves(portal, ledger):
    people = people_of(portal, 2)
    known: list[list[str]] = []
    portal.before_change = lambda: known.append(
        [
            person["user_id"]
            for entry in ledger.journal.entries()
            if entry.kind == "intent" and entry.content.get("batch") == 1
            for person in entry.content["people"]
        ]
    )

    carry_out(plan_for(portal, people), portal, ledger)

    assert known == [people]


def test_the_journal_says_who_was_meant_and_what_came_of_it(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.change(ann, status=TERMINATED)

    receipt = carry_out(plan, portal, ledger)

    entries = list(ledger.journal.entries(receipt.run_id))
    assert [entry.kind for entry in entries] == ["scope", "outcome", "intent", "outcome"]
    assert entries[2].content["plan_id"] == "plan-1"
    assert entries[2].content["status"] == 2
    assert {entry.by.account for entry in entries} == {"owner@example.com"}
    assert receipt.journal_head == entries[-1].hash
    assert ledger.journal.verify(receipt.journal_head) is None


def test_the_ledger_keeps_the_run_its_receipt_and_a_plan_made_elsewhere(portal, ledger):
    plan = plan_for(portal, people_of(portal, 1))

    receipt = carry_out(plan, portal, ledger)

    (run,) = ledger.runs.all()
    assert (run.kind, run.state, run.plan_id, run.exit_code) == ("apply", "done", "plan-1", 0)
    assert run.summary == {"disabled": 1}
    assert ledger.runs.receipt(run.run_id) == receipt
    assert ledger.runs.plan(plan.plan_id) == plan


def test_somebody_reinstated_by_hand_later_is_noticed(portal, ledger):
    (ann,) = people_of(portal, 1)
    carry_out(plan_for(portal, [ann]), portal, ledger)

    portal.change(ann, status=AccountStatus.ACTIVE)
    ledger.accounts.note([portal.accounts[ann]], portal.clock())

    assert ann in ledger.accounts.reinstated()


def test_a_refusal_makes_the_run_partial_and_the_exit_code_six(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.before_change = lambda: portal.change(ann, is_ldap=True)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.REFUSED, bob: OutcomeKind.DISABLED}
    assert receipt_exit_code(receipt) is ExitCode.PARTIAL
    assert ledger.runs.all()[0].state == "partial"


def test_a_run_in_which_nothing_was_done_has_failed(portal, ledger):
    (ann,) = people_of(portal, 1)
    portal.troubles.append(refused(403))

    carry_out(plan_for(portal, [ann]), portal, ledger)

    assert ledger.runs.all()[0].state == "failed"


def test_a_portal_that_cannot_be_looked_at_changes_nobody_and_the_same_command_continues(
    portal, ledger
):
    (ann,) = people_of(portal, 1)
    plan = plan_for(portal, [ann])
    asked: list[int] = []

    def deaf_after_the_first() -> None:
        asked.append(1)
        portal.deaf_people = len(asked) > 1

    portal.before_read = deaf_after_the_first
    with pytest.raises(PortalUnreachable):
        carry_out(plan, portal, ledger)
    assert ledger.runs.all()[0].state == "interrupted"

    portal.before_read, portal.deaf_people = (lambda: None), False
    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.DISABLED}
    assert [run.state for run in ledger.runs.all()] == ["done"]


def test_many_people_take_few_requests(portal, ledger):
    people = people_of(portal, 250)
    for who in people:
        portal.change(who, type=AccountType.GUEST)

    receipt = carry_out(plan_for(portal, people), portal, ledger)

    assert receipt.summary == {"disabled": 250}
    assert [len(put) for put in portal.puts] == [100, 100, 50]
    assert (portal.lists, portal.reads) == (2, 0)


# --- again ----------------------------------------------------------------------------------------


def test_a_second_apply_changes_nobody_and_says_that_all_is_done(portal, ledger):
    people = people_of(portal, 3)
    plan = plan_for(portal, people)
    first = carry_out(plan, portal, ledger)

    second = carry_out(plan, portal, ledger)

    assert outcomes(second) == dict.fromkeys(people, OutcomeKind.ALREADY_DISABLED)
    assert second.run_id != first.run_id
    assert len(portal.changes) == 3
    assert len(portal.puts) == 1


def test_after_a_limit_the_same_command_finishes_the_same_run(portal, ledger):
    people = people_of(portal, 6)
    plan = plan_for(portal, people)
    portal.after_change = lambda: portal.troubles.append(refused(429, "nothing before 10:00"))

    first = carry_out(plan, portal, ledger, pace=batches_of(2))
    assert first.summary == {"disabled": 2, "failed": 4}
    assert "10:00" in (first.outcomes[5].error or "")
    portal.after_change = lambda: None
    portal.troubles.clear()
    second = carry_out(plan, portal, ledger, pace=batches_of(2))

    assert second.run_id == first.run_id
    assert outcomes(second) == dict.fromkeys(people, OutcomeKind.DISABLED)
    assert len(portal.changes) == 6


def test_those_not_chosen_this_time_are_not_on_the_receipt_of_a_run_carried_on(portal, ledger):
    ann, bob, cem = people_of(portal, 3)
    plan = plan_for(portal, [ann, bob, cem])
    portal.troubles.append(refused(429))
    carry_out(plan, portal, ledger)

    receipt = carry_out(plan, portal, ledger, only=(cem,))

    assert outcomes(receipt) == {cem: OutcomeKind.DISABLED}


def test_a_lost_answer_that_cannot_be_read_back_is_found_out_by_the_same_command(portal, ledger):
    people = people_of(portal, 2)
    plan = plan_for(portal, people)
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)

    first = carry_out(plan, portal, ledger)
    assert set(outcomes(first).values()) == {OutcomeKind.FAILED}
    assert ledger.runs.all()[0].state == "interrupted"
    portal.deaf_people, portal.after_change = False, lambda: None
    second = carry_out(plan, portal, ledger)

    assert second.run_id == first.run_id
    assert outcomes(second) == dict.fromkeys(people, OutcomeKind.DISABLED)
    assert len(portal.changes) == 2


def test_anyone_who_cannot_be_read_for_a_while_is_claimed_when_they_can_be(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    carry_out(plan, portal, ledger)
    portal.deaf_people, portal.after_change = False, lambda: None
    portal.unreadable.add(ann)

    meanwhile = carry_out(plan, portal, ledger)
    portal.unreadable.clear()
    at_last = carry_out(plan, portal, ledger)

    assert outcomes(meanwhile) == {ann: OutcomeKind.FAILED, bob: OutcomeKind.DISABLED}
    assert at_last.run_id == meanwhile.run_id
    assert outcomes(at_last) == dict.fromkeys((ann, bob), OutcomeKind.DISABLED)


def test_a_change_that_does_not_show_yet_is_found_by_the_same_command(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = plan_for(portal, [ann])
    portal.lags = 1000

    first = carry_out(plan, portal, ledger)
    portal.lags = 0
    second = carry_out(plan, portal, ledger)

    assert outcomes(first) == {ann: OutcomeKind.FAILED}
    assert second.run_id == first.run_id
    assert outcomes(second) == {ann: OutcomeKind.DISABLED}
    assert len(portal.puts) == 1


def test_anyone_whom_a_hand_reinstated_after_the_run_is_left_alone_by_its_plan(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    carry_out(plan, portal, ledger)
    portal.change(ann, status=AccountStatus.ACTIVE)

    again = carry_out(plan, portal, ledger)

    assert outcomes(again) == {
        ann: OutcomeKind.SPARED_CHANGED,
        bob: OutcomeKind.ALREADY_DISABLED,
    }


def test_a_receipt_tells_of_the_last_attempt_only(portal, ledger):
    (ann,) = people_of(portal, 1)
    plan = plan_for(portal, [ann])
    portal.troubles.append(refused(429, "nothing before 10:00"))
    carry_out(plan, portal, ledger)
    stop = asyncio.Event()
    portal.before_read = stop.set

    receipt = carry_out(plan, portal, ledger, stop=stop)

    assert "stop was requested" in (outcome(receipt, ann).error or "")


def test_a_key_that_may_change_nobody_is_not_tried_on_everybody(portal, ledger):
    people = people_of(portal, 40)
    portal.troubles.extend([refused(403)] * 200)

    receipt = carry_out(plan_for(portal, people), portal, ledger, pace=batches_of(4))

    assert receipt.summary == {"refused": 4, "failed": 36}
    assert len(portal.troubles) > 190


# --- stopping -------------------------------------------------------------------------------------


def test_a_stop_finishes_and_verifies_the_batch_in_flight(portal, ledger):
    people = people_of(portal, 6)
    plan = plan_for(portal, people)
    stop = asyncio.Event()
    portal.before_change = stop.set

    receipt = carry_out(plan, portal, ledger, pace=batches_of(2), stop=stop)

    found = list(outcomes(receipt).values())
    assert found == [OutcomeKind.DISABLED] * 2 + [OutcomeKind.FAILED] * 4
    assert all(one.verified for one in receipt.outcomes[:2])
    assert receipt_exit_code(receipt) is ExitCode.PARTIAL
    assert ledger.runs.receipt(receipt.run_id) == receipt

    portal.before_change = lambda: None
    assert carry_out(plan, portal, ledger, pace=batches_of(2)).summary == {"disabled": 6}


def test_a_stop_during_the_last_look_changes_nobody(portal, ledger):
    people = people_of(portal, 2)
    stop = asyncio.Event()
    portal.before_read = stop.set

    receipt = carry_out(plan_for(portal, people), portal, ledger, stop=stop)

    assert receipt.summary == {"failed": 2}
    assert not portal.puts


def test_a_cancellation_finishes_the_batch_in_flight_and_leaves_a_receipt(portal, ledger):
    people = people_of(portal, 4)
    plan = plan_for(portal, people)
    know(plan, ledger)

    async def cancelled() -> None:
        options = ApplyOptions(guardrails=GENEROUS, pace=batches_of(2))
        work = asyncio.ensure_future(
            apply(plan, portal, ledger=ledger, options=options, clock=portal.clock)
        )
        portal.before_change = work.cancel
        await work

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())

    (run,) = ledger.runs.all()
    receipt = ledger.runs.receipt(run.run_id)
    assert receipt is not None
    assert receipt.summary == {"disabled": 2, "failed": 2}
    assert run.state == "interrupted"


# --- runs that were interrupted --------------------------------------------------------------


def test_another_plan_claims_nobody_whom_a_killed_run_disabled(portal, ledger):
    ann, bob = people_of(portal, 2)
    first = plan_for(portal, [ann, bob])
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    cut = carry_out(first, portal, ledger)
    portal.deaf_people, portal.after_change = False, lambda: None

    second = carry_out(plan_for(portal, [ann, bob], plan_id="plan-2"), portal, ledger)

    assert outcomes(second) == {ann: OutcomeKind.ALREADY_DISABLED, bob: OutcomeKind.DISABLED}
    settled = ledger.runs.receipt(cut.run_id)
    assert settled is not None
    assert outcomes(settled) == {ann: OutcomeKind.DISABLED, bob: OutcomeKind.FAILED}
    assert [run.state for run in ledger.runs.all()] == ["done", "partial"]


def test_a_plan_grown_too_old_is_not_carried_on_but_what_it_did_is_found_out(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    cut = carry_out(plan, portal, ledger)
    portal.deaf_people, portal.after_change = False, lambda: None
    portal.clock.forward(days=2)

    with pytest.raises(PlanRefused):
        carry_out(plan, portal, ledger)

    settled = ledger.runs.receipt(cut.run_id)
    assert settled is not None
    assert outcomes(settled) == {ann: OutcomeKind.DISABLED, bob: OutcomeKind.FAILED}
    assert portal.status(bob) is AccountStatus.ACTIVE


def test_guardrails_count_the_whole_run_that_is_carried_on(portal, ledger):
    people = people_of(portal, 4)
    plan = plan_for(portal, people)
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    carry_out(plan, portal, ledger, pace=batches_of(2))
    portal.deaf_people, portal.after_change = False, lambda: None
    portal.troubles.clear()

    with pytest.raises(GuardrailStopped):
        carry_out(
            plan,
            portal,
            ledger,
            pace=batches_of(2),
            guardrails=Guardrails(max_disable=3, max_disable_share=1),
        )


def test_a_ledger_of_another_portal_knows_nothing_of_this_ones_runs(portal):
    with Ledger.in_memory(clock=portal.clock) as book:
        plan = plan_for(portal, people_of(portal, 1))
        carry_out(plan, portal, book.portal(URL))
        assert book.portal("https://other.example").runs.all() == ()


# --- who was changed though nobody asked ----------------------------------------------------------


def test_people_changed_unasked_are_named_end_with_six_and_can_be_taken_back(portal, ledger):
    ann, bob, cem = people_of(portal, 3)
    portal.strays = {cem}

    receipt = carry_out(plan_for(portal, [ann, bob]), portal, ledger, pace=batches_of(1))

    stray = outcome(receipt, cem)
    assert stray.outcome is OutcomeKind.DISABLED
    assert stray.cause is Cause.UNREQUESTED
    assert stray.verified
    assert receipt_exit_code(receipt) is ExitCode.PARTIAL
    assert outcome(receipt, bob).cause is Cause.NOT_ATTEMPTED, "such a portal is left alone"
    back = asyncio.run(
        undo(receipt.run_id, portal, ledger=ledger, clock=portal.clock, pace=batches_of(9))
    )
    assert outcomes(back) == {ann: OutcomeKind.REINSTATED, cem: OutcomeKind.REINSTATED}


def test_an_answer_that_names_only_those_asked_for_names_nobody_else(portal, ledger):
    people = people_of(portal, 5)
    receipt = carry_out(plan_for(portal, people), portal, ledger, pace=batches_of(2))
    assert {one.cause for one in receipt.outcomes} == {None}


# --- guardrails over the days before --------------------------------------------------------------

TIGHT = Guardrails(max_disable=3, max_disable_share=1.0)


def test_part_by_part_is_no_way_around_a_guardrail(portal, ledger):
    people = people_of(portal, 5)
    plan = plan_for(portal, people)
    for who in people[:3]:
        carry_out(plan, portal, ledger, guardrails=TIGHT, only=(who,))

    with pytest.raises(GuardrailStopped, match="3 people were disabled in that time already"):
        carry_out(plan, portal, ledger, guardrails=TIGHT, only=(people[3],))

    assert len(portal.changes) == 3


def test_what_was_undone_or_lies_further_back_no_longer_counts(portal, ledger):
    people = people_of(portal, 6)
    first = carry_out(plan_for(portal, people[:2]), portal, ledger, guardrails=TIGHT)
    asyncio.run(undo(first.run_id, portal, ledger=ledger, clock=portal.clock, pace=batches_of(9)))
    second = plan_for(portal, people[2:5], plan_id="plan-2")
    carry_out(second, portal, ledger, guardrails=TIGHT)
    portal.clock.forward(days=8)

    third = plan_for(portal, people[5:], plan_id="plan-3")
    assert carry_out(third, portal, ledger, guardrails=TIGHT).summary == {"disabled": 1}


def test_max_disable_lifts_the_guardrails_for_this_run_and_does_not_count_later(portal, ledger):
    people = people_of(portal, 8)
    plan = plan_for(portal, people[:5])
    with pytest.raises(GuardrailStopped):
        carry_out(plan, portal, ledger, guardrails=TIGHT)

    lifted = carry_out(plan, portal, ledger, guardrails=TIGHT, max_disable=5)
    later = plan_for(portal, people[5:], plan_id="plan-2")
    after = carry_out(later, portal, ledger, guardrails=TIGHT)

    assert lifted.summary == {"disabled": 5}
    assert after.summary == {"disabled": 3}


def test_max_disable_itself_is_a_limit(portal, ledger):
    plan = plan_for(portal, people_of(portal, 3))
    with pytest.raises(GuardrailStopped, match="--max-disable allows 2 people"):
        carry_out(plan, portal, ledger, max_disable=2)
    assert portal.changes == []


# --- a part of the plan, and a rehearsal ----------------------------------------------------------


def idle(plan: Plan, days: dict[UserId, int]) -> Plan:
    decisions = tuple(
        msgspec.structs.replace(one, idle_days=days[UserId(str(one.user_id))])
        for one in plan.decisions
    )
    return sealed(msgspec.structs.replace(plan, decisions=decisions))


def test_a_limit_takes_the_longest_idle_first_and_then_the_next(portal, ledger):
    ann, bob, cem = people_of(portal, 3)
    plan = idle(plan_for(portal, [ann, bob, cem]), {ann: 40, bob: 90, cem: 60})

    first = carry_out(plan, portal, ledger, limit=2)
    second = carry_out(plan, portal, ledger, limit=2)

    assert outcomes(first) == dict.fromkeys([bob, cem], OutcomeKind.DISABLED)
    assert outcomes(second) == {ann: OutcomeKind.DISABLED}


def test_a_dry_run_looks_at_everyone_and_changes_neither_portal_nor_journal(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    know(plan, ledger)
    portal.clock.forward(minutes=30)
    portal.sign_in(ann)
    portal.clock.forward(minutes=30)

    options = ApplyOptions(guardrails=GENEROUS)
    found = asyncio.run(dry_run(plan, portal, ledger=ledger, options=options, clock=portal.clock))

    assert [one.user_id for one in found.would_disable] == [bob]
    assert [(one.user_id, one.outcome) for one in found.outcomes] == [
        (ann, OutcomeKind.SPARED_ACTIVE)
    ]
    assert portal.puts == []
    assert list(ledger.journal.entries()) == []
    assert ledger.runs.all() == ()


def test_a_dry_run_stops_at_a_guardrail_as_apply_does(portal, ledger):
    plan = plan_for(portal, people_of(portal, 3))
    know(plan, ledger)
    options = ApplyOptions(guardrails=Guardrails(max_disable=2, max_disable_share=1))

    with pytest.raises(GuardrailStopped):
        asyncio.run(dry_run(plan, portal, ledger=ledger, options=options, clock=portal.clock))

    assert portal.puts == []


def test_a_preview_says_what_would_be_done_and_asks_the_portal_nothing(portal, ledger):
    ann, bob = people_of(portal, 2)
    plan = plan_for(portal, [ann, bob])
    know(plan, ledger)

    options = ApplyOptions(guardrails=GENEROUS, selection=Selection(except_=(ann,)))
    preview = preview_apply(plan, ledger=ledger, options=options, now=portal.clock())

    assert [one.user_id for one in preview.to_disable] == [bob]
    assert preview.to_sign_out == ()
    assert not preview.kept_by_new_review
    assert portal.requests == 0


# --- who is left ----------------------------------------------------------------------------------


def test_of_a_plan_carried_out_in_part_the_others_are_left(portal, ledger):
    people = people_of(portal, 5)
    plan = plan_for(portal, people)
    assert people_left(plan, ledger) == set(people)

    first = carry_out(plan, portal, ledger, limit=2)
    assert people_left(plan, ledger) == set(people) - set(outcomes(first))
    assert len(outcomes(first)) == 2

    carry_out(plan, portal, ledger)
    assert people_left(plan, ledger) == frozenset()


def test_whoever_could_not_be_changed_is_left(portal, ledger):
    plan = plan_for(portal, people_of(portal, 6))
    portal.after_change = lambda: portal.troubles.append(refused(429, "nothing before 10:00"))
    receipt = carry_out(plan, portal, ledger, pace=batches_of(2))
    assert receipt.summary == {"disabled": 2, "failed": 4}
    assert len(people_left(plan, ledger)) == 4


def test_a_question_leaves_out_those_whom_a_run_has_disabled_since_the_plan(portal, ledger):
    people = [portal.add(n) for n in range(3)]
    plan = plan_for(portal, people)
    options = ApplyOptions(guardrails=GENEROUS, max_disable=3)
    carry_out(plan, portal, ledger, only=(people[0], people[1]))
    portal.clock.forward(hours=1)
    undone = next(run for run in ledger.runs.all() if run.kind == "apply")
    asyncio.run(
        undo(
            undone.run_id,
            portal,
            ledger=ledger,
            who=(people[1],),
            clock=portal.clock,
            pace=AT_ONCE,
        )
    )

    preview = preview_apply(plan, ledger=ledger, options=options, now=portal.clock())

    assert [one.user_id for one in preview.to_disable] == people[1:]
