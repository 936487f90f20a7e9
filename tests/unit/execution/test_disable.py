"""Nobody is changed whom the recheck spares, or before it is over."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.execution.batches import STOPPED
from lastseen.execution.context import ExecutionContext
from lastseen.execution.decision_basis import DecisionBasis
from lastseen.execution.disable import disable
from lastseen.execution.history import read_history
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Candidate, Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.errors import PortalUnreachable
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause, OutcomeKind, Receipt
from tests.unit.execution.fake_portal import OWNER, START, FakePortal
from tests.unit.execution.plans import AT_ONCE, outcome, outcomes


class Work:
    """A run that is to disable some people and to sign out others."""

    def __init__(self, portal: FakePortal, ledger: PortalLedger) -> None:
        self.portal, self.ledger = portal, ledger
        self.stop = asyncio.Event()
        self.context = ExecutionContext(
            portal=portal, ledger=ledger, clock=portal.clock, pace=AT_ONCE, stop=self.stop
        )
        self.record = RunRecord(ledger.journal, ledger.runs.begin("apply", plan_id="plan-1"))

    def candidate(self, who: UserId, verdict: Verdict = Verdict.DISABLE) -> Candidate:
        account = self.portal.accounts[who]
        return Candidate(
            target=Target(user_id=who, email=account.email, type=AccountType.GUEST),
            decision=Decision(
                user_id=who,
                email=account.email,
                display_name=None,
                decision=verdict,
                reason=Reason.INACTIVE,
                explanation="Not seen for long.",
                last_seen_at=Instant(START - timedelta(days=90)),
            ),
        )

    def carry(self, disabled: list[UserId], signed_out: list[UserId] | None = None) -> Receipt:
        to_disable = [self.candidate(who) for who in disabled]
        to_sign_out = [self.candidate(who, Verdict.SIGN_OUT) for who in signed_out or []]
        self.record.begin(
            [one.target for one in to_disable],
            AccountStatus.TERMINATED,
            sign_out=[one.target for one in to_sign_out],
        )
        basis = DecisionBasis(
            at=START,
            seen_since=START,
            status_set_from=START,
            log_silence_days=7,
            policy=Policy(open_sessions="sign-out"),
            history=read_history([]),
        )
        work = disable(
            [*to_disable, *to_sign_out], self.record, self.context, basis=basis, own=OWNER
        )
        return asyncio.run(work)


@pytest.fixture
def work(portal: FakePortal, ledger: PortalLedger) -> Work:
    portal.clock.forward(hours=1)
    return Work(portal, ledger)


def test_anyone_who_the_last_look_spares_is_in_no_request(work, portal):
    stays, came_back, promoted, gone = (portal.add(n) for n in range(4))
    portal.sign_in(came_back)
    candidates = [stays, came_back, promoted, gone]
    portal.change(promoted, type=AccountType.ADMINISTRATOR)
    address = portal.accounts[gone]

    def deleted() -> None:
        portal.accounts.pop(gone, None)

    portal.before_read = deleted
    receipt = work.carry(candidates)

    assert portal.puts == [(stays,)]
    assert outcome(receipt, came_back).cause is Cause.SEEN
    assert outcome(receipt, promoted).cause is Cause.PROTECTED
    assert outcome(receipt, gone).cause is Cause.GONE
    assert outcome(receipt, gone).email == address.email


def test_the_keys_own_account_is_left_even_where_a_plan_names_it(work, portal):
    other = portal.add(1)
    portal.change(OWNER, type=AccountType.USER)

    receipt = work.carry([OWNER, other])

    assert portal.puts == [(other,)]
    assert outcome(receipt, OWNER).cause is Cause.PROTECTED


def test_where_the_last_look_fails_nobody_is_changed_and_the_run_can_be_carried_on(work, portal):
    people = [portal.add(n) for n in range(3)]
    portal.deaf_people = True

    with pytest.raises(PortalUnreachable):
        work.carry(people)

    assert portal.puts == []
    assert work.ledger.runs.find(work.record.run.run_id).state == "interrupted"


def test_a_stop_before_the_first_request_changes_nobody(work, portal):
    people = [portal.add(n) for n in range(3)]
    work.stop.set()

    receipt = work.carry(people)

    assert portal.puts == []
    assert set(outcomes(receipt).values()) == {OutcomeKind.FAILED}
    assert all(STOPPED in (one.error or "") for one in receipt.outcomes)


def test_signing_out_disables_nobody_and_comes_last(work, portal):
    leaves, signed_out = portal.add(1), portal.add(2)
    order: list[tuple[int, int]] = []
    portal.before_change = lambda: order.append((len(portal.puts), len(portal.sessions_ended)))

    receipt = work.carry([leaves], [signed_out])

    assert portal.puts == [(leaves,)]
    assert portal.sessions_ended == [signed_out]
    assert portal.status(signed_out) is AccountStatus.ACTIVE
    assert order == [(0, 0), (1, 0)]
    assert outcomes(receipt) == {leaves: OutcomeKind.DISABLED, signed_out: OutcomeKind.SIGNED_OUT}


def test_a_stop_while_disabling_ends_no_sessions(work, portal):
    leaves, signed_out = portal.add(1), portal.add(2)
    portal.after_change = work.stop.set

    receipt = work.carry([leaves], [signed_out])

    assert portal.puts == [(leaves,)]
    assert portal.sessions_ended == []
    assert outcome(receipt, signed_out).outcome is OutcomeKind.FAILED
