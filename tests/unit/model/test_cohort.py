import pytest

from lastseen.model.cohort import (
    cohort_of,
    cohorts_in_words,
    longer_windows,
    policy_by_name,
    policy_of,
    require_cohort,
)
from lastseen.model.contractor import Contractor, Profile, UserId
from lastseen.model.errors import UsageError
from lastseen.model.plan import Cohort, Policy

GROUP = "5b2f7c1e-7f0a-4c55-9d27-8a5a8e0b7c11"
AUDITORS = Cohort(name="auditors", email_domains=(".audit.example",), inactive_days=100)
INTERNS = Cohort(name="interns", kind="Intern", never_seen="disable", contract_end="report")
SPONSORED = Cohort(name="sponsored", sponsors=("Boss@x.org",), groups=(GROUP,))
POLICY = Policy(inactive_days=30, never_seen="keep", cohorts=(AUDITORS, INTERNS, SPONSORED))


def found(contractor: Contractor | None = None, **profile: object) -> str | None:
    account = Profile(id=UserId("1"), **profile) if profile else None  # type: ignore[arg-type]
    cohort = cohort_of(POLICY, contractor, account)
    return cohort.name if cohort else None


def test_the_first_cohort_that_matches_wins():
    person = Contractor(email="ann@eu.audit.example", kind="intern")

    assert found(person) == "auditors"


def test_the_accounts_address_counts_before_the_rosters():
    person = Contractor(email="ann@audit.example")

    assert found(person, email="ann@elsewhere.example") is None
    assert found(person) == "auditors"


def test_the_kind_is_compared_in_any_case_and_never_guessed():
    assert found(Contractor(email="a@x.org", kind=" INTERN ")) == "interns"
    assert found(Contractor(email="a@x.org", kind="interns")) is None
    assert found(Contractor(email="a@x.org")) is None


def test_every_condition_given_must_match():
    groups = (GROUP.upper(),)

    assert found(groups=groups, sponsor="boss@X.org", email="a@x.org") == "sponsored"
    assert found(Contractor(sponsor="BOSS@x.org"), groups=groups, email="a@x.org") == "sponsored"
    assert found(groups=groups, email="a@x.org") is None
    assert found(sponsor="boss@x.org", email="a@x.org") is None


def test_a_person_in_no_cohort_has_the_general_policy():
    assert found(Contractor(email="a@x.org")) is None
    assert policy_of(POLICY, None) is POLICY


def test_a_cohort_changes_its_own_rules_and_no_others():
    policy = policy_of(POLICY, AUDITORS)

    assert (policy.inactive_days, policy.never_seen) == (100, "keep")
    assert policy_of(POLICY, INTERNS).contract_end == "report"
    assert policy_by_name(POLICY, "interns").never_seen == "disable"
    assert policy_by_name(POLICY, None) is POLICY


def test_only_cohorts_with_a_longer_window_than_the_general_one_need_more():
    weekly = Cohort(name="weekly", kind="temp", inactive_days=7)
    policy = Policy(inactive_days=30, cohorts=(weekly, INTERNS, AUDITORS))

    assert longer_windows(policy, 0) == (AUDITORS,)
    assert longer_windows(policy, 99) == (AUDITORS,)
    assert longer_windows(policy, 100) == ()


def test_cohorts_are_named_one_or_several():
    assert cohorts_in_words(["audit"]) == "cohort audit"
    assert cohorts_in_words(["audit", "press"]) == "cohorts audit and press"


def test_only_a_cohort_of_the_policy_can_be_asked_for():
    require_cohort(POLICY, "interns")
    require_cohort(POLICY, None)
    with pytest.raises(UsageError, match="no cohort of that name") as refused:
        require_cohort(POLICY, "")
    assert "auditors, interns, sponsored" in refused.value.remedy
