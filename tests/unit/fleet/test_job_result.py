"""How a portal stands after a job, in states and numbers of people."""

from datetime import timedelta

import pytest

from lastseen.fleet.job_result import SOON_DAYS, figures_of, result_after
from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason, Verdict
from lastseen.model.due import due_soon
from lastseen.model.errors import ExitCode
from lastseen.model.fleet import PortalState
from lastseen.model.instant import Instant
from lastseen.model.plan import Cohort, Policy
from lastseen.model.receipt import Outcome, OutcomeKind
from tests.unit.reports.samples import NOW, days_ago, decision, plan_of, receipt_of

KEPT = {"decision": Verdict.KEEP, "reason": Reason.ACTIVE}
HELD = {"decision": Verdict.HOLD, "reason": Reason.SESSION_MAY_BE_OPEN}
RETURN_UNTIL = Instant(NOW + timedelta(days=12))


def outcome(kind: OutcomeKind, *, verified: bool = True) -> Outcome:
    one = decision()
    return Outcome(
        user_id=UserId(one.user_id or ""), email=one.email, outcome=kind, verified=verified
    )


def test_people_who_were_signed_out_and_may_return_make_no_portal_held():
    waiting = plan_of(decision(return_until=RETURN_UNTIL, **HELD), decision(**KEPT))
    result = result_after(waiting, ())
    assert (result.state, result.exit_code) == (PortalState.CLEAN, ExitCode.DONE)
    assert result.figures.held == 0


def test_a_session_of_which_no_end_is_known_makes_the_portal_held():
    result = result_after(plan_of(decision(**HELD), decision(**KEPT)), ())
    assert (result.state, result.exit_code) == (PortalState.HELD, ExitCode.INCOMPLETE)
    assert result.figures.held == 1


def test_due_soon_counts_by_the_cohorts_own_limit():
    policy = Policy(cohorts=(Cohort(name="auditors", inactive_days=100),))
    people = [
        decision(user_id="0", last_seen_at=days_ago(25), idle_days=25, **KEPT),
        decision(user_id="1", last_seen_at=days_ago(25), idle_days=25, cohort="auditors", **KEPT),
        decision(user_id="2", last_seen_at=days_ago(96), idle_days=96, cohort="auditors", **KEPT),
        decision(user_id="3", last_seen_at=days_ago(10), idle_days=10, **KEPT),
        decision(
            user_id="4", last_seen_at=days_ago(25), decision=Verdict.KEEP, reason=Reason.EXEMPT
        ),
    ]
    plan = plan_of(*people, policy=policy)
    assert figures_of(plan, ()).due_soon == 2
    assert [one for _, one in due_soon(plan, SOON_DAYS)] == [people[2], people[0]]


@pytest.mark.parametrize("verdict", [Verdict.DISABLE, Verdict.SIGN_OUT])
def test_what_nobody_has_carried_out_is_proposed(verdict):
    result = result_after(plan_of(decision(decision=verdict)), ())
    assert result.state is PortalState.PROPOSED


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (Verdict.DISABLE, OutcomeKind.DISABLED),
        (Verdict.DISABLE, OutcomeKind.SPARED_ACTIVE),
        (Verdict.DISABLE, OutcomeKind.ALREADY_DISABLED),
        (Verdict.SIGN_OUT, OutcomeKind.SIGNED_OUT),
    ],
)
def test_what_a_receipt_settles_no_longer_waits(verdict, kind):
    result = result_after(plan_of(decision(decision=verdict)), [receipt_of(outcome(kind))])
    assert result.state is PortalState.CLEAN
    assert result.figures.to_disable == 0
    assert result.figures.disabled == int(kind is OutcomeKind.DISABLED)


def test_a_failed_change_outweighs_people_on_hold():
    failed = receipt_of(outcome(OutcomeKind.DISABLED), outcome(OutcomeKind.FAILED, verified=False))
    result = result_after(plan_of(decision(), decision(**HELD)), [failed])
    assert (result.state, result.exit_code) == (PortalState.PARTIAL, ExitCode.PARTIAL)
