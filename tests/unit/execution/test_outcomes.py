"""The outcomes that are written down."""

import msgspec
import pytest

from lastseen.execution import outcomes
from lastseen.execution.eligibility import SparingChange
from lastseen.execution.target import Target, has_status
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.receipt import Cause, Outcome, OutcomeKind

ACTIVE, TERMINATED, PENDING = AccountStatus.ACTIVE, AccountStatus.TERMINATED, AccountStatus.PENDING
ANN = Target(user_id=UserId("ann"), email="ann@vendor.example")


def account(status: AccountStatus) -> Profile:
    return Profile(id=UserId("ann"), status=status)


@pytest.mark.parametrize(
    ("made", "kind", "cause", "verified"),
    [
        (outcomes.spared(ANN, outcomes.GONE), OutcomeKind.SPARED_CHANGED, Cause.GONE, False),
        (outcomes.seen(ANN, "was seen"), OutcomeKind.SPARED_ACTIVE, Cause.SEEN, False),
        (outcomes.failed(ANN, "x", Cause.UNPROVEN), OutcomeKind.FAILED, Cause.UNPROVEN, False),
        (outcomes.refused(ANN, "403"), OutcomeKind.REFUSED, Cause.REFUSED, False),
        (outcomes.already(ANN, TERMINATED), OutcomeKind.ALREADY_DISABLED, None, True),
        (outcomes.already(ANN, ACTIVE), OutcomeKind.ALREADY_ACTIVE, None, True),
        (
            outcomes.done(ANN, account(TERMINATED), TERMINATED),
            OutcomeKind.DISABLED,
            None,
            True,
        ),
        (outcomes.done(ANN, account(ACTIVE), ACTIVE), OutcomeKind.REINSTATED, None, True),
        (
            outcomes.unconfirmed(ANN, TERMINATED, "x"),
            OutcomeKind.DISABLED,
            Cause.UNCONFIRMED,
            False,
        ),
        (outcomes.signed_out(ANN), OutcomeKind.SIGNED_OUT, None, True),
        (
            outcomes.unrequested(ANN, TERMINATED, verified=False),
            OutcomeKind.DISABLED,
            Cause.UNREQUESTED,
            False,
        ),
    ],
)
def test_an_outcome_says_what_came_of_whom_and_why(made: Outcome, kind, cause, verified):
    assert (made.user_id, made.email) == ("ann", "ann@vendor.example")
    assert (made.outcome, made.cause, made.verified) == (kind, cause, verified)
    assert (made.error is None) == (cause is None)


def test_a_person_who_comes_back_as_pending_is_told_what_is_left_to_do():
    made = outcomes.done(ANN, account(PENDING), ACTIVE)
    assert made.outcome is OutcomeKind.REINSTATED
    assert made.cause is Cause.PENDING
    assert "accept the invitation" in (made.error or "")


@pytest.mark.parametrize(
    ("status", "meant", "fits"),
    [
        (TERMINATED, TERMINATED, True),
        (ACTIVE, TERMINATED, False),
        (PENDING, TERMINATED, False),
        (ACTIVE, ACTIVE, True),
        (PENDING, ACTIVE, True),
        (TERMINATED, ACTIVE, False),
    ],
)
def test_pending_counts_as_reinstated_and_never_as_disabled(status, meant, fits):
    assert has_status(account(status), meant) is fits


def test_a_change_is_said_to_people_and_to_programs():
    change = SparingChange(cause=Cause.EXEMPT, explanation="exempt until then")
    made = outcomes.spared(ANN, change)
    assert (made.cause, made.error) == (Cause.EXEMPT, "exempt until then")
    assert msgspec.json.decode(msgspec.json.encode(made))["cause"] == "exempt"
