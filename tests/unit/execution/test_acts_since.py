"""What an administrator did to somebody after the plan spares that person, and nobody else."""

from datetime import timedelta

import pytest

from lastseen.evidence.administration import (
    ACTIVATION_SENT,
    INVITED,
    SESSIONS_ENDED,
    STATUS_SET,
)
from lastseen.model.contractor import AccountStatus
from lastseen.model.decision import Reason, Verdict
from lastseen.model.instant import Instant
from lastseen.model.receipt import Cause, OutcomeKind
from tests.unit.execution.fake_portal import START
from tests.unit.execution.plans import carry_out, outcome, outcomes, plan_for


def at(hours: float) -> Instant:
    return Instant(START + timedelta(hours=hours))


@pytest.mark.parametrize("action", [INVITED, ACTIVATION_SENT])
@pytest.mark.parametrize("reason", [Reason.INACTIVE, Reason.INVITATION_NOT_ACCEPTED])
def test_anyone_who_was_invited_again_is_spared_and_nobody_else(portal, ledger, action, reason):
    ann, bob = portal.add(1), portal.add(2)
    if reason is Reason.INVITATION_NOT_ACCEPTED:
        for who in (ann, bob):
            portal.change(who, status=AccountStatus.PENDING)
    plan = plan_for(portal, [ann, bob], reason=reason)
    portal.administered.append((at(0), ann, action))

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
    assert outcome(receipt, ann).cause is Cause.ACCOUNT_CHANGED
    assert "invited again" in (outcome(receipt, ann).error or "")


def test_nobody_is_signed_out_who_was_invited_again(portal, ledger):
    ann = portal.add(1)
    plan = plan_for(portal, [ann], verdict=Verdict.SIGN_OUT, reason=Reason.SESSION_MAY_BE_OPEN)
    portal.administered.append((at(0), ann, INVITED))

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED}
    assert portal.sessions_ended == []


def test_a_clock_of_the_portal_that_is_a_little_ahead_hides_no_invitation(portal, ledger):
    ann = portal.add(1)
    plan = plan_for(portal, [ann])
    ahead = timedelta(minutes=4)
    portal.trail_delay = -ahead
    portal.administered.append((Instant(START + ahead), ann, INVITED))

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.SPARED_CHANGED}


@pytest.mark.parametrize(("hours", "action"), [(-48, INVITED), (0, SESSIONS_ENDED)])
def test_older_invitations_and_other_acts_spare_nobody(portal, ledger, hours, action):
    ann = portal.add(1)
    plan = plan_for(portal, [ann])
    portal.administered.append((at(hours), ann, action))

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.DISABLED}


def test_a_contract_that_ended_is_not_prolonged_by_an_invitation(portal, ledger):
    ann = portal.add(1)
    plan = plan_for(portal, [ann], reason=Reason.CONTRACT_ENDED)
    portal.administered.append((at(0), ann, INVITED))

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.DISABLED}


@pytest.mark.parametrize("reason", [Reason.INACTIVE, Reason.CONTRACT_ENDED])
def test_whose_status_was_set_by_hand_and_is_active_is_spared(portal, ledger, reason):
    ann, bob = portal.add(1), portal.add(2)
    plan = plan_for(portal, [ann, bob], reason=reason)
    portal.administered.append((at(0), ann, STATUS_SET))

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
    assert outcome(receipt, ann).cause is Cause.REINSTATED


def test_a_reinstatement_that_the_ledger_knows_is_not_taken_for_somebody_elses(portal, ledger):
    ann = portal.add(1)
    plan = plan_for(portal, [ann])
    ledger.accounts.note_reinstated([ann], at(-2))
    portal.administered.append((at(-2), ann, STATUS_SET))

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.DISABLED}
