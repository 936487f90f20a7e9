"""Plans that this ledger did not make: refused, or, where the file is trusted, decided again."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from lastseen.execution.selection import Selection
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, AccountType
from lastseen.model.decision import Reason
from lastseen.model.dry_run import DryRun
from lastseen.model.errors import PlanRefused, UsageError
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan, Policy
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import Cause, OutcomeKind, Receipt
from lastseen.rosters import RosterOptions, open_roster
from lastseen.workflows.apply import apply, preview_apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.dry_run import dry_run
from tests.unit.execution.fake_portal import FakePortal
from tests.unit.execution.plans import (
    AT_ONCE,
    GENEROUS,
    carry_out,
    know,
    outcome,
    outcomes,
    plan_for,
)

TRUSTING = ApplyOptions(guardrails=GENEROUS, pace=AT_ONCE, trust_plan_file=True)


def apply_file(
    plan: Plan, portal: FakePortal, ledger: PortalLedger, options: ApplyOptions, **given: Any
) -> Receipt:
    return asyncio.run(
        apply(plan, portal, ledger=ledger, options=options, clock=portal.clock, **given)
    )


def trust(
    plan: Plan,
    portal: FakePortal,
    ledger: PortalLedger,
    *,
    policy: Policy | None = None,
    options: ApplyOptions = TRUSTING,
) -> Receipt:
    return apply_file(
        plan,
        portal,
        ledger,
        options,
        roster=open_roster(RosterOptions()),
        policy=policy or Policy(),
    )


def rehearse(
    plan: Plan,
    portal: FakePortal,
    ledger: PortalLedger,
    *,
    options: ApplyOptions = TRUSTING,
) -> DryRun:
    return asyncio.run(
        dry_run(
            plan,
            portal,
            ledger=ledger,
            options=options,
            clock=portal.clock,
            roster=open_roster(RosterOptions()),
            policy=Policy(),
        )
    )


def test_a_plan_that_this_ledger_did_not_make_is_refused_before_anything_is_asked(portal, ledger):
    plan = plan_for(portal, [portal.add(1)])
    options = ApplyOptions(guardrails=GENEROUS)

    with pytest.raises(PlanRefused, match="did not make it"):
        apply_file(plan, portal, ledger, options)
    with pytest.raises(PlanRefused, match="did not make it"):
        preview_apply(plan, ledger=ledger, options=options, now=portal.clock())

    assert portal.requests == 0
    assert ledger.runs.all() == ()


def test_a_plan_under_a_known_id_with_another_digest_is_refused(portal, ledger):
    ann, bob = portal.add(1), portal.add(2)
    know(plan_for(portal, [ann]), ledger)

    with pytest.raises(PlanRefused, match="did not make it"):
        apply_file(plan_for(portal, [ann, bob]), portal, ledger, ApplyOptions(guardrails=GENEROUS))

    assert portal.changes == []


@pytest.mark.parametrize(
    "forged",
    [
        {"reason": Reason.CONTRACT_ENDED},
        {"policy": Policy(inactive_days=0)},
        {"policy": Policy(inactive_days=-3000)},
    ],
)
def test_a_trusted_file_never_disables_somebody_at_work(portal, ledger, forged):
    # Given a file that claims what no review of this portal would
    ann, bob = portal.add(1), portal.add(2)
    portal.sign_in(ann)
    portal.clock.forward(hours=1)
    plan = plan_for(portal, [ann, bob], **forged)

    receipt = trust(plan, portal, ledger)

    assert outcomes(receipt) == {bob: OutcomeKind.DISABLED, ann: OutcomeKind.SPARED_CHANGED}
    assert outcome(receipt, ann).cause is Cause.DECIDED_ANEW
    assert "keep, active" in (outcome(receipt, ann).error or "")
    assert [who for who, _ in portal.changes] == [bob]


@pytest.mark.parametrize("kind", [AccountType.OWNER, AccountType.ADMINISTRATOR, AccountType.USER])
def test_a_trusted_file_disables_nobody_who_is_not_on_the_roster(portal, ledger, kind):
    boss, guest = portal.add(1, kind=kind), portal.add(2)

    receipt = trust(plan_for(portal, [boss, guest]), portal, ledger)

    assert outcomes(receipt)[boss] is OutcomeKind.SPARED_CHANGED
    assert portal.status(boss) is AccountStatus.ACTIVE
    assert portal.status(guest) is AccountStatus.TERMINATED


def test_a_trusted_file_chooses_people_and_adds_none(portal, ledger):
    ann, bob = portal.add(1), portal.add(2)

    receipt = trust(plan_for(portal, [ann]), portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.DISABLED}
    assert portal.status(bob) is AccountStatus.ACTIVE
    assert receipt.plan_id != "plan-1"


@pytest.mark.parametrize("days", [-400, 400])
def test_a_trusted_file_of_any_age_only_names_people(portal, ledger, days):
    gone, at_work = portal.add(1), portal.add(2)
    portal.sign_in(at_work)
    portal.clock.forward(hours=1)
    plan = plan_for(portal, [gone, at_work])
    then = Instant(plan.created_at + timedelta(days=days))
    made = sealed(msgspec.structs.replace(plan, created_at=then, now=then))

    receipt = trust(made, portal, ledger)

    assert outcomes(receipt) == {gone: OutcomeKind.DISABLED, at_work: OutcomeKind.SPARED_CHANGED}


def test_anyone_who_is_disabled_already_counts_as_that_in_a_trusted_file(portal, ledger):
    ann, bob = portal.add(1), portal.add(2)
    plan = plan_for(portal, [ann, bob])
    portal.change(ann, status=AccountStatus.TERMINATED)

    receipt = trust(plan, portal, ledger)

    assert outcomes(receipt) == {bob: OutcomeKind.DISABLED, ann: OutcomeKind.ALREADY_DISABLED}


def test_guardrails_of_a_trusted_file_count_against_the_roster_of_now(portal, ledger):
    # Given a file whose roster was made long, so that the share is small
    people = [portal.add(number) for number in range(4)]
    plan = plan_for(portal, people, kept=10_000)
    options = msgspec.structs.replace(TRUSTING, guardrails=Guardrails())

    with pytest.raises(GuardrailStopped):
        trust(plan, portal, ledger, options=options)

    assert portal.changes == []


def test_a_file_can_be_trusted_only_with_a_roster_and_a_policy_to_decide_by(portal, ledger):
    with pytest.raises(UsageError, match="no roster and policy"):
        apply_file(plan_for(portal, [portal.add(1)]), portal, ledger, TRUSTING)
    assert portal.changes == []


def test_an_edited_plan_of_this_ledger_is_refused(portal, ledger):
    ann, bob = portal.add(1), portal.add(2)
    plan = plan_for(portal, [ann])
    know(plan, ledger)
    edited = sealed(msgspec.structs.replace(plan_for(portal, [ann, bob]), plan_id=plan.plan_id))

    with pytest.raises(PlanRefused):
        apply_file(edited, portal, ledger, ApplyOptions(guardrails=GENEROUS))

    assert outcomes(carry_out(plan, portal, ledger)) == {ann: OutcomeKind.DISABLED}


# --- a dry run ------------------------------------------------------------------------------------


def test_a_dry_run_of_a_trusted_file_decides_everyone_again_and_leaves_no_trace(portal, ledger):
    ann, bob, cat = portal.add(1), portal.add(2), portal.add(3)
    portal.sign_in(ann)
    portal.clock.forward(hours=1)
    plan = plan_for(portal, [ann, bob, cat], reason=Reason.CONTRACT_ENDED)
    portal.change(cat, status=AccountStatus.TERMINATED)

    found = rehearse(plan, portal, ledger)

    assert found.plan_id == plan.plan_id
    assert [(one.user_id, one.reason) for one in found.would_disable] == [(bob, Reason.NEVER_SEEN)]
    assert {one.user_id: (one.outcome, one.cause) for one in found.outcomes} == {
        ann: (OutcomeKind.SPARED_CHANGED, Cause.DECIDED_ANEW),
        cat: (OutcomeKind.ALREADY_DISABLED, None),
    }
    assert portal.puts == []
    assert ledger.runs.all() == ()
    assert list(ledger.journal.entries()) == []


def test_a_dry_run_of_a_trusted_file_shows_what_applying_it_then_does(portal, ledger):
    people = [portal.add(number) for number in range(5)]
    portal.sign_in(people[0])
    portal.clock.forward(hours=1)
    plan = plan_for(portal, people)

    found = rehearse(plan, portal, ledger)
    receipt = trust(plan, portal, ledger)

    assert {one.user_id for one in found.would_disable} == {
        who for who, kind in outcomes(receipt).items() if kind is OutcomeKind.DISABLED
    }
    assert {one.user_id: one.outcome for one in found.outcomes} == {
        who: kind for who, kind in outcomes(receipt).items() if kind is not OutcomeKind.DISABLED
    }


def test_a_dry_run_of_a_trusted_file_takes_only_the_people_who_are_chosen(portal, ledger):
    ann, bob, cat = portal.add(1), portal.add(2), portal.add(3)
    plan = plan_for(portal, [ann, bob, cat])

    def chosen(**given: Any) -> set[str | None]:
        options = msgspec.structs.replace(TRUSTING, **given)
        found = rehearse(plan, portal, ledger, options=options)
        assert found.outcomes == ()
        return {one.user_id for one in found.would_disable}

    assert chosen(selection=Selection(only=(bob,))) == {bob}
    assert chosen(selection=Selection(except_=(bob,))) == {ann, cat}
    assert len(chosen(limit=1)) == 1
    assert portal.puts == []


def test_a_dry_run_of_a_file_from_elsewhere_is_refused_unless_it_is_trusted(portal, ledger):
    plan = plan_for(portal, [portal.add(1)])

    with pytest.raises(PlanRefused, match="did not make it"):
        rehearse(plan, portal, ledger, options=ApplyOptions(guardrails=GENEROUS))

    assert portal.requests == 0


def test_a_dry_run_of_a_trusted_file_stops_at_the_guardrails_of_the_roster_of_now(portal, ledger):
    # Given a file whose roster was made long, so that the share is small
    people = [portal.add(number) for number in range(4)]
    plan = plan_for(portal, people, kept=10_000)
    options = msgspec.structs.replace(TRUSTING, guardrails=Guardrails())

    with pytest.raises(GuardrailStopped):
        rehearse(plan, portal, ledger, options=options)
    allowed = rehearse(plan, portal, ledger, options=msgspec.structs.replace(options, limit=1))

    assert len(allowed.would_disable) == 1
    assert portal.puts == []
