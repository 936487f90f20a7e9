"""What the whole journal tells of earlier runs."""

from datetime import timedelta
from typing import Any

import pytest

from lastseen.execution.history import read_history
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.instant import EPOCH, Instant
from lastseen.model.receipt import Outcome, OutcomeKind

ANN, BOB = UserId("ann"), UserId("bob")


def target(who: UserId) -> Target:
    return Target(user_id=who, email=f"{who}@vendor.example")


def wrote(ledger: PortalLedger, who: UserId, kind: OutcomeKind, **scope: Any) -> str:
    """Let a run write one outcome; returns its id."""
    record = RunRecord(ledger.journal, ledger.runs.begin("apply"))
    record.begin([target(who)], AccountStatus.TERMINATED, **scope)
    record.intend([target(who)])
    record.close([Outcome(user_id=who, email=None, outcome=kind, verified=True)])
    return record.run.run_id


def test_the_last_change_of_a_person_counts(ledger):
    wrote(ledger, ANN, OutcomeKind.DISABLED)
    later = wrote(ledger, ANN, OutcomeKind.REINSTATED)
    wrote(ledger, BOB, OutcomeKind.REFUSED)

    changes = read_history(ledger.journal.entries()).changes

    assert set(changes) == {ANN}
    assert (changes[ANN].run_id, changes[ANN].outcome) == (later, OutcomeKind.REINSTATED)


@pytest.mark.parametrize(("scope", "counts"), [({}, True), ({"max_disable": 5}, False)])
def test_runs_that_were_approved_do_not_count_for_guardrails(ledger, scope, counts):
    wrote(ledger, ANN, OutcomeKind.DISABLED, **scope)
    found = read_history(ledger.journal.entries())
    assert (ANN in found.disabled_since(EPOCH, {})) is counts


def test_a_person_reinstated_after_the_run_does_not_count(ledger, portal):
    wrote(ledger, ANN, OutcomeKind.DISABLED)
    found = read_history(ledger.journal.entries())
    later = Instant(portal.clock.now + timedelta(hours=1))
    assert found.disabled_since(EPOCH, {ANN: later}) == frozenset()
    assert found.disabled_since(EPOCH, {ANN: EPOCH}) == {ANN}
    assert found.disabled_since(later, {}) == frozenset()


def test_an_intent_without_outcome_may_have_ended_sessions(ledger):
    record = RunRecord(ledger.journal, ledger.runs.begin("apply"))
    record.begin([], AccountStatus.TERMINATED, sign_out=[target(ANN), target(BOB)])
    record.intend_sign_out(target(ANN))
    record.intend_sign_out(target(BOB))
    record.close([Outcome(user_id=BOB, email=None, outcome=OutcomeKind.SIGNED_OUT)])

    found = read_history(ledger.journal.entries())

    assert set(found.perhaps_signed_out) == {ANN}
    assert set(found.signed_out) == {BOB}


def test_exemptions_and_an_empty_journal_tell_of_no_change(ledger):
    assert read_history(ledger.journal.entries()).changes == {}
