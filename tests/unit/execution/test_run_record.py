"""One run as the journal knows it; whatever is written is read again by the next process."""

from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.receipt import Cause, Outcome, OutcomeKind

ANN, BOB, CEM = (Target(user_id=UserId(n), email=f"{n}@vendor.example") for n in ("a", "b", "c"))
TERMINATED = AccountStatus.TERMINATED


def outcome(who: Target, kind: OutcomeKind, cause: Cause | None = None) -> Outcome:
    return Outcome(user_id=who.user_id, email=who.email, outcome=kind, cause=cause)


def begun(ledger: PortalLedger) -> RunRecord:
    record = RunRecord(ledger.journal, ledger.runs.begin("apply"))
    record.begin([ANN, BOB], TERMINATED, sign_out=[CEM])
    return record


def again(ledger: PortalLedger, record: RunRecord) -> RunRecord:
    """Read the run anew, as another process would."""
    return RunRecord(ledger.journal, record.run)


def same(one: RunRecord, other: RunRecord) -> bool:
    fields = ("scope", "outcomes", "unknown", "open", "open_sign_outs", "acted_at", "acted_on")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def test_a_person_with_an_intent_and_no_outcome_is_open(ledger):
    record = begun(ledger)
    record.intend([ANN])
    record.intend_sign_out(CEM)

    assert set(record.open) == {ANN.user_id}
    assert set(record.open_sign_outs) == {CEM.user_id}
    assert record.is_open
    assert same(record, again(ledger, record))


def test_outcomes_close_and_those_unknown_stay_open(ledger):
    record = begun(ledger)
    record.intend([ANN, BOB])
    record.close(
        [outcome(ANN, OutcomeKind.DISABLED)],
        unknown=[outcome(BOB, OutcomeKind.FAILED, Cause.NO_ANSWER)],
    )

    assert record.done == {ANN.user_id}
    assert set(record.open) == {BOB.user_id}
    assert set(record.unknown) == {BOB.user_id}
    assert record.targets_done() == (ANN,)
    assert same(record, again(ledger, record))


def test_ended_sessions_are_no_change_of_status(ledger):
    record = begun(ledger)
    record.intend_sign_out(CEM)
    record.close([outcome(CEM, OutcomeKind.SIGNED_OUT)])

    assert record.signed_out == {CEM.user_id}
    assert record.targets_signed_out() == (CEM,)
    assert record.done == frozenset()
    assert record.targets_done() == ()


def test_people_changed_unasked_belong_to_the_run_and_can_be_undone(ledger):
    record = begun(ledger)
    record.intend([ANN])
    stray = Target(user_id=UserId("z"), email=None)
    record.close(
        [
            outcome(ANN, OutcomeKind.DISABLED),
            outcome(stray, OutcomeKind.DISABLED, Cause.UNREQUESTED),
        ],
        unrequested=[stray],
    )

    assert again(ledger, record).targets_done() == (ANN, stray)


def test_another_attempt_keeps_whom_an_earlier_one_reached(ledger):
    record = begun(ledger)
    record.intend([ANN])
    record.close([outcome(ANN, OutcomeKind.DISABLED)])
    record.intend_sign_out(CEM)
    record.begin([BOB], TERMINATED)

    assert list(record.scope) == [ANN.user_id, CEM.user_id, BOB.user_id]
    assert record.outcomes.keys() == {ANN.user_id}
    assert same(record, again(ledger, record))


def test_a_run_without_a_scope_has_not_begun(ledger):
    assert not RunRecord(ledger.journal, ledger.runs.begin("apply")).begun


def test_another_attempt_forgets_what_became_of_those_whom_the_earlier_one_did_not_reach(ledger):
    record = begun(ledger)
    record.intend([ANN, BOB])
    record.close([outcome(ANN, OutcomeKind.DISABLED), outcome(BOB, OutcomeKind.FAILED)])

    record.begin([ANN, BOB], TERMINATED)

    assert record.outcomes.keys() == {ANN.user_id}
    assert same(record, again(ledger, record))


def test_only_a_change_has_a_time_at_which_it_was_made(ledger):
    record = begun(ledger)
    record.intend([ANN, BOB])
    record.close([outcome(ANN, OutcomeKind.DISABLED), outcome(BOB, OutcomeKind.REFUSED)])

    assert record.acted_at.keys() == {ANN.user_id}
