"""How `lastseen run` ends: the most_severe of what reviewing and carrying out end with."""

import msgspec
import pytest

from lastseen.cli.documents import receipt_summary
from lastseen.cli.run import _exit_code, _summary
from lastseen.model.contractor import UserId
from lastseen.model.decision import Verdict
from lastseen.model.errors import ExitCode
from lastseen.model.plan import PlanSummary
from lastseen.model.receipt import Cause, Outcome, OutcomeKind, Receipt
from lastseen.workflows.run import RunResult
from tests.unit.execution.fake_portal import START, FakePortal
from tests.unit.execution.plans import plan_for
from tests.unit.reports.samples import decision

DISABLED = (OutcomeKind.DISABLED, True, None)
UNVERIFIED = (OutcomeKind.DISABLED, False, Cause.UNCONFIRMED)
SPARED = (OutcomeKind.SPARED_ACTIVE, False, Cause.SEEN)
REFUSED = (OutcomeKind.REFUSED, False, Cause.REFUSED)
UNPROVEN = (OutcomeKind.FAILED, False, Cause.UNPROVEN)
STRAY = (OutcomeKind.DISABLED, True, Cause.UNREQUESTED)
SIGNED_OUT = (OutcomeKind.SIGNED_OUT, True, None)

DECIDED = PlanSummary(disable=2, keep=3)
WITH_HOLD = PlanSummary(disable=2, keep=3, hold=1)
ALL_HELD = PlanSummary(hold=5)


def receipt_of(*outcomes: tuple[OutcomeKind, bool, Cause | None]) -> Receipt:
    return Receipt(
        run_id="r",
        plan_id="p",
        started_at=START,
        finished_at=START,
        outcomes=tuple(
            Outcome(
                user_id=UserId(f"p{number}"),
                email=None,
                outcome=kind,
                verified=verified,
                cause=cause,
            )
            for number, (kind, verified, cause) in enumerate(outcomes)
        ),
        summary={},
    )


@pytest.mark.parametrize(
    ("summary", "strict", "done", "finished", "code"),
    [
        (DECIDED, False, (DISABLED, SPARED), (), ExitCode.DONE),
        (DECIDED, False, (SIGNED_OUT,), (), ExitCode.DONE),
        (DECIDED, False, (), (), ExitCode.DONE),
        (WITH_HOLD, False, (DISABLED,), (), ExitCode.DONE),
        (WITH_HOLD, True, (DISABLED,), (), ExitCode.INCOMPLETE),
        (ALL_HELD, False, (), (), ExitCode.INCOMPLETE),
        (DECIDED, False, (REFUSED, REFUSED), (), ExitCode.REFUSED),
        (WITH_HOLD, True, (REFUSED, REFUSED), (), ExitCode.REFUSED),
        (DECIDED, False, (UNPROVEN, UNPROVEN), (), ExitCode.INCOMPLETE),
        (DECIDED, False, (DISABLED, REFUSED), (), ExitCode.PARTIAL),
        (DECIDED, False, (UNVERIFIED,), (), ExitCode.PARTIAL),
        (DECIDED, False, (DISABLED, STRAY), (), ExitCode.PARTIAL),
        (WITH_HOLD, True, (DISABLED, REFUSED), (), ExitCode.PARTIAL),
        (DECIDED, False, (DISABLED,), (DISABLED, REFUSED), ExitCode.PARTIAL),
        (DECIDED, False, (DISABLED, REFUSED), (REFUSED,), ExitCode.REFUSED),
    ],
)
def test_a_run_ends_with_the_first_code_of_the_order_that_fits(
    summary, strict, done, finished, code
):
    held = tuple(decision(decision=Verdict.HOLD) for _ in range(summary.hold))
    plan = msgspec.structs.replace(plan_for(FakePortal(), []), summary=summary, decisions=held)
    result = RunResult(
        plan=plan,
        receipt=receipt_of(*done),
        applied=True,
        why_not=None,
        finished=(receipt_of(*finished),),
    )
    assert _exit_code(result, strict=strict) is code


@pytest.mark.parametrize(
    ("outcomes", "level"),
    [
        ((DISABLED, SPARED), "info"),
        ((DISABLED, REFUSED), "warning"),
        ((REFUSED, REFUSED), "error"),
        ((UNPROVEN, UNPROVEN), "error"),
    ],
)
def test_what_was_not_done_is_logged_as_loudly_as_it_matters(outcomes, level):
    receipt = receipt_of(*outcomes)
    result = RunResult(plan=plan_for(FakePortal(), []), receipt=receipt, applied=True, why_not=None)
    assert receipt_summary(receipt).level == level
    assert _summary(result).level == level
