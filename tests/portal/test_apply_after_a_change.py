"""A plan is carried out only on those who still are what the review saw."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copy

import pytest

from lastseen.docspace.client import Client
from lastseen.evidence.administration import INVITED
from lastseen.ledger import open_ledger
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Plan, Policy
from lastseen.model.receipt import OutcomeKind, Receipt
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.world.people import EmployeeType, Status
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.run import RunOptions, RunResult, run
from lastseen.workflows.undo import undo
from testing.in_process import URL, InProcess
from testing.quiet import QUIET_LOGS
from tests.portal.facts import Reviewed
from tests.portal.unhelpful import Built, Watched, ago
from tests.unit.simulator.worlds import ANNA, BERT

ANY_SHARE = Guardrails(max_disable_share=1.0, log_silence_days=QUIET_LOGS)


@pytest.fixture
def built() -> Built:
    made = Built()
    made.staff_noise(120, days=40)
    return made


def applied(watched: Watched, plan: Plan) -> Receipt:
    async def work() -> Receipt:
        client = InProcess(watched.portal, watched.time, chance=random.Random(5)).client()
        try:
            return await apply(
                plan,
                client,
                ledger=watched.ledger,
                options=ApplyOptions(guardrails=ANY_SHARE),
                clock=watched.time.machine_clock,
            )
        finally:
            await client.close()

    return watched.time.run(work())


@pytest.mark.parametrize("now", [EmployeeType.ROOM_ADMIN, EmployeeType.USER])
def test_anyone_who_is_no_guest_any_more_is_spared(built: Built, now: EmployeeType) -> None:
    promoted, gone = built.guest(), built.guest()
    built.signs_in(promoted, ago(days=50))
    built.signs_in(gone, ago(days=50))
    watched = built.open()
    plan = watched.review()
    people = watched.portal.world.people
    people[promoted] = replace(people[promoted], employee_type=now)
    outcomes = {one.user_id: one.outcome for one in applied(watched, plan).outcomes}
    assert outcomes == {promoted: OutcomeKind.SPARED_CHANGED, gone: OutcomeKind.DISABLED}


@pytest.mark.parametrize("before", ["nothing", "review", "pretended review"])
def test_the_first_run_only_reports_whatever_was_reviewed_before(built: Built, before: str) -> None:
    gone = built.guest()
    built.signs_in(gone, ago(days=50))
    watched = built.open()
    if before != "nothing":
        watched.review(inactive_days=30 if before == "review" else 90)

    def go() -> RunResult:
        async def work() -> RunResult:
            client = InProcess(watched.portal, watched.time, chance=random.Random(5)).client()
            try:
                return await run(
                    client,
                    open_roster(RosterOptions()),
                    ledger=watched.ledger,
                    policy=Policy(),
                    options=RunOptions(guardrails=ANY_SHARE),
                    clock=watched.time.machine_clock,
                )
            finally:
                await client.close()

        return watched.time.run(work())

    first, second = go(), go()
    assert (first.applied, second.applied) == (False, True)
    assert second.receipt is not None
    assert second.receipt.summary == {"disabled": 1}


@pytest.mark.parametrize("reason", ["inactive", "contract-ended"])
def test_anyone_who_was_disabled_and_put_back_by_hand_after_the_plan_is_spared(
    tmp_path: Path, reason: str
) -> None:
    roster = tmp_path / "roster.csv"
    ends = "2020-12-31" if reason == "contract-ended" else ""
    roster.write_text(f"id,end_date\n{ANNA},{ends}\n{BERT},{ends}\n", encoding="utf-8")
    portal = Reviewed()
    plan = portal.plan(roster=RosterOptions(source="csv", path=roster))
    assert {one.reason.value for one in plan.to_disable()} == {reason}
    portal.later(0.3)
    for status, hours in ((Status.TERMINATED, 2), (Status.ACTIVE, 1)):
        portal.world.set_status_by_hand(ANNA, status, now=portal.time.now() - hours * 3_600)

    outcomes = portal.applied(plan)

    assert (outcomes[ANNA].outcome.value, outcomes[ANNA].cause) == ("spared-changed", "reinstated")
    assert outcomes[BERT].outcome is OutcomeKind.DISABLED


def test_a_change_of_status_that_the_review_knew_spares_nobody() -> None:
    portal = Reviewed()
    for status, hours in ((Status.TERMINATED, 5), (Status.ACTIVE, 4)):
        portal.world.set_status_by_hand(ANNA, status, now=portal.time.now() - hours * 3_600)
    plan = portal.plan(reinstated_grace_days=0)
    assert portal.applied(plan)[ANNA].outcome is OutcomeKind.DISABLED


@pytest.mark.parametrize(("grace", "outcome"), [(14, "spared-changed"), (2, "disabled")])
def test_a_grace_raised_since_the_plan_spares_anyone_who_was_put_back_by_hand_before_it(
    grace: int, outcome: str
) -> None:
    portal = Reviewed()
    for status, days in ((Status.TERMINATED, 6), (Status.ACTIVE, 5)):
        portal.world.set_status_by_hand(ANNA, status, now=portal.time.now() - days * 86_400)
    plan = portal.plan(reinstated_grace_days=1)

    outcomes = portal.applied(plan, Policy(reinstated_grace_days=grace))

    assert outcomes[ANNA].outcome.value == outcome
    assert outcomes[ANNA].cause == ("policy-changed" if outcome == "spared-changed" else None)
    assert outcomes[BERT].outcome is OutcomeKind.DISABLED


@pytest.mark.parametrize(("inactive_days", "outcome"), [(45, "spared-changed"), (35, "disabled")])
def test_a_window_made_longer_since_the_plan_spares_anyone_who_was_invited_again_within_it(
    inactive_days: int, outcome: str
) -> None:
    portal = Reviewed()
    portal.world.administer(int(portal.time.now()) - 40 * 86_400, INVITED, ANNA)
    plan = portal.plan()

    outcomes = portal.applied(plan, Policy(inactive_days=inactive_days))

    assert outcomes[ANNA].outcome.value == outcome
    assert outcomes[BERT].outcome is OutcomeKind.DISABLED


def test_anyone_who_was_reinstated_while_the_clock_was_set_back_keeps_the_grace() -> None:
    portal = Reviewed()
    portal.applied(portal.plan())
    portal.time.advance(timedelta(days=-5))

    receipt = _taken_back(portal)

    assert {one.outcome for one in receipt.outcomes} == {OutcomeKind.REINSTATED}
    assert portal.anna() == ("keep", "recently-reinstated")
    portal.later(13)
    assert portal.anna() == ("keep", "recently-reinstated")


def test_a_copy_of_the_ledger_carries_out_nothing_that_another_copy_took_back(
    tmp_path: Path,
) -> None:
    portal = Reviewed()
    clock = portal.time.machine_clock
    with open_ledger(f"sqlite:///{tmp_path / 'one'}", clock=clock) as ledger:
        portal.ledger = ledger.portal(URL)
        plan = portal.plan()
    copy(tmp_path / "one", tmp_path / "other")
    with open_ledger(f"sqlite:///{tmp_path / 'one'}", clock=clock) as ledger:
        portal.ledger = ledger.portal(URL)
        portal.applied(plan)
        _taken_back(portal)
    portal.later(0.2)

    with open_ledger(f"sqlite:///{tmp_path / 'other'}", clock=clock) as ledger:
        portal.ledger = ledger.portal(URL)
        outcomes = portal.applied(plan)
        assert {one.outcome for one in outcomes.values()} == {OutcomeKind.SPARED_CHANGED}
        assert portal.anna() == ("keep", "recently-reinstated")


def _taken_back(portal: Reviewed) -> Receipt:
    (run_id,) = (run.run_id for run in portal.ledger.runs.all() if run.kind == "apply")

    async def taken_back(client: Client) -> Receipt:
        return await undo(run_id, client, ledger=portal.ledger, clock=portal.time.machine_clock)

    return InProcess(portal.portal, portal.time, chance=random.Random(3)).run(taken_back)
