"""What speaks against changing an account, and what has changed since the decision."""

from datetime import date, timedelta
from typing import Any

import pytest

from lastseen.execution.eligibility import (
    find_account_change,
    find_awaited_return,
    find_exemption,
    find_grace,
    find_policy_change,
    find_reinstatement,
    find_roster_change,
)
from lastseen.execution.target import Target
from lastseen.model.contractor import AccountType, Contractor, Profile, UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.exemption import Exemption, Exemptions
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause
from lastseen.rosters import Match
from tests.unit.execution.fake_portal import START

ANN = UserId("ann")
TARGET = Target(user_id=ANN, email="ann@vendor.example", type=AccountType.GUEST)
PROFILE = Profile(id=ANN, email="ANN@vendor.example")
TODAY = START.date()


def decision(reason: Reason = Reason.INACTIVE, **fields: Any) -> Decision:
    defaults: dict[str, Any] = {
        "email": "ann@vendor.example",
        "display_name": None,
        "explanation": "x",
    }
    return Decision(
        **{"user_id": ANN, "decision": Verdict.DISABLE, "reason": reason, **defaults, **fields}
    )


def on_roster(**fields: Any) -> Match:
    return Match(contractor=Contractor(email="ann@vendor.example", **fields), profile=PROFILE)


def ago(days: float) -> Instant:
    return Instant(START - timedelta(days=days))


def test_the_same_account_in_another_case_has_not_changed():
    assert find_account_change(TARGET, PROFILE, own=UserId("owner")) is None


@pytest.mark.parametrize(
    ("fields", "own", "cause"),
    [
        ({"type": AccountType.OWNER}, "owner", Cause.PROTECTED),
        ({"type": AccountType.ADMINISTRATOR}, "owner", Cause.PROTECTED),
        ({"type": AccountType.ROOM_ADMINISTRATOR}, "owner", Cause.PROTECTED),
        ({"is_ldap": True}, "owner", Cause.PROTECTED),
        ({}, "ann", Cause.PROTECTED),
        ({"type": AccountType.USER}, "owner", Cause.ACCOUNT_CHANGED),
        ({"email": "bob@vendor.example"}, "owner", Cause.ACCOUNT_CHANGED),
        ({"email": ""}, "owner", Cause.ACCOUNT_CHANGED),
    ],
)
def test_a_protected_or_another_account_is_left_alone(fields, own, cause):
    now = Profile(**{"id": ANN, "email": "ann@vendor.example", **fields})
    change = find_account_change(TARGET, now, own=UserId(own))
    assert change is not None
    assert change.cause is cause


@pytest.mark.parametrize(
    ("who", "spares"),
    [
        ("ann", True),
        ("ann@vendor.example", True),
        ("ann@home.example", True),  # as the roster writes it
        ("domain:vendor.example", True),
        ("group:00000005-0000-4000-8000-00000000abcd", True),
        ("änn@vendor.example", True),  # it may mean this person
        ("bob", False),
        ("domain:vendor.org", False),
        ("group:00000006-0000-4000-8000-00000000abcd", False),
    ],
)
def test_an_exemption_of_any_kind_spares_whom_it_covers(who, spares):
    now = Profile(
        id=ANN, email="ann@vendor.example", groups=("00000005-0000-4000-8000-00000000ABCD",)
    )
    exemption = Exemption(
        who=who, until=date(2026, 12, 31), reason="leave", added_by="x", added_at=START
    )
    change = find_exemption(Contractor(email="ann@home.example"), now, Exemptions([exemption]))

    assert (change is not None) is spares
    assert change is None or change.cause is Cause.EXEMPT


def test_only_a_reinstatement_after_the_decision_spares():
    assert find_reinstatement(TARGET, ago(1), {ANN: ago(2)}) is None
    assert find_reinstatement(TARGET, ago(2), {ANN: ago(1)}) is not None


@pytest.mark.parametrize(
    ("reason", "found", "spares"),
    [
        (Reason.INACTIVE, on_roster(), False),
        (Reason.INACTIVE, None, True),
        (Reason.INACTIVE, Match(contractor=None, profile=None, problem=Reason.AMBIGUOUS), True),
        (Reason.NOT_ON_ROSTER, None, False),
        (Reason.NOT_ON_ROSTER, on_roster(), True),
        (Reason.CONTRACT_ENDED, on_roster(end_date=TODAY - timedelta(days=1)), False),
        (Reason.CONTRACT_ENDED, on_roster(end_date=TODAY), True),
        (Reason.CONTRACT_ENDED, on_roster(), True),
        (Reason.INACTIVE, on_roster(end_date=TODAY), False),
    ],
)
def test_the_roster_of_now_spares_where_it_says_otherwise(reason, found, spares):
    assert (find_roster_change(decision(reason), found, TODAY) is not None) is spares


@pytest.mark.parametrize(
    ("fields", "policy", "spares"),
    [
        ({"last_seen_at": ago(41)}, Policy(), False),
        ({"last_seen_at": ago(41)}, Policy(inactive_days=41), False),
        ({"last_seen_at": ago(41)}, Policy(inactive_days=42), True),
        ({"reason": Reason.NEVER_SEEN}, Policy(never_seen="disable"), False),
        ({"reason": Reason.NEVER_SEEN}, Policy(), True),  # nobody knows when the account was made
        ({"decision": Verdict.SIGN_OUT, "last_seen_at": ago(41)}, Policy(), True),
        (
            {"decision": Verdict.SIGN_OUT, "last_seen_at": ago(41)},
            Policy(open_sessions="sign-out"),
            False,
        ),
    ],
)
def test_a_milder_policy_spares_and_no_other(fields, policy, spares):
    change = find_policy_change(decision(**fields), PROFILE, policy, START)
    assert (change is not None) is spares


def test_a_grace_is_blamed_on_the_policy_only_where_the_policy_changed():
    policy = Policy(reinstated_grace_days=12)

    changed = find_grace(policy, ago(11), START, decided_by=Policy(reinstated_grace_days=10))
    same = find_grace(policy, ago(11), START, decided_by=policy)

    assert changed is not None
    assert changed.cause is Cause.POLICY_CHANGED
    assert same is not None
    assert same.cause is Cause.REINSTATED
    assert "policy" not in same.explanation


def test_a_longer_grace_and_longer_days_of_return_spare():
    shorter, longer = Policy(reinstated_grace_days=10), Policy(reinstated_grace_days=12)
    assert find_grace(shorter, ago(11), START, decided_by=shorter) is None
    assert find_grace(longer, ago(11), START, decided_by=shorter) is not None
    assert find_grace(Policy(), None, START, decided_by=Policy()) is None
    waits = Policy(open_sessions="sign-out", return_days=20)
    assert find_awaited_return(decision(), waits, ago(19), START) is not None
    assert find_awaited_return(decision(), waits, ago(21), START) is None
    assert find_awaited_return(decision(), waits, None, START) is None
    assert find_awaited_return(decision(), Policy(), ago(1), START) is None
