from datetime import timedelta

import pytest

from lastseen.model.decision import Reason, Verdict
from lastseen.model.due import clears_at, due_at, due_soon, inactive_days_of, what_clears
from lastseen.model.plan import Cohort, Policy
from tests.unit.reports.samples import NOW, days_ago, decision, incomplete_evidence, plan_of

KEPT = {"decision": Verdict.KEEP, "reason": Reason.ACTIVE}
AUDITORS = Policy(cohorts=(Cohort(name="auditors", inactive_days=100),))


def test_somebody_kept_is_due_so_many_days_after_being_last_seen():
    seen = decision(last_seen_at=days_ago(25), **KEPT)
    assert due_at(seen, Policy(inactive_days=30)) == NOW + timedelta(days=5)


def test_a_cohorts_own_limit_counts():
    seen = decision(last_seen_at=days_ago(25), cohort="auditors", **KEPT)
    assert inactive_days_of(seen, AUDITORS) == 100
    assert inactive_days_of(decision(**KEPT), AUDITORS) == 30
    assert due_at(seen, AUDITORS) == NOW + timedelta(days=75)


@pytest.mark.parametrize("reason", [Reason.EXEMPT, Reason.INACTIVE, Reason.PROTECTED])
def test_nobody_else_is_due_by_time_alone(reason):
    assert due_at(decision(reason=reason), Policy()) is None


def test_those_due_soon_come_in_the_order_of_their_dates():
    people = [decision(email=f"{n}", last_seen_at=days_ago(n), **KEPT) for n in (24, 10, 28)]
    due = due_soon(plan_of(*people), 7)
    assert [one.email for _, one in due] == ["28", "24"]


def test_missing_evidence_clears_when_the_ledger_covers_the_window():
    held = decision(decision=Verdict.HOLD, reason=Reason.EVIDENCE_INCOMPLETE)
    plan = plan_of(held, evidence=incomplete_evidence())  # covered for 7 of 30 days
    assert clears_at(held, plan) == NOW + timedelta(days=23)
    assert what_clears(held, plan) == "with reviews at least every 3 days"


def test_an_unrecognised_event_leaves_the_window_in_time():
    held = decision(decision=Verdict.HOLD, reason=Reason.UNRECOGNISED_EVENT)
    assert clears_at(held, plan_of(held)) == NOW + timedelta(days=30)


def test_what_time_alone_does_not_clear_has_no_date():
    held = decision(decision=Verdict.HOLD, reason=Reason.AMBIGUOUS)
    assert clears_at(held, plan_of(held)) is None
    assert "names one account" in what_clears(held, plan_of(held))
    assert what_clears(decision(), plan_of()) == ""
