"""Access is given back only to people who are as the run left them."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.execution.context import ExecutionContext
from lastseen.execution.reinstate import reinstate
from lastseen.execution.run_record import RunRecord
from lastseen.ledger import PortalLedger, Reading
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.errors import PortalUnreachable
from lastseen.model.instant import CLOCK_TOLERANCE, Instant
from lastseen.model.receipt import Cause, OutcomeKind, Receipt
from lastseen.model.sighting import EvidenceKind, Sighting
from tests.unit.execution.fake_portal import OWNER, STATUS_SET, FakePortal, refused
from tests.unit.execution.plans import AT_ONCE, carry_out, outcome, outcomes, plan_for

ACTIVE, TERMINATED = AccountStatus.ACTIVE, AccountStatus.TERMINATED


def ago(portal: FakePortal, minutes: float) -> Instant:
    return Instant(portal.clock.now - timedelta(minutes=minutes))


class Undoing:
    """A run that disabled three people an hour ago, and the way back."""

    def __init__(self, portal: FakePortal, ledger: PortalLedger) -> None:
        self.portal, self.ledger = portal, ledger
        self.people = [portal.add(n) for n in range(3)]
        receipt = carry_out(plan_for(portal, self.people), portal, ledger)
        portal.puts.clear()
        portal.clock.forward(hours=1)
        self.undone = RunRecord(ledger.journal, ledger.runs.find(receipt.run_id))

    def go(self) -> Receipt:
        context = ExecutionContext(
            portal=self.portal, ledger=self.ledger, clock=self.portal.clock, pace=AT_ONCE
        )
        undone = self.undone
        run = self.ledger.runs.begin("undo", plan_id="plan-1", undone_run_id=undone.run.run_id)
        record = RunRecord(self.ledger.journal, run)
        targets = undone.targets_done()
        record.begin(targets, ACTIVE)
        return asyncio.run(reinstate(targets, record, context, undone=undone, own=OWNER))

    def signed_in(self, who: UserId, after_the_run: timedelta) -> None:
        """Let the ledger know of a sign-in so long after the run."""
        at = Instant(self.undone.acted_at[who] + after_the_run)
        seen = Sighting(user_id=who, at=at, kind=EvidenceKind.SIGN_IN, event_id=7, action_id=1000)
        self.ledger.evidence.keep(
            Reading(
                kind=EvidenceKind.SIGN_IN,
                user_id=None,
                intervals=(),
                sightings=(seen,),
                failures=(),
                unrecognised=(),
                events=1,
                proof="",
                read_at=at,
            )
        )


@pytest.fixture
def undoing(portal: FakePortal, ledger: PortalLedger) -> Undoing:
    return Undoing(portal, ledger)


def test_everybody_left_as_they_were_is_reinstated_and_verified(undoing):
    receipt = undoing.go()

    assert outcomes(receipt) == dict.fromkeys(undoing.people, OutcomeKind.REINSTATED)
    assert all(one.verified for one in receipt.outcomes)


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"type": AccountType.ADMINISTRATOR}, Cause.PROTECTED),
        ({"type": AccountType.USER}, Cause.ACCOUNT_CHANGED),
        ({"email": "somebody.else@vendor.example"}, Cause.ACCOUNT_CHANGED),
        ({"is_ldap": True}, Cause.PROTECTED),
    ],
)
def test_an_account_that_is_another_by_now_is_in_no_request(undoing, portal, fields, cause):
    changed = undoing.people[0]
    portal.change(changed, **fields)

    receipt = undoing.go()

    assert outcome(receipt, changed).cause is cause
    assert all(changed not in put for put in portal.puts)
    assert portal.status(changed) is TERMINATED


def test_an_account_that_cannot_be_read_fails_and_the_others_do_not_wait(undoing, portal):
    dark = undoing.people[0]
    portal.unreadable.add(dark)

    receipt = undoing.go()

    assert outcome(receipt, dark).outcome is OutcomeKind.FAILED
    assert outcome(receipt, dark).cause is Cause.UNREADABLE
    assert all(dark not in put for put in portal.puts)
    assert list(outcomes(receipt).values()).count(OutcomeKind.REINSTATED) == 2


def test_where_nobody_can_be_read_nobody_is_asked_for(undoing, portal):
    portal.deaf_people = True

    with pytest.raises(PortalUnreachable):
        undoing.go()

    assert portal.puts == []


@pytest.mark.parametrize(
    ("after_the_run", "reinstated"),
    [
        (timedelta(minutes=-10), True),
        (CLOCK_TOLERANCE, True),  # within what the two clocks may differ by
        (CLOCK_TOLERANCE + timedelta(seconds=1), False),
    ],
)
def test_anyone_who_signed_in_after_the_run_was_disabled_by_somebody_else(
    undoing, after_the_run, reinstated
):
    who = undoing.people[0]
    undoing.signed_in(who, after_the_run)

    one = outcome(undoing.go(), who)

    assert (one.outcome is OutcomeKind.REINSTATED) is reinstated
    assert reinstated or one.cause is Cause.CHANGED_SINCE


def test_anyone_who_is_active_or_waits_for_the_invitation_is_left_alone(undoing, portal):
    active, pending, _ = undoing.people
    portal.change(active, status=ACTIVE)
    portal.change(pending, status=AccountStatus.PENDING)

    receipt = undoing.go()

    assert outcome(receipt, active).outcome is OutcomeKind.ALREADY_ACTIVE
    assert outcome(receipt, pending).outcome is OutcomeKind.ALREADY_ACTIVE
    assert portal.puts == [(undoing.people[2],)]


def test_anyone_who_was_reinstated_by_hand_and_disabled_again_stays_disabled(
    undoing, portal, ledger
):
    who = undoing.people[0]
    portal.change(who, status=ACTIVE)
    ledger.accounts.note([portal.accounts[who]], portal.clock())
    portal.change(who, status=TERMINATED)

    one = outcome(undoing.go(), who)

    assert one.cause is Cause.CHANGED_SINCE
    assert portal.status(who) is TERMINATED


def test_anyone_who_was_put_back_and_disabled_again_between_two_looks_stays_disabled(
    undoing, portal
):
    # Given two acts by hand that nobody looked between, an hour after the run
    who, *others = undoing.people
    for minutes in (50, 40):
        portal.administered.append((ago(portal, minutes), who, STATUS_SET))

    receipt = undoing.go()

    assert outcome(receipt, who).cause is Cause.CHANGED_SINCE
    assert "somebody set the account's status" in (outcome(receipt, who).error or "")
    assert portal.status(who) is TERMINATED
    assert {outcome(receipt, one).outcome for one in others} == {OutcomeKind.REINSTATED}


def test_the_runs_own_change_of_status_is_nobody_elses(undoing, portal):
    # Given that the portal's clock is ahead, so that it dates the change after the journal does
    who = undoing.people[0]
    own = Instant(undoing.undone.acted_at[who] + CLOCK_TOLERANCE)
    portal.administered.append((own, who, STATUS_SET))

    assert outcome(undoing.go(), who).outcome is OutcomeKind.REINSTATED


def test_a_key_that_may_not_read_the_trail_can_still_give_access_back(undoing, portal):
    portal.administration_refused = refused(403)

    assert outcomes(undoing.go()) == dict.fromkeys(undoing.people, OutcomeKind.REINSTATED)


def test_a_deleted_account_is_spared_and_not_asked_for(undoing, portal):
    gone = undoing.people[0]
    del portal.accounts[gone]

    receipt = undoing.go()

    assert outcome(receipt, gone).cause is Cause.GONE
    assert all(gone not in put for put in portal.puts)


def test_whom_a_later_run_disabled_again_is_left_to_the_undo_of_that_run(undoing, portal, ledger):
    again = undoing.people[0]
    portal.change(again, status=ACTIVE)
    ledger.accounts.note([portal.accounts[again]], portal.clock())
    portal.clock.forward(days=20)
    later = carry_out(plan_for(portal, [again], plan_id="plan-2"), portal, ledger)

    one = outcome(undoing.go(), again)

    assert one.cause is Cause.CHANGED_SINCE
    assert f"run {later.run_id} disabled the account again" in (one.error or "")
