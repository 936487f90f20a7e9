"""Logs, API keys and administrators' actions since the plan spare people, each by itself."""

from datetime import timedelta

import pytest

from lastseen.docspace.interface import KeyUse
from lastseen.evidence.administration import INVITED, STATUS_SET
from lastseen.model.decision import Reason
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy
from lastseen.model.receipt import OutcomeKind
from tests.unit.execution.fake_portal import START
from tests.unit.execution.plans import carry_out, outcome, outcomes, plan_for


def ago(days: float) -> Instant:
    return Instant(START - timedelta(days=days))


def test_a_sign_in_after_the_plan_spares_and_the_receipt_says_when(portal, ledger):
    ann, bob = portal.add(1), portal.add(2)
    plan = plan_for(portal, [ann, bob])
    portal.sign_in(ann)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_ACTIVE, bob: OutcomeKind.DISABLED}
    assert "(sign-in)" in (outcome(receipt, ann).error or "")


def test_no_sighting_spares_anyone_who_has_to_leave_anyway(portal, ledger):
    ann = portal.add(1)
    plan = plan_for(portal, [ann], reason=Reason.CONTRACT_ENDED)
    portal.sign_in(ann)

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.DISABLED}


@pytest.mark.parametrize(
    ("days", "expected"), [(29, OutcomeKind.SPARED_ACTIVE), (31, OutcomeKind.DISABLED)]
)
def test_an_api_key_used_in_the_window_spares(portal, ledger, days, expected):
    ann = portal.add(1)
    plan = plan_for(portal, [ann], last_seen_at=ago(41))
    portal.keys = (
        KeyUse(owner=ann, last_used_at=ago(200)),
        KeyUse(owner=ann, last_used_at=ago(days)),
    )

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: expected}


def test_a_key_used_in_a_window_made_longer_since_the_plan_spares(portal, ledger):
    ann = portal.add(1)
    plan = plan_for(portal, [ann], last_seen_at=ago(71))
    portal.keys = (KeyUse(owner=ann, last_used_at=ago(40)),)

    receipt = carry_out(plan, portal, ledger, policy=Policy(inactive_days=60))

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_ACTIVE}


@pytest.mark.parametrize(
    ("action", "policy"),
    [(STATUS_SET, Policy(reinstated_grace_days=60)), (INVITED, Policy(inactive_days=60))],
)
def test_what_an_administrator_did_in_a_time_made_longer_since_the_plan_spares(
    portal, ledger, action, policy
):
    ann, bob = portal.add(1), portal.add(2)
    plan = plan_for(portal, [ann, bob], last_seen_at=ago(71))
    portal.administered.append((ago(40), ann, action))

    receipt = carry_out(plan, portal, ledger, policy=policy)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
