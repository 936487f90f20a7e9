"""Review and apply in one go, for a scheduler."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.errors import KeyLacksRight, LockHeld
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy
from lastseen.model.receipt import OutcomeKind
from lastseen.rosters import RosterOptions, open_roster
from lastseen.workflows.run import NotApplied, RunOptions, RunResult, run
from tests.unit.execution.fake_portal import FakePortal
from tests.unit.execution.plans import AT_ONCE, GENEROUS, carry_out, outcomes, plan_for

EAGER = RunOptions(guardrails=GENEROUS, pace=AT_ONCE, first_run_applies=True)


def run_once(portal: FakePortal, ledger: PortalLedger, options: RunOptions = EAGER) -> RunResult:
    return asyncio.run(
        run(
            portal,
            open_roster(RosterOptions()),
            ledger=ledger,
            policy=Policy(),
            options=options,
            clock=portal.clock,
        )
    )


@pytest.fixture
def people(portal: FakePortal) -> list[UserId]:
    """Three guests, the first of whom was here today."""
    found = [portal.add(n) for n in range(3)]
    portal.sign_in(found[0])
    portal.clock.forward(hours=1)
    return found


def test_anyone_who_is_inactive_is_disabled(portal, ledger, people):
    result = run_once(portal, ledger)

    assert result.applied
    assert result.receipt is not None
    assert outcomes(result.receipt) == dict.fromkeys(people[1:], OutcomeKind.DISABLED)
    assert result.receipt.plan_id == result.plan.plan_id
    assert [run.kind for run in ledger.runs.all()] == ["run", "review"]


def test_the_first_run_on_a_portal_only_reports(portal, ledger, people):
    options = RunOptions(guardrails=GENEROUS)

    first = run_once(portal, ledger, options)
    second = run_once(portal, ledger, options)

    assert not first.applied
    assert first.receipt is None
    assert "first run" in (first.why_not or "")
    assert first.plan.summary.disable == 2
    assert second.applied
    assert len(portal.changes) == 2


def test_a_guardrail_stops_it_with_the_plan_kept(portal, ledger, people):
    options = RunOptions(guardrails=Guardrails(), first_run_applies=True)

    with pytest.raises(GuardrailStopped):
        run_once(portal, ledger, options)

    assert not portal.puts
    stopped, review = ledger.runs.all()
    assert ledger.runs.plan(review.run_id) is not None
    assert (stopped.kind, stopped.state, stopped.exit_code) == ("run", "failed", 5)
    assert "may be disabled" in why_failed(ledger, stopped.run_id)


def test_a_run_that_its_key_may_not_carry_out_is_in_the_history_with_the_reason(
    portal, ledger, people
):
    portal.scopes = frozenset({"*:read"})

    with pytest.raises(KeyLacksRight):
        run_once(portal, ledger)

    refused, review = ledger.runs.all()
    assert (review.kind, review.state) == ("review", "done")
    assert (refused.kind, refused.state, refused.exit_code) == ("run", "failed", 3)
    assert refused.plan_id == review.run_id
    assert why_failed(ledger, refused.run_id) == "the API key is limited to *:read"
    portal.scopes = frozenset()
    assert run_once(portal, ledger).applied


def why_failed(ledger: PortalLedger, run_id: str) -> str:
    (entry,) = (one for one in ledger.journal.entries(run_id) if one.kind == "failure")
    return str(entry.content["found"])


def test_another_run_at_work_stops_it_before_anything_is_asked(portal, ledger, people):
    with ledger.lock("apply"), pytest.raises(LockHeld):
        run_once(portal, ledger)
    assert portal.requests == 0


def test_nobody_to_disable_is_a_run_too(portal, ledger, people):
    run_once(portal, ledger)
    result = run_once(portal, ledger)

    assert result.applied
    assert result.receipt is not None
    assert result.receipt.outcomes == ()


def cut_off(portal: FakePortal, ledger: PortalLedger, people: list[UserId]) -> str:
    """Leave an apply behind that disabled one of two and lost sight of both."""
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    cut = carry_out(plan_for(portal, people), portal, ledger)
    portal.deaf_people, portal.after_change = False, lambda: None
    return cut.run_id


def test_what_was_cut_off_is_finished_first(portal, ledger, people):
    run_id = cut_off(portal, ledger, people[1:])

    result = run_once(portal, ledger)

    (finished,) = result.finished
    assert finished.run_id == run_id
    assert outcomes(finished) == dict.fromkeys(people[1:], OutcomeKind.DISABLED)
    assert result.receipt is not None
    assert result.receipt.outcomes == ()


def test_only_those_meant_then_are_disabled_when_it_is_finished(portal, ledger, people):
    plan = plan_for(portal, people[1:])
    portal.troubles.append("lost-before")
    portal.before_change = lambda: setattr(portal, "deaf_people", True)
    cut = carry_out(plan, portal, ledger, only=(people[1],))
    portal.deaf_people, portal.before_change = False, lambda: None

    result = run_once(portal, ledger)

    (finished,) = result.finished
    assert finished.run_id == cut.run_id
    assert outcomes(finished) == {people[1]: OutcomeKind.DISABLED}


def test_what_was_cut_off_too_long_ago_is_closed_and_decided_again(portal, ledger, people):
    run_id = cut_off(portal, ledger, people[1:])
    portal.clock.now = Instant(portal.clock.now + timedelta(days=2))

    result = run_once(portal, ledger)

    assert result.finished == ()
    assert ledger.runs.find(run_id).state == "partial"
    assert result.receipt is not None
    assert outcomes(result.receipt) == {people[2]: OutcomeKind.DISABLED}
    assert portal.status(people[1]) is AccountStatus.TERMINATED


def test_a_guardrail_after_a_finished_run_leaves_that_runs_receipt(portal, ledger, people):
    # Given a run that was cut off, and room for nobody beside its people
    run_id = cut_off(portal, ledger, people[1:])
    portal.add(7)
    limits = Guardrails(max_disable=2, max_disable_share=1)

    result = run_once(portal, ledger, msgspec.structs.replace(EAGER, guardrails=limits))

    assert [one.run_id for one in result.finished] == [run_id]
    assert result.cause is NotApplied.GUARDRAIL
    assert result.receipt is None


def test_a_cut_off_run_that_was_approved_is_finished_as_approved(portal, ledger, people):
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)
    carry_out(plan_for(portal, people[1:]), portal, ledger, max_disable=2)
    portal.deaf_people, portal.after_change = False, lambda: None
    limits = Guardrails(max_disable=1, max_disable_share=1)

    result = run_once(portal, ledger, msgspec.structs.replace(EAGER, guardrails=limits))

    (finished,) = result.finished
    assert finished.summary == {"disabled": 2}


def test_anyone_who_was_exempted_since_is_spared_when_a_cut_off_run_is_finished(
    portal, ledger, people
):
    # Given a run that was cut off before anything arrived
    portal.troubles.append("lost-before")
    portal.before_change = lambda: setattr(portal, "deaf_people", True)
    carry_out(plan_for(portal, people[1:]), portal, ledger)
    portal.deaf_people, portal.before_change = False, lambda: None
    # When the policy is milder by the time it is finished
    result = asyncio.run(
        run(
            portal,
            open_roster(RosterOptions()),
            ledger=ledger,
            policy=Policy(inactive_days=500, lookback_days=500),
            options=EAGER,
            clock=portal.clock,
        )
    )
    # Then nobody is disabled
    (finished,) = result.finished
    assert set(outcomes(finished).values()) == {OutcomeKind.SPARED_CHANGED}
    assert portal.changes == []
