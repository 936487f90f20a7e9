"""What `doctor` finds where cohorts have rules of their own: the strictest decides."""

import pytest

from lastseen.model.plan import Cohort
from lastseen.simulator.world.keys import ApiKey
from tests.portal.diagnosing import diagnosed, healthy
from tests.portal.unhelpful import ADMIN, STAFF, Built, ago

AUDIT = Cohort(name="audit", email_domains=("example.org",), inactive_days=100)


@pytest.fixture
def built() -> Built:
    return healthy()


def test_the_window_of_a_cohort_counts_where_it_is_longer_than_the_general_one(
    built: Built,
) -> None:
    watched = built.open(retention_days=60)
    found = diagnosed(watched, cohorts=(AUDIT,))
    assert found["Retention"].state == "warning"
    assert "absence of 100 days in the cohort audit" in found["Retention"].meaning
    longest = found["Longest window"]
    assert (longest.state, longest.value) == ("problem", "60 days")
    assert "needs 30 days (100 days in the cohort audit)" in longest.meaning
    assert "at least every 30 days" in (longest.remedy or "")
    assert "people of the cohort audit who are not seen stay on hold" in (longest.remedy or "")


def test_of_several_cohorts_each_is_named_for_which_the_logs_do_not_reach_back(
    built: Built,
) -> None:
    others = (
        Cohort(name="press", kind="press", inactive_days=90),
        Cohort(name="fair", kind="fair", inactive_days=50),
        Cohort(name="short", kind="short", inactive_days=7),
        Cohort(name="as all", kind="all"),
    )
    found = diagnosed(built.open(retention_days=60), cohorts=(AUDIT, *others))
    meaning, remedy = found["Longest window"].meaning, found["Longest window"].remedy or ""
    assert "100 days in the cohort audit, 90 days in the cohort press, 50 days in" in meaning
    assert "short" not in meaning
    assert "back 100 days, people of the cohorts audit and press who" in remedy


def test_logs_that_reach_back_over_every_cohorts_window_are_no_finding(built: Built) -> None:
    found = diagnosed(built.open(retention_days=120), cohorts=(AUDIT,))
    assert {found[name].state for name in ("Retention", "Longest window")} == {"ok"}
    assert "100 days in the cohort audit" in found["Retention"].meaning


def test_where_the_general_window_is_too_long_as_well_everyone_is_concerned(built: Built) -> None:
    found = diagnosed(built.open(retention_days=7), cohorts=(AUDIT,))
    remedy = found["Longest window"].remedy or ""
    assert "back 30 days (100 days in the cohort audit), people not seen stay on hold" in remedy


def test_a_log_silent_for_all_of_a_cohorts_short_window_is_a_problem_for_that_cohort() -> None:
    made = Built()
    made.staff_noise(300, days=60)
    made.logins = [one for one in made.logins if one[1] < ago(days=5)]
    made.works(STAFF, ago(days=1))
    watched = made.open()
    assert diagnosed(watched, silence_days=7)["Sign-in log alive"].state == "ok"
    week = Cohort(name="week", kind="week", inactive_days=3)
    found = diagnosed(watched, silence_days=7, cohorts=(week,))
    assert found["Sign-in log alive"].state == "problem"
    assert "window of the cohort week" in found["Sign-in log alive"].meaning
    assert found["Activity trail alive"].state == "ok"


def test_open_sessions_of_a_cohort_are_judged_by_its_own_rule(built: Built) -> None:
    guarded = Cohort(name="audit", kind="audit", open_sessions="hold")
    found = diagnosed(built.open(), cohorts=(guarded,))["Sessions"]
    assert found.state == "warning"
    assert "marked; in the cohort audit, they are put on hold" in found.meaning

    reported = Cohort(name="audit", kind="audit", open_sessions="report")
    found = diagnosed(built.open(), cohorts=(reported,), open_sessions="hold")["Sessions"]
    assert found.state == "warning"
    assert 'set `open_sessions = "sign-out"` for the cohort audit' in (found.remedy or "")


def test_a_key_that_may_not_end_the_sessions_of_a_cohort_is_reported(built: Built) -> None:
    watched = built.open(
        keys=[ApiKey("sk-limited", ADMIN, frozenset({"*:read", "accounts:write"}))]
    )
    signed_out = Cohort(name="audit", kind="audit", open_sessions="sign-out")
    found = diagnosed(watched, cohorts=(signed_out,), open_sessions="hold")["Sessions"]
    assert found.state == "warning"
    assert "in the cohort audit, they are put on hold, since this key may not" in found.meaning
    assert "unlimited key" in (found.remedy or "")
