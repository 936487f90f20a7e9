"""The recheck uses the current roster, configuration and exemptions, and only spares."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.decision import Reason, SeenBy, Verdict
from lastseen.model.errors import RosterError, UsageError
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause, OutcomeKind
from lastseen.rosters import Roster, RosterOptions, open_roster
from tests.unit.execution.fake_portal import START, FakePortal
from tests.unit.execution.plans import carry_out, outcome, outcomes, plan_for

GUESTS = open_roster(RosterOptions())


def rows(folder: Path, *lines: str) -> Roster:
    """Return a roster file."""
    file = folder / "contractors.csv"
    file.write_text("\n".join(["email,end_date", *lines]) + "\n")
    return open_roster(RosterOptions(source="csv", path=file))


def ago(days: float) -> Instant:
    return Instant(START - timedelta(days=days))


def spared(portal: FakePortal, ledger, who: UserId, **given) -> Cause | None:
    """Apply a plan that disables `who`, and return why that person was spared."""
    fields = {name: given.pop(name) for name in list(given) if name in PLAN}
    receipt = carry_out(plan_for(portal, [who], **fields), portal, ledger, **given)
    one = outcome(receipt, who)
    if one.outcome is OutcomeKind.DISABLED:
        return None
    assert one.outcome is OutcomeKind.SPARED_CHANGED, one
    assert portal.status(who) is not AccountStatus.TERMINATED
    return one.cause


PLAN = ("reason", "verdict", "policy_then", "last_seen_at", "last_seen_by", "session_may_be_open")


def test_anyone_who_was_taken_off_the_roster_since_the_plan_is_spared(portal, ledger, tmp_path):
    ann, bob = portal.add(1), portal.add(2)
    roster = rows(tmp_path, "guest2@vendor.example,")

    receipt = carry_out(plan_for(portal, [ann, bob]), portal, ledger, roster=roster)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
    assert outcome(receipt, ann).cause is Cause.ROSTER_CHANGED
    assert "no longer names" in (outcome(receipt, ann).error or "")


def test_a_prolonged_contract_spares_and_one_that_has_ended_does_not(portal, ledger, tmp_path):
    ann, bob, cem = portal.add(1), portal.add(2), portal.add(3)
    roster = rows(
        tmp_path,
        "guest1@vendor.example,2027-12-31",
        "guest2@vendor.example,2026-01-31",
        "guest3@vendor.example,",
    )
    plan = plan_for(portal, [ann, bob, cem], reason=Reason.CONTRACT_ENDED)

    receipt = carry_out(plan, portal, ledger, roster=roster)

    assert outcomes(receipt) == {
        ann: OutcomeKind.SPARED_CHANGED,
        bob: OutcomeKind.DISABLED,
        cem: OutcomeKind.SPARED_CHANGED,
    }
    assert "ends on 2027-12-31" in (outcome(receipt, ann).error or "")


def test_a_domain_excluded_since_the_plan_spares_without_listing_the_guests(portal, ledger):
    ann = portal.add(1)
    roster = open_roster(RosterOptions(exclude_email_domains=("vendor.example",)))

    assert spared(portal, ledger, ann, roster=roster) is Cause.ROSTER_CHANGED
    assert portal.lists == 0


def test_a_guest_who_was_on_no_row_and_is_now_is_spared(portal, ledger, tmp_path):
    ann = portal.add(1)
    roster = rows(tmp_path, "guest1@vendor.example,")
    policy = Policy(unknown_guests="disable")

    given: dict[str, Any] = {"reason": Reason.NOT_ON_ROSTER, "roster": roster, "policy": policy}
    assert spared(portal, ledger, ann, **given) is Cause.ROSTER_CHANGED


def test_a_roster_that_cannot_be_read_any_more_changes_nobody(portal, ledger, tmp_path):
    ann = portal.add(1)
    roster = rows(tmp_path, "guest1@vendor.example,")
    (tmp_path / "contractors.csv").unlink()

    with pytest.raises((UsageError, RosterError)):
        carry_out(plan_for(portal, [ann]), portal, ledger, roster=roster)

    assert portal.changes == []
    assert [run.state for run in ledger.runs.all()] == ["interrupted"]


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({"last_seen_at": ago(41)}, Policy(inactive_days=60)),
        ({"reason": Reason.NEVER_SEEN}, Policy(never_seen="keep")),
        ({"reason": Reason.NEVER_SEEN}, Policy(inactive_days=500)),
        ({"reason": Reason.CONTRACT_ENDED}, Policy(contract_end="report")),
        ({"reason": Reason.NOT_ON_ROSTER}, Policy(unknown_guests="report")),
        (
            {"last_seen_at": ago(41), "session_may_be_open": True},
            Policy(open_sessions="sign-out"),
        ),
        ({"last_seen_at": ago(41), "session_may_be_open": True}, Policy(open_sessions="hold")),
    ],
)
def test_a_policy_made_milder_since_the_plan_spares(portal, ledger, given, policy):
    assert spared(portal, ledger, portal.add(1), policy=policy, **given) is Cause.POLICY_CHANGED


@pytest.mark.parametrize("pending_days", [30, 60])
def test_an_invitation_ends_by_the_days_configured_now(portal, ledger, pending_days):
    ann = portal.add(1)
    portal.change(ann, status=AccountStatus.PENDING)
    given: dict[str, Any] = {
        "reason": Reason.INVITATION_NOT_ACCEPTED,
        "last_seen_at": ago(40),
        "last_seen_by": SeenBy.INVITATION,
    }
    cause = spared(portal, ledger, ann, policy=Policy(pending_days=pending_days), **given)
    assert cause is (None if pending_days == 30 else Cause.POLICY_CHANGED)


def test_an_invitation_accepted_since_the_plan_spares(portal, ledger):
    given: dict[str, Any] = {"reason": Reason.INVITATION_NOT_ACCEPTED, "last_seen_at": ago(40)}
    assert spared(portal, ledger, portal.add(1), **given) is Cause.ACCOUNT_CHANGED


def test_a_longer_grace_spares_anyone_who_was_reinstated_before_the_plan(portal, ledger):
    ann = portal.add(1)
    ledger.accounts.note_reinstated([ann], ago(20))
    given: dict[str, Any] = {"last_seen_at": ago(41)}

    policy = Policy(reinstated_grace_days=30)
    assert spared(portal, ledger, ann, policy=policy, **given) is Cause.POLICY_CHANGED


def test_the_same_policy_and_roster_spare_nobody(portal, ledger):
    ann = portal.add(1)
    given: dict[str, Any] = {"last_seen_at": ago(41), "policy": Policy(), "roster": GUESTS}
    assert spared(portal, ledger, ann, **given) is None


def test_a_stricter_policy_disables_nobody_more(portal, ledger):
    # Given somebody seen inside the window of the plan, but not of the policy configured now
    ann = portal.add(1)
    plan = plan_for(portal, [ann], last_seen_at=ago(41))
    portal.sign_in(ann)
    portal.clock.forward(days=0.9)

    receipt = carry_out(plan, portal, ledger, policy=Policy(inactive_days=1))

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_ACTIVE}


def test_a_longer_window_configured_now_has_to_be_proven_as_well(portal, ledger):
    # Given logs that are kept for less than the window configured now
    ann = portal.add(1)
    plan = plan_for(portal, [ann], last_seen_at=ago(170))
    portal.events.clear()

    receipt = carry_out(plan, portal, ledger, policy=Policy(inactive_days=160))

    assert outcomes(receipt)[ann] in (OutcomeKind.DISABLED, OutcomeKind.FAILED)


def test_a_receipt_says_where_roster_and_policy_were_not_asked(portal, ledger):
    ann, bob = portal.add(1), portal.add(2)

    without = carry_out(plan_for(portal, [ann]), portal, ledger)
    plan = plan_for(portal, [bob], plan_id="plan-2", last_seen_at=ago(41))
    with_both = carry_out(plan, portal, ledger, roster=GUESTS, policy=Policy())

    assert without.not_asked == ("roster", "policy")
    assert with_both.not_asked == ()
    assert outcomes(with_both) == {bob: OutcomeKind.DISABLED}


def test_sessions_that_a_run_ended_lately_are_not_ended_again(portal, ledger):
    ann = portal.add(1)
    given: dict[str, Any] = {"verdict": Verdict.SIGN_OUT, "reason": Reason.SESSION_MAY_BE_OPEN}
    carry_out(plan_for(portal, [ann], **given), portal, ledger)
    plan = plan_for(portal, [ann], plan_id="plan-2", **given)

    receipt = carry_out(plan, portal, ledger)

    assert outcome(receipt, ann).cause is Cause.SIGNED_OUT_BEFORE
    assert portal.sessions_ended == [ann]


def test_anyone_who_signed_in_again_after_it_can_be_signed_out_again(portal, ledger):
    ann = portal.add(1)
    given: dict[str, Any] = {"verdict": Verdict.SIGN_OUT, "reason": Reason.SESSION_MAY_BE_OPEN}
    carry_out(plan_for(portal, [ann], **given), portal, ledger)
    portal.clock.forward(hours=1)
    portal.sign_in(ann)
    portal.clock.forward(days=40)
    carry_out(plan_for(portal, [portal.add(2)], plan_id="reads-the-log"), portal, ledger)
    plan = plan_for(portal, [ann], plan_id="plan-3", **given)

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SIGNED_OUT}


def test_anyone_who_was_exempted_is_not_signed_out_either(portal, ledger):
    ann = portal.add(1)
    given: dict[str, Any] = {"verdict": Verdict.SIGN_OUT, "reason": Reason.SESSION_MAY_BE_OPEN}
    ledger.exemptions.add(ann, until=date(2026, 12, 31), reason="on leave")

    receipt = carry_out(plan_for(portal, [ann], **given), portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED}
    assert portal.sessions_ended == []


GROUP_ID = "00000005-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    "who",
    [
        f"group:{GROUP_ID}",
        "domain:vendor.example",
        "GUEST1@vendor.example",
        "guést1@vendor.example",  # nearly the address: it may mean this person
    ],
)
def test_an_exemption_of_any_kind_given_since_the_plan_spares(portal, ledger, who):
    ann, bob = portal.add(1), portal.add(2)
    portal.change(ann, groups=(GROUP_ID,))
    portal.change(bob, email="bob@elsewhere.example")
    plan = plan_for(portal, [ann, bob])
    ledger.exemptions.add(who, until=date(2026, 12, 31), reason="audit")

    receipt = carry_out(plan, portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_CHANGED, bob: OutcomeKind.DISABLED}
    assert outcome(receipt, ann).cause is Cause.EXEMPT


def test_an_exemption_of_the_address_that_the_roster_knows_spares(portal, ledger, tmp_path):
    ann = UserId("00000001-0000-4000-8000-00000000abcd")
    portal.accounts[ann] = Profile(id=ann, email="ann@vendor.example")
    file = tmp_path / "contractors.csv"
    file.write_text(f"id,email\n{ann},ann@home.example\n")
    roster = open_roster(RosterOptions(source="csv", path=file))
    plan = plan_for(portal, [ann])
    ledger.exemptions.add("ann@home.example", until=date(2026, 12, 31), reason="audit")

    receipt = carry_out(plan, portal, ledger, roster=roster)

    assert outcome(receipt, ann).cause is Cause.EXEMPT
    assert portal.status(ann) is not AccountStatus.TERMINATED


def test_a_portal_that_tells_no_time_any_more_has_nobody_disabled(portal, ledger):
    ann = portal.add(1)
    portal.tells_its_time = False

    receipt = carry_out(plan_for(portal, [ann]), portal, ledger)

    assert outcome(receipt, ann).cause is Cause.CLOCKS_DIFFER
    assert portal.puts == []
