from datetime import timedelta

import pytest
from msgspec import structs

from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason, SeenBy, Verdict
from lastseen.model.due import (
    due_at,
    due_soon,
    holds,
    inactive_days_of,
    soon_due,
    what_clears,
)
from lastseen.model.instant import Instant
from lastseen.model.plan import Cohort, Policy
from tests.unit.reports.samples import NOW, days_ago, decision, incomplete_evidence, plan_of

KEPT = {"decision": Verdict.KEEP, "reason": Reason.ACTIVE}
AUDITORS = Policy(cohorts=(Cohort(name="auditors", inactive_days=100),))


def test_somebody_kept_is_due_so_many_days_after_being_last_seen():
    seen = decision(last_seen_at=days_ago(25), **KEPT)
    assert due_at(seen, Policy(inactive_days=30)) == NOW + timedelta(days=5)


def test_nobody_is_due_before_their_absence_can_be_proven():
    seen = decision(user_id=UserId("1"), last_seen_at=days_ago(25), **KEPT)
    plan = plan_of(seen, evidence=incomplete_evidence())  # covered for 7 of 30 days
    assert due_soon(plan, 14) == ()
    assert [at for at, _ in due_soon(plan, 30)] == [NOW + timedelta(days=23)]


def test_a_cohorts_own_limit_counts():
    seen = decision(last_seen_at=days_ago(25), cohort="auditors", **KEPT)
    assert inactive_days_of(seen, AUDITORS) == 100
    assert inactive_days_of(decision(**KEPT), AUDITORS) == 30
    assert due_at(seen, AUDITORS) == NOW + timedelta(days=75)


@pytest.mark.parametrize("reason", [Reason.EXEMPT, Reason.INACTIVE, Reason.PROTECTED])
def test_nobody_else_is_due_by_time_alone(reason):
    assert due_at(decision(reason=reason), Policy()) is None


def test_those_due_soon_come_in_the_order_of_their_dates():
    people = [
        decision(user_id=f"{n}", email=f"{n}", last_seen_at=days_ago(n), **KEPT)
        for n in (24, 10, 28)
    ]
    due = due_soon(plan_of(*people), 7)
    assert [one.email for _, one in due] == ["28", "24"]


def test_holds_are_counted_by_reason_with_their_last_date_and_what_clears_them():
    held = {"decision": Verdict.HOLD, "reason": Reason.EVIDENCE_INCOMPLETE}
    plan = plan_of(
        decision(user_id="1", clears_at=days_ago(-20), **held),
        decision(user_id="2", clears_at=days_ago(-23), **held),
        decision(user_id="3", **held),
        evidence=incomplete_evidence(),  # kept for 7 days
    )
    by_time, by_cause = holds(plan)
    assert (by_time.count, by_time.clears_at) == (2, days_ago(-23))
    assert by_time.cleared_by == "with reviews at least every 3 days"
    assert (by_cause.count, by_cause.clears_at) == (1, None)
    assert "lastseen explain" in by_cause.cleared_by


def test_a_hold_of_somebody_signed_out_is_resolved_by_time():
    until = Instant(NOW + timedelta(days=12))
    reason = Reason.SESSION_MAY_BE_OPEN
    held = decision(decision=Verdict.HOLD, reason=reason, return_until=until)
    other = decision(decision=Verdict.HOLD, reason=reason)
    assert plan_of(held, other).unresolved_holds() == (other,)


def test_signed_out_people_are_not_said_to_have_sessions():
    until = Instant(NOW + timedelta(days=12))
    held = {"decision": Verdict.HOLD, "reason": Reason.SESSION_MAY_BE_OPEN, "clears_at": until}
    plan = plan_of(decision(return_until=until, **held), decision(user_id="2", **held))
    clear = {one.cleared_by for one in holds(plan)}
    assert clear == {
        "when signed-out people have had their days to sign in again, or with a sighting",
        "when their sessions have ended, or with a sighting",
    }


def test_a_hold_that_time_does_not_clear_says_what_does():
    held = decision(decision=Verdict.HOLD, reason=Reason.AMBIGUOUS)
    assert "names one account" in what_clears(held, plan_of(held))
    assert what_clears(decision(), plan_of()) == ""


def test_people_due_by_absence_or_by_contract_are_listed_with_the_earlier_date():
    people = [
        decision(user_id=UserId("1"), last_seen_at=days_ago(24), **KEPT),
        decision(user_id=UserId("2"), last_seen_at=days_ago(1), **KEPT),
        decision(user_id=UserId("3"), last_seen_at=days_ago(24), **KEPT),
        decision(user_id=UserId("4"), decision=Verdict.HOLD, reason=Reason.EVIDENCE_INCOMPLETE),
        decision(user_id=UserId("5"), decision=Verdict.KEEP, reason=Reason.EXEMPT),
    ]
    last_day = (NOW + timedelta(days=2)).date()
    ends = {UserId(n): last_day for n in "345"} | {UserId("2"): (NOW + timedelta(days=99)).date()}

    soon = soon_due(people, Policy(), ends=ends, now=NOW, within_days=14)

    assert [(one.user_id, one.reason) for one in soon.people] == [
        ("3", Reason.CONTRACT_ENDED),
        ("4", Reason.CONTRACT_ENDED),
        ("1", Reason.INACTIVE),
    ]
    assert soon.people[0].due_at.date() == last_day + timedelta(days=1)


def test_a_contract_that_is_only_reported_and_a_policy_that_keeps_those_never_seen_are_not_due():
    new = decision(
        user_id=UserId("1"),
        last_seen_at=days_ago(29),
        last_seen_by=SeenBy.REGISTRATION,
        decision=Verdict.KEEP,
        reason=Reason.RECENTLY_REGISTERED,
    )
    policy = Policy(never_seen="keep", contract_end="report")
    ends = {UserId("1"): NOW.date()}

    assert soon_due([new], policy, ends=ends, now=NOW, within_days=14).people == ()
    assert soon_due([new], Policy(), ends=ends, now=NOW, within_days=14).people[0].reason is (
        Reason.CONTRACT_ENDED
    )


def test_what_the_plan_itself_says_about_people_due_soon_goes_before():
    seen = decision(user_id=UserId("1"), last_seen_at=days_ago(1), **KEPT)
    ends = {UserId("1"): NOW.date()}
    soon = soon_due([seen], Policy(), ends=ends, now=NOW, within_days=3)

    plan = structs.replace(plan_of(seen), soon=soon)

    assert [one.user_id for _, one in due_soon(plan, 3)] == ["1"]


PENDING = {
    "decision": Verdict.KEEP,
    "reason": Reason.RECENTLY_REGISTERED,
    "last_seen_by": SeenBy.REGISTRATION,
    "is_pending": True,
}


@pytest.mark.parametrize(("pending_days", "due"), [(60, 55), (10, 5)])
def test_an_invitation_that_nobody_accepted_is_due_after_pending_days(pending_days, due):
    invited = decision(last_seen_at=days_ago(5), **PENDING)
    policy = Policy(inactive_days=30, pending_days=pending_days)
    assert due_at(invited, policy) == NOW + timedelta(days=due)
    assert due_at(invited, policy, days_ago(90)) == NOW + timedelta(days=due)
    # Their absence has to be proven over the whole window as well.
    assert due_at(invited, policy, days_ago(1)) == NOW + timedelta(days=max(due, 29))


def test_an_invitation_that_was_sent_again_is_not_due_within_the_window():
    again = decision(last_seen_at=days_ago(5), **{**PENDING, "last_seen_by": SeenBy.INVITATION})
    assert due_at(again, Policy(inactive_days=30, pending_days=10)) == NOW + timedelta(days=25)


def test_a_cohorts_pending_days_count():
    policy = Policy(cohorts=(Cohort(name="auditors", pending_days=100),))
    invited = decision(last_seen_at=days_ago(5), cohort="auditors", **PENDING)
    assert due_at(invited, policy) == NOW + timedelta(days=95)


def test_anyone_who_is_due_since_an_invitation_ends_is_listed_with_that_reason():
    invited = decision(user_id=UserId("1"), last_seen_at=days_ago(5), **PENDING)
    policy = Policy(pending_days=10, never_seen="keep")
    (due,) = soon_due([invited], policy, ends={}, now=NOW, within_days=14).people
    assert (due.reason, due.due_at) == (
        Reason.INVITATION_NOT_ACCEPTED,
        NOW + timedelta(days=5),
    )
