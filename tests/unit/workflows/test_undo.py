"""Taking a run back."""

import asyncio
from datetime import date

import pytest

from lastseen.evidence.administration import STATUS_SET
from lastseen.execution.batches import remember_accounts
from lastseen.execution.context import ExecutionContext
from lastseen.execution.finish import receipt_exit_code
from lastseen.execution.outcomes import done
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger, Reading
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.errors import ExitCode, LockHeld, UsageError
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import whole_second
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause, OutcomeKind, Receipt
from lastseen.model.sighting import EvidenceKind, Sighting
from lastseen.workflows.undo import reversal, undo
from tests.unit.execution.fake_portal import FakePortal, lost
from tests.unit.execution.plans import (
    AT_ONCE,
    GENEROUS,
    carry_out,
    know,
    outcome,
    outcomes,
    plan_for,
)

ACTIVE, TERMINATED = AccountStatus.ACTIVE, AccountStatus.TERMINATED


def take_back(
    run_id: str,
    portal: FakePortal,
    ledger: PortalLedger,
    *who: str,
    guardrails: Guardrails = GENEROUS,
    policy: Policy | None = None,
) -> Receipt:
    return asyncio.run(
        undo(
            run_id,
            portal,
            ledger=ledger,
            who=who,
            guardrails=guardrails,
            clock=portal.clock,
            policy=policy,
            pace=AT_ONCE,
        )
    )


@pytest.fixture
def people(portal: FakePortal) -> list[UserId]:
    return [portal.add(n) for n in range(3)]


@pytest.fixture
def applied(portal: FakePortal, ledger: PortalLedger, people: list[UserId]) -> Receipt:
    receipt = carry_out(plan_for(portal, people), portal, ledger)
    portal.clock.forward(hours=1)
    return receipt


def test_everybody_whom_the_run_disabled_is_reinstated_and_verified(
    portal, ledger, people, applied
):
    receipt = take_back(applied.run_id, portal, ledger)

    assert outcomes(receipt) == dict.fromkeys(people, OutcomeKind.REINSTATED)
    assert all(one.verified for one in receipt.outcomes)
    assert receipt.plan_id == applied.plan_id
    assert receipt_exit_code(receipt) is ExitCode.DONE
    assert {portal.status(who) for who in people} == {ACTIVE}
    assert set(ledger.accounts.reinstated()) == set(people)


def test_a_run_that_was_undone_names_the_run_that_undid_it(portal, ledger, people, applied):
    assert reversal(applied.run_id, ledger=ledger).undone_by is None
    undone = take_back(applied.run_id, portal, ledger)

    found = reversal(applied.run_id, ledger=ledger)
    assert found.undone_by is not None
    assert found.undone_by.run_id == undone.run_id
    assert found.is_undone


def test_an_undo_that_was_cut_off_before_its_receipt_is_not_taken_for_finished(
    portal, ledger, people, applied
):
    undone = take_back(applied.run_id, portal, ledger)
    assert reversal(applied.run_id, ledger=ledger).is_finished
    ledger.runs.finish(undone.run_id, state="interrupted", summary={}, exit_code=1)

    found = reversal(applied.run_id, ledger=ledger)
    assert found.is_undone
    assert not found.is_finished


@pytest.mark.parametrize("status", [TERMINATED, ACTIVE])
def test_people_whom_a_killed_run_may_have_changed_are_asked_about_and_can_be_named(
    portal, ledger, people, status
):
    # Given a run that died after its request, before it read the people back
    plan = plan_for(portal, people)
    know(plan, ledger)
    kind = "apply" if status is TERMINATED else "undo"
    record = RunRecord(ledger.journal, ledger.runs.begin(kind, plan_id=plan.plan_id))
    targets = [Target(user_id=who, email=portal.accounts[who].email) for who in people]
    record.begin(targets, status, plan_digest=plan.digest)
    record.intend(targets[:2])

    found = reversal(record.run.run_id, ledger=ledger)
    named = reversal(record.run.run_id, ledger=ledger, who=(people[1],))

    assert [one.user_id for one in found.people] == people[:2]
    assert not found.is_finished
    assert found.reinstates is (status is TERMINATED)
    assert [one.user_id for one in named.people] == [people[1]]
    with pytest.raises(UsageError, match="is not among"):
        reversal(record.run.run_id, ledger=ledger, who=(people[2],))


def test_people_changed_by_a_run_of_another_plan_are_not_called_undone(
    portal, ledger, people, applied
):
    take_back(applied.run_id, portal, ledger)
    portal.clock.forward(days=30)
    later = carry_out(plan_for(portal, people, plan_id="plan-2"), portal, ledger)

    found = reversal(applied.run_id, ledger=ledger)
    assert found.undone_by is not None
    assert found.undone_by.run_id == later.run_id
    assert not found.is_undone


def test_the_beginning_of_an_id_suffices(portal, ledger, people, applied):
    assert take_back(applied.run_id[:6], portal, ledger).summary == {"reinstated": 3}


def test_only_those_named_are_reinstated(portal, ledger, people, applied):
    receipt = take_back(applied.run_id, portal, ledger, "GUEST1@vendor.example")

    assert outcomes(receipt) == {people[1]: OutcomeKind.REINSTATED}
    assert portal.status(people[0]) is TERMINATED


def test_a_wrong_name_is_refused_before_an_interrupted_run_is_settled(
    portal, ledger, people, applied
):
    other = carry_out(plan_for(portal, [portal.add(9)], plan_id="plan-2"), portal, ledger)
    ledger.runs.finish(other.run_id, state="running", summary={}, exit_code=None)
    asked = portal.requests

    with pytest.raises(UsageError, match="is not among"):
        take_back(applied.run_id, portal, ledger, "nobody@vendor.example")

    assert portal.requests == asked
    assert ledger.runs.find(other.run_id).state == "running"


def test_somebody_whom_the_run_did_not_disable_cannot_be_named(portal, ledger):
    ann, bob = portal.add(1), portal.add(2)
    plan = plan_for(portal, [ann, bob])
    portal.change(ann, status=TERMINATED)
    applied = carry_out(plan, portal, ledger)

    with pytest.raises(UsageError):
        take_back(applied.run_id, portal, ledger, ann)

    assert outcomes(take_back(applied.run_id, portal, ledger)) == {bob: OutcomeKind.REINSTATED}
    assert portal.status(ann) is TERMINATED


def test_a_run_that_there_is_not_cannot_be_undone(portal, ledger):
    with pytest.raises(UsageError):
        take_back("abcdef", portal, ledger)


def test_a_review_cannot_be_undone(portal, ledger):
    run = ledger.runs.begin("review")
    with pytest.raises(UsageError, match="review"):
        take_back(run.run_id, portal, ledger)


def test_anyone_who_is_active_again_stays_so(portal, ledger, people, applied):
    portal.change(people[0], status=ACTIVE)

    receipt = take_back(applied.run_id, portal, ledger)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.ALREADY_ACTIVE
    assert len(portal.puts) == 2
    assert people[0] not in portal.puts[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"email": "new@vendor.example"}, "new@vendor.example"),
        ({"type": AccountType.USER}, "was a guest's and is now a user's"),
        ({"is_ldap": True}, "LDAP"),
    ],
)
def test_a_changed_account_is_left_disabled(portal, ledger, people, applied, change, words):
    portal.change(people[0], **change)

    receipt = take_back(applied.run_id, portal, ledger)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert words in (outcome(receipt, people[0]).error or "")
    assert portal.status(people[0]) is TERMINATED
    assert portal.status(people[1]) is ACTIVE


def test_a_deleted_account_is_reported(portal, ledger, people, applied):
    del portal.accounts[people[0]]

    receipt = take_back(applied.run_id, portal, ledger)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert receipt_exit_code(receipt) is ExitCode.DONE


def test_anyone_whom_somebody_else_disabled_again_stays_disabled(portal, ledger, people, applied):
    portal.change(people[0], status=ACTIVE)
    ledger.accounts.note([portal.accounts[people[0]]], portal.clock())
    portal.change(people[0], status=TERMINATED)

    receipt = take_back(applied.run_id, portal, ledger)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert "disabled it again" in (outcome(receipt, people[0]).error or "")


def test_a_sign_in_after_the_run_shows_that_somebody_else_disabled_the_account(
    portal, ledger, people, applied
):
    portal.clock.forward(minutes=10)
    seen_at = whole_second(portal.clock.now)
    ledger.evidence.keep(
        Reading(
            kind=EvidenceKind.SIGN_IN,
            user_id=None,
            intervals=(),
            sightings=(
                Sighting(
                    user_id=people[0],
                    at=seen_at,
                    kind=EvidenceKind.SIGN_IN,
                    event_id=1,
                    action_id=1000,
                ),
            ),
            failures=(),
            unrecognised=(),
            events=1,
            proof="a test",
            read_at=portal.clock(),
        )
    )

    receipt = take_back(applied.run_id, portal, ledger)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert "signed in at" in (outcome(receipt, people[0]).error or "")
    assert outcome(receipt, people[1]).outcome is OutcomeKind.REINSTATED


def test_anyone_whom_a_later_run_disabled_again_belongs_to_that_run(
    portal, ledger, people, applied
):
    take_back(applied.run_id, portal, ledger, people[0])
    later = carry_out(plan_for(portal, [people[0]], plan_id="plan-2"), portal, ledger)
    assert outcomes(later) == {people[0]: OutcomeKind.DISABLED}

    receipt = take_back(applied.run_id, portal, ledger)

    spared = outcome(receipt, people[0])
    assert spared.outcome is OutcomeKind.SPARED_CHANGED
    assert later.run_id in (spared.error or "")
    assert outcomes(take_back(later.run_id, portal, ledger)) == {people[0]: OutcomeKind.REINSTATED}


def test_anyone_who_was_reinstated_and_then_disabled_by_hand_stays_disabled(
    portal, ledger, people, applied
):
    first = take_back(applied.run_id, portal, ledger)
    portal.change(people[0], status=TERMINATED)

    second = take_back(applied.run_id, portal, ledger)

    assert outcome(second, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert first.run_id in (outcome(second, people[0]).error or "")
    assert outcome(second, people[1]).outcome is OutcomeKind.ALREADY_ACTIVE


def test_an_undone_plan_applied_again_disables_nobody_who_was_reinstated(portal, ledger, people):
    plan = plan_for(portal, people)
    applied = carry_out(plan, portal, ledger)
    take_back(applied.run_id, portal, ledger, people[0])

    again = carry_out(plan, portal, ledger)

    assert outcome(again, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert outcome(again, people[1]).outcome is OutcomeKind.ALREADY_DISABLED
    assert portal.status(people[0]) is ACTIVE


def test_a_full_portal_reinstates_whom_it_can_and_says_why_not_the_others(
    portal, ledger, people, applied
):
    portal.free_places = 1

    receipt = take_back(applied.run_id, portal, ledger)

    assert receipt.summary == {"reinstated": 1, "refused": 2}
    assert receipt_exit_code(receipt) is ExitCode.PARTIAL
    portal.free_places = 2
    assert take_back(applied.run_id, portal, ledger).summary == {
        "reinstated": 2,
        "already-active": 1,
    }


def test_an_undo_that_was_cut_off_is_carried_on_by_the_same_command(
    portal, ledger, people, applied
):
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    first = take_back(applied.run_id, portal, ledger)
    assert receipt_exit_code(first) is ExitCode.PARTIAL
    portal.deaf_people, portal.after_change = False, lambda: None

    second = take_back(applied.run_id, portal, ledger)

    assert second.run_id == first.run_id
    assert outcomes(second) == dict.fromkeys(people, OutcomeKind.REINSTATED)
    assert [status for _, status in portal.changes].count(ACTIVE) == 3


def test_an_apply_that_was_cut_off_can_be_undone(portal, ledger, people):
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    cut = carry_out(plan_for(portal, people), portal, ledger)
    portal.deaf_people, portal.after_change = False, lambda: None

    receipt = take_back(cut.run_id, portal, ledger)

    assert outcomes(receipt) == {people[0]: OutcomeKind.REINSTATED}
    assert {portal.status(who) for who in people} == {ACTIVE}


def test_an_undo_waits_for_no_other_run(portal, ledger, applied):
    with ledger.lock("apply"), pytest.raises(LockHeld):
        take_back(applied.run_id, portal, ledger)


# --- taking back an undo -------------------------------------------------------------------------


def test_taking_back_an_undo_disables_those_whom_it_reinstated(portal, ledger, people, applied):
    undone = take_back(applied.run_id, portal, ledger, *people[:2])
    portal.clock.forward(hours=1)

    receipt = take_back(undone.run_id, portal, ledger)

    assert outcomes(receipt) == dict.fromkeys(people[:2], OutcomeKind.DISABLED)
    assert ledger.runs.find(receipt.run_id).undone_run_id == undone.run_id


@pytest.mark.parametrize("grace_days", [14, 30])
def test_the_grace_of_an_undo_does_not_prevent_undoing_it(
    portal, ledger, people, applied, grace_days
):
    policy = Policy(reinstated_grace_days=grace_days)
    undone = take_back(applied.run_id, portal, ledger, policy=policy)
    portal.clock.forward(hours=1)

    receipt = take_back(undone.run_id, portal, ledger, policy=policy)

    assert outcomes(receipt) == dict.fromkeys(people, OutcomeKind.DISABLED)


@pytest.mark.parametrize("policy", [None, Policy()])
@pytest.mark.parametrize("is_noticed", [True, False])
def test_anyone_who_was_put_back_by_hand_after_an_undo_keeps_access(
    portal, ledger, people, applied, policy, is_noticed
):
    # Given somebody whom an administrator disabled and enabled again after the undo
    undone = take_back(applied.run_id, portal, ledger, policy=policy)
    portal.clock.forward(hours=1)
    portal.change(people[0], status=TERMINATED)
    portal.administered.append((portal.clock(), people[0], STATUS_SET))
    if is_noticed:
        ledger.accounts.note([portal.accounts[people[0]]], portal.clock())
    portal.clock.forward(hours=1)
    portal.change(people[0], status=ACTIVE)
    portal.administered.append((portal.clock(), people[0], STATUS_SET))
    portal.clock.forward(hours=1)

    receipt = take_back(undone.run_id, portal, ledger, policy=policy)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert outcome(receipt, people[0]).cause is Cause.REINSTATED
    assert outcome(receipt, people[1]).outcome is OutcomeKind.DISABLED
    assert portal.status(people[0]) is ACTIVE


def test_a_later_undo_of_another_run_stands_against_taking_back_the_first(
    portal, ledger, people, applied
):
    # Given people who were disabled again after a first undo, and reinstated by a second one
    first = take_back(applied.run_id, portal, ledger, policy=Policy())
    portal.clock.forward(hours=1)
    again = take_back(first.run_id, portal, ledger, policy=Policy())
    portal.clock.forward(hours=1)
    take_back(again.run_id, portal, ledger, people[0], policy=Policy())
    portal.clock.forward(hours=1)

    receipt = take_back(first.run_id, portal, ledger, policy=Policy())

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_CHANGED
    assert outcome(receipt, people[0]).cause is Cause.REINSTATED
    assert outcome(receipt, people[1]).outcome is OutcomeKind.ALREADY_DISABLED


@pytest.mark.parametrize("is_noticed", [True, False])
def test_each_reinstatement_of_an_undo_that_was_cut_off_counts_from_its_own_time(
    portal, ledger, people, applied, is_noticed
):
    # Given an undo that reinstated the second person hours after the first, whom an administrator
    # disabled and enabled again in between
    first, other = people[:2]
    cut = take_back(applied.run_id, portal, ledger, first)
    portal.clock.forward(hours=1)
    for status in (TERMINATED, ACTIVE):
        portal.change(first, status=status)
        portal.administered.append((portal.clock(), first, STATUS_SET))
        if is_noticed:
            ledger.accounts.note([portal.accounts[first]], portal.clock())
        portal.clock.forward(minutes=30)
    record = RunRecord(ledger.journal, ledger.runs.find(cut.run_id))
    target = Target(user_id=other, email=portal.accounts[other].email)
    record.begin([target], ACTIVE)
    record.intend([target])
    portal.change(other, status=ACTIVE)
    record.close([done(target, portal.accounts[other], ACTIVE)])
    context = ExecutionContext(portal=portal, ledger=ledger, clock=portal.clock)
    remember_accounts([other], record, context)
    portal.clock.forward(hours=1)

    receipt = take_back(cut.run_id, portal, ledger)

    assert outcomes(receipt) == {
        first: OutcomeKind.SPARED_CHANGED,
        other: OutcomeKind.DISABLED,
    }


def test_taking_back_an_undo_spares_anyone_who_came_since(portal, ledger, people, applied):
    undone = take_back(applied.run_id, portal, ledger)
    portal.clock.forward(minutes=30)
    portal.sign_in(people[0])
    portal.clock.forward(minutes=30)

    receipt = take_back(undone.run_id, portal, ledger)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_ACTIVE
    assert outcome(receipt, people[1]).outcome is OutcomeKind.DISABLED


def test_taking_back_an_undo_spares_anyone_who_was_exempted(portal, ledger, people, applied):
    undone = take_back(applied.run_id, portal, ledger)
    ledger.exemptions.add(people[0], until=date(2026, 12, 31), reason="on leave")

    receipt = take_back(undone.run_id, portal, ledger)

    assert outcome(receipt, people[0]).outcome is OutcomeKind.SPARED_CHANGED


def test_guardrails_hold_where_an_undo_is_taken_back(portal, ledger, people, applied):
    undone = take_back(applied.run_id, portal, ledger)

    with pytest.raises(GuardrailStopped):
        take_back(undone.run_id, portal, ledger, guardrails=Guardrails())

    assert {portal.status(who) for who in people} == {ACTIVE}


def test_taking_back_again_and_again_goes_back_and_forth(portal, ledger, people, applied):
    last = applied
    for round_ in range(4):
        last = take_back(last.run_id, portal, ledger)
        kind = OutcomeKind.DISABLED if round_ % 2 else OutcomeKind.REINSTATED
        assert outcomes(last) == dict.fromkeys(people, kind)
        portal.clock.forward(hours=1)
    assert ledger.journal.verify(last.journal_head) is None


def test_reading_that_fails_leaves_everybody_disabled(portal, ledger, people, applied):
    portal.troubles.append(lost())
    portal.before_change = lambda: setattr(portal, "deaf_people", True)

    receipt = take_back(applied.run_id, portal, ledger)

    assert set(outcomes(receipt).values()) == {OutcomeKind.FAILED}
    assert {portal.status(who) for who in people} == {TERMINATED}
