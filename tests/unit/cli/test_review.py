"""With what a review ends."""

from datetime import timedelta

import pytest

from lastseen.cli.review import review_exit_code
from lastseen.model.decision import Reason, Verdict
from lastseen.model.errors import ExitCode
from lastseen.model.instant import Instant
from tests.unit.reports.samples import NOW, decision, plan_of

KEPT = decision(decision=Verdict.KEEP, reason=Reason.ACTIVE)
HELD = decision(decision=Verdict.HOLD, reason=Reason.EVIDENCE_INCOMPLETE)
AWAITED = decision(
    decision=Verdict.HOLD,
    reason=Reason.SESSION_MAY_BE_OPEN,
    return_until=Instant(NOW + timedelta(days=12)),
)
SIGN_OUT = decision(decision=Verdict.SIGN_OUT, reason=Reason.SESSION_MAY_BE_OPEN)


@pytest.mark.parametrize(
    ("people", "code", "strictly"),
    [
        ([KEPT], ExitCode.DONE, ExitCode.DONE),
        ([KEPT, HELD], ExitCode.DONE, ExitCode.INCOMPLETE),
        ([HELD], ExitCode.INCOMPLETE, ExitCode.INCOMPLETE),
        ([AWAITED], ExitCode.DONE, ExitCode.DONE),
        ([KEPT, AWAITED], ExitCode.DONE, ExitCode.DONE),
        ([AWAITED, HELD], ExitCode.INCOMPLETE, ExitCode.INCOMPLETE),
        ([SIGN_OUT, HELD], ExitCode.DONE, ExitCode.INCOMPLETE),
    ],
)
def test_only_holds_that_need_somebody_count(people, code, strictly):
    assert review_exit_code(plan_of(*people), strict=False) is code
    assert review_exit_code(plan_of(*people), strict=True) is strictly
