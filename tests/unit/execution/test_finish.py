"""How a run ends: its receipt, its state and its exit code."""

import asyncio

import pytest

from lastseen.execution.context import ExecutionContext
from lastseen.execution.finish import end_run, finish_after, receipt_exit_code
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.errors import ExitCode, LedgerError, RosterError
from lastseen.model.receipt import Cause, Outcome, OutcomeKind, Receipt
from tests.unit.execution.fake_portal import START, FakePortal, lost
from tests.unit.execution.plans import AT_ONCE

ANN, BOB = (Target(user_id=UserId(n), email=None) for n in ("ann", "bob"))


@pytest.fixture
def working(portal: FakePortal, ledger: PortalLedger) -> ExecutionContext:
    return ExecutionContext(portal=portal, ledger=ledger, clock=portal.clock, pace=AT_ONCE)


@pytest.fixture
def record(ledger: PortalLedger) -> RunRecord:
    """A run over two people, one of whom was disabled."""
    record = RunRecord(ledger.journal, ledger.runs.begin("apply", plan_id="plan-1"))
    record.begin([ANN, BOB], AccountStatus.TERMINATED)
    record.intend([ANN])
    record.close([outcome(OutcomeKind.DISABLED, verified=True)])
    return record


def outcome(kind: OutcomeKind, cause: Cause | None = None, *, verified: bool = False) -> Outcome:
    return Outcome(user_id=ANN.user_id, email=None, outcome=kind, cause=cause, verified=verified)


def receipt_of(*outcomes: Outcome) -> Receipt:
    return Receipt(
        run_id="r", plan_id="p", started_at=START, finished_at=START, outcomes=outcomes, summary={}
    )


DONE = outcome(OutcomeKind.DISABLED, verified=True)
REFUSED = outcome(OutcomeKind.REFUSED, Cause.REFUSED)
UNPROVEN = outcome(OutcomeKind.FAILED, Cause.UNPROVEN)
CLOCKS = outcome(OutcomeKind.FAILED, Cause.CLOCKS_DIFFER)
UNREADABLE = outcome(OutcomeKind.FAILED, Cause.UNREADABLE)


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((), ExitCode.DONE),
        ((DONE,), ExitCode.DONE),
        ((outcome(OutcomeKind.SPARED_ACTIVE), outcome(OutcomeKind.SPARED_CHANGED)), ExitCode.DONE),
        ((outcome(OutcomeKind.ALREADY_DISABLED, verified=True),), ExitCode.DONE),
        ((outcome(OutcomeKind.SIGNED_OUT, verified=True),), ExitCode.DONE),
        ((REFUSED, REFUSED), ExitCode.REFUSED),
        ((UNPROVEN, CLOCKS), ExitCode.INCOMPLETE),
        ((UNPROVEN, UNREADABLE), ExitCode.PARTIAL),
        ((DONE, UNPROVEN), ExitCode.PARTIAL),
        ((DONE, REFUSED), ExitCode.PARTIAL),
        ((outcome(OutcomeKind.DISABLED, Cause.UNCONFIRMED),), ExitCode.PARTIAL),
        ((outcome(OutcomeKind.DISABLED, Cause.UNREQUESTED, verified=True),), ExitCode.PARTIAL),
    ],
)
def test_the_exit_code_follows_from_the_causes(outcomes, code):
    assert receipt_exit_code(receipt_of(*outcomes)) is code


def test_the_words_of_an_outcome_do_not_matter_to_the_exit_code():
    odd = Outcome(
        user_id=ANN.user_id,
        email=None,
        outcome=OutcomeKind.FAILED,
        error="in other words",
        cause=Cause.UNPROVEN,
    )
    assert receipt_exit_code(receipt_of(odd)) is ExitCode.INCOMPLETE


def test_a_run_that_ended_early_can_be_carried_on_and_says_who_is_left(record, working, ledger):
    receipt = end_run(record, working, halt="a stop was requested")

    assert ledger.runs.find(record.run.run_id).state == "interrupted"
    assert ledger.runs.receipt(record.run.run_id) == receipt
    left = receipt.outcomes[1]
    assert (left.user_id, left.cause) == (BOB.user_id, Cause.NOT_ATTEMPTED)
    assert "a stop was requested" in (left.error or "")


def test_a_run_with_somebody_open_stays_open_even_when_it_is_over(record, working, ledger):
    record.intend_sign_out(BOB)
    end_run(record, working, resumable=False)
    assert ledger.runs.find(record.run.run_id).state == "interrupted"


@pytest.mark.parametrize(
    "error", [lost(), RosterError(attempted="a", found="gone", meaning="", remedy="")]
)
def test_an_error_of_portal_or_roster_leaves_a_receipt_and_is_raised(
    record, working, ledger, error
):
    async def failing() -> str | None:
        raise error

    with pytest.raises(type(error)):
        asyncio.run(finish_after(failing(), record, working))

    receipt = ledger.runs.receipt(record.run.run_id)
    assert receipt is not None
    assert error.found in (receipt.outcomes[1].error or "")


def test_an_error_of_the_ledger_leaves_the_run_to_be_recovered(record, working, ledger):
    async def failing() -> str | None:
        raise LedgerError(attempted="a", found="full", meaning="", remedy="")

    with pytest.raises(LedgerError):
        asyncio.run(finish_after(failing(), record, working))

    assert ledger.runs.find(record.run.run_id).state == "running"
