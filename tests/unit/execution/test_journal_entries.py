"""The journal outlives versions: what an earlier one wrote still means the same."""

import msgspec
import pytest

from lastseen.execution.journal_entries import Intent, Outcomes, Scope
from lastseen.execution.target import Target
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.receipt import Cause, OutcomeKind

ANN = {"user_id": "ann", "email": "ann@vendor.example"}
TARGET = Target(user_id=UserId("ann"), email="ann@vendor.example")


def test_a_scope_of_the_first_version_disables_whom_it_named_and_lifts_no_guardrail():
    scope = msgspec.convert({"status": 2, "scope": [ANN]}, Scope)

    assert scope.status is AccountStatus.TERMINATED
    assert scope.scope == (TARGET,)
    assert scope.sign_out == ()
    assert scope.max_disable is None


def test_an_intent_with_a_status_is_no_ending_of_sessions():
    change = msgspec.convert({"batch": 3, "status": 2, "people": [ANN]}, Intent)
    sign_out = msgspec.convert({"batch": 4, "people": [ANN]}, Intent)

    assert change.status is AccountStatus.TERMINATED
    assert sign_out.status is None


def test_outcomes_of_the_first_version_leave_nobody_open():
    entry = {"people": [{**ANN, "outcome": "disabled", "verified": True}]}

    outcomes = msgspec.convert(entry, Outcomes)

    assert [one.outcome for one in outcomes.people] == [OutcomeKind.DISABLED]
    assert not outcomes.open
    assert not outcomes.unrequested


def test_what_a_later_version_adds_is_passed_over():
    later = {"status": 2, "scope": [{**ANN, "colour": "red"}], "weather": "fine"}

    assert msgspec.convert(later, Scope).scope == (TARGET,)


def test_the_names_in_the_journal_stay():
    # Whoever renames a field makes every journal written before unreadable or, worse, mute.
    target = Target(user_id=UserId("ann"), email=None, type=AccountType.GUEST)
    names = {
        kind: set(msgspec.to_builtins(entry))
        for kind, entry in {
            "scope": Scope(status=AccountStatus.TERMINATED, scope=(target,)),
            "intent": Intent(batch=1, people=(target,)),
            "outcome": Outcomes(people=()),
            "target": target,
        }.items()
    }

    assert names["scope"] >= {
        "status",
        "scope",
        "sign_out",
        "plan_id",
        "undone_run_id",
        "max_disable",
    }
    assert names["intent"] >= {"batch", "status", "people", "plan_id"}
    assert names["outcome"] >= {"people", "open", "unasked"}
    assert names["target"] >= {"user_id", "email", "type"}
    assert {int(status) for status in AccountStatus} == {1, 2, 4}
    assert {"no-answer", "unreadable", "not-asked-for"} <= {cause.value for cause in Cause}


@pytest.mark.parametrize(
    "damaged",
    [
        {"scope": [ANN]},
        {"status": 3, "scope": [ANN]},
        {"status": 2, "scope": [{"email": "ann@vendor.example"}]},
        {"status": 2, "scope": "ann"},
    ],
)
def test_a_scope_that_does_not_say_whom_it_gives_which_status_is_refused(damaged):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(damaged, Scope)
