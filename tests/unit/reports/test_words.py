import msgspec

from lastseen.model.decision import Reason, SeenBy
from lastseen.model.plan import Cohort, EvidenceSummary, Policy
from lastseen.model.receipt import OutcomeKind
from lastseen.reports.words import (
    counts_in_words,
    evidence_in_words,
    idle_in_words,
    last_seen,
    outcome_in_words,
    policy_in_words,
    who,
)
from tests.unit.reports.samples import NOW, days_ago, decision, incomplete_evidence, plan_of


def test_registration_is_not_called_a_sighting():
    never = decision(
        reason=Reason.NEVER_SEEN, last_seen_by=SeenBy.REGISTRATION, last_seen_at=days_ago(10)
    )
    assert last_seen(never, NOW) == "never; registered 2026-11-15"


def test_never_is_said_only_of_those_whom_the_plan_calls_never_seen():
    unknown = decision(
        reason=Reason.INACTIVE,
        last_seen_by=SeenBy.REGISTRATION,
        last_seen_at=days_ago(400),
        idle_days=400,
    )
    assert last_seen(unknown, NOW) == "no sighting; registered 2025-10-21"


def test_where_the_logs_do_not_reach_back_to_the_registration_the_known_days_are_said():
    ended = decision(
        reason=Reason.CONTRACT_ENDED,
        last_seen_by=SeenBy.REGISTRATION,
        last_seen_at=days_ago(400),
        idle_days=64,
    )
    assert last_seen(ended, NOW) == "not in 64 days; registered 2025-10-21"


def test_no_sighting_is_not_called_never():
    unknown = decision(last_seen_at=None, last_seen_by=None, idle_days=None)
    assert last_seen(unknown, NOW) == "no sighting"


def test_a_date_that_was_not_looked_up_is_the_time_known_to_be_without_one():
    undated = decision(last_seen_at=None, last_seen_by=None, idle_days=60)
    assert last_seen(undated, NOW) == "not in 60 days"


def test_a_sighting_before_an_unread_part_of_the_log_is_not_the_last_for_certain():
    behind = decision(last_seen_at=days_ago(90), idle_days=60)
    assert last_seen(behind, NOW) == "2026-08-27 or later (sign-in)"
    assert idle_in_words(behind, NOW) == "≥ 60"
    assert idle_in_words(decision(idle_days=41), NOW) == "41"
    undated = decision(last_seen_at=None, last_seen_by=None, idle_days=60)
    assert idle_in_words(undated, NOW, unicode=False) == ">= 60"


def test_an_api_key_is_named_as_people_name_it():
    used = decision(last_seen_by=SeenBy.API_KEY)
    assert last_seen(used, NOW) == "2026-10-15 (API key)"


def test_who_takes_the_best_name_there_is():
    assert who(decision(display_name=" ", email="a@b.example")) == "a@b.example"
    assert who(decision(display_name=None, email=None, user_id=None)) == "(no name)"


def test_the_policy_is_reported_with_its_numbers():
    said = " ".join(
        policy_in_words(
            Policy(
                inactive_days=45, never_seen="keep", evidence=("sign-in",), contract_end="report"
            )
        )
    )
    assert "45 days or more without sign-in." in said
    assert "never seen is kept" in said
    assert "reported only" in said


def test_incomplete_evidence_is_called_incomplete_first():
    verdict, known, kept, *_ = evidence_in_words(plan_of(evidence=incomplete_evidence()))
    assert verdict.startswith("Incomplete")
    assert "(7 days)" in known
    assert "less than the window" in kept


def test_where_nobody_is_decided_by_the_logs_nothing_is_said_to_be_missing():
    unneeded = EvidenceSummary(
        complete=True,
        covered_since=None,
        filters="after-window",
        retention_days=None,
        requests=4,
        events=0,
    )
    verdict, known = evidence_in_words(plan_of(evidence=unneeded))
    assert verdict.startswith("Complete")
    assert known == "No log was read: no decision needed one."


def test_evidence_that_is_nothing_says_so():
    nothing = EvidenceSummary(
        complete=False,
        covered_since=None,
        filters="ignored",
        retention_days=None,
        requests=2,
        events=20,
    )
    _, known, filters = evidence_in_words(plan_of(evidence=nothing))
    assert known.startswith("No part")
    assert "audit option" in filters


def test_the_longest_window_of_those_decided_on_is_the_one_that_the_logs_must_cover():
    policy = Policy(inactive_days=30, cohorts=(Cohort(name="net", inactive_days=100),))
    known = msgspec.structs.replace(
        incomplete_evidence(), covered_since=days_ago(60), retention_days=60
    )
    plan = plan_of(decision(cohort="net"), policy=policy, evidence=known)
    verdict, since, kept, *_ = evidence_in_words(plan)
    assert "do not cover the whole 100-day window" in verdict
    assert "(60 days)" in since
    assert "less than the window" in kept


def test_logs_that_reach_back_are_not_blamed_for_what_stays_unproven():
    known = msgspec.structs.replace(
        incomplete_evidence(), covered_since=days_ago(60), retention_days=180
    )
    verdict, *_ = evidence_in_words(plan_of(decision(), evidence=known))
    assert verdict.startswith("Incomplete: some people's absence is unproven.")


def test_where_no_log_was_read_none_is_said_to_have_gaps():
    unread = msgspec.structs.replace(
        incomplete_evidence(), covered_since=None, retention_days=None, events=0
    )
    verdict, known = evidence_in_words(plan_of(decision(), evidence=unread))
    assert "window" not in verdict
    assert known == "No log was read."


def test_an_outcome_says_why_somebody_was_spared():
    assert outcome_in_words(OutcomeKind.SPARED_CHANGED) == "spared: changed since"
    assert outcome_in_words(OutcomeKind.ALREADY_DISABLED) == "already disabled"


def test_counts_leave_out_what_did_not_occur():
    assert counts_in_words({"disabled": 1200, "refused": 0, "failed": 2}) == (
        "1,200 disabled, 2 failed"
    )
    assert counts_in_words({}) == "nobody changed"
