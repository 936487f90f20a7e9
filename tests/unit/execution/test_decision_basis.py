"""Which window a recheck has to look at, when the policy has changed since the plan."""

import pytest

from lastseen.execution.decision_basis import DecisionBasis, Window
from lastseen.execution.history import History
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.plan import Cohort, Policy
from tests.unit.execution.fake_portal import START


def basis(policy: Policy) -> DecisionBasis:
    return DecisionBasis(
        at=START,
        policy=policy,
        seen_since=START,
        status_set_from=START,
        log_silence_days=7,
        history=History(changes={}, signed_out={}, signed_out_by={}, perhaps_signed_out={}),
    )


def decision(reason: Reason = Reason.INACTIVE, cohort: str | None = None) -> Decision:
    return Decision(
        user_id=None,
        email=None,
        display_name=None,
        decision=Verdict.DISABLE,
        reason=reason,
        explanation="Not seen for long.",
        cohort=cohort,
    )


def last(days: int, *, is_longer: bool = False) -> Window:
    return Window(since=Policy(inactive_days=days).window_start(START), is_longer=is_longer)


@pytest.mark.parametrize(
    ("configured", "expected"), [(None, 30), (20, 30), (30, 30), (45, 45), (400, 400)]
)
def test_the_longer_window_of_plan_and_configuration_applies(configured, expected):
    policy = None if configured is None else Policy(inactive_days=configured)

    window = basis(Policy(inactive_days=30)).window(decision(), policy)

    assert window == last(expected, is_longer=expected > 30)


def test_a_cohorts_window_is_compared_and_not_the_general_one():
    decided_by = Policy(inactive_days=30, cohorts=(Cohort(name="auditors", inactive_days=100),))

    window = basis(decided_by).window(decision(cohort="auditors"), Policy(inactive_days=60))

    assert window == last(100)


@pytest.mark.parametrize("reason", [Reason.CONTRACT_ENDED, Reason.NOT_ON_ROSTER])
def test_what_no_sighting_changes_has_no_window(reason):
    assert basis(Policy()).window(decision(reason), Policy(inactive_days=400)) is None


@pytest.mark.parametrize(("configured", "is_longer"), [(None, False), (14, False), (15, True)])
def test_only_a_longer_grace_counts_older_changes_of_status(configured, is_longer):
    policy = None if configured is None else Policy(reinstated_grace_days=configured)

    assert basis(Policy()).longer_grace(policy) == (policy if is_longer else None)
