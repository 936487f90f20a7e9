"""Ending sessions over real sockets: once for each person, whatever befalls the answers."""

from dataclasses import replace

import msgspec
import pytest

from lastseen.docspace.interface import Portal
from lastseen.evidence.administration import SESSIONS_ENDED
from lastseen.execution.history import read_history
from lastseen.model.decision import Reason, Verdict
from lastseen.model.plan import Plan, summarise
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import OutcomeKind
from lastseen.simulator.server.faults import InjectedFault
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.clock import system_clock as portals_clock
from tests.portal.staged import Staged, play, scenario


@pytest.fixture(scope="module")
def world():
    return scenario()


@pytest.fixture
def simulated(world) -> SimulatedPortal:
    return SimulatedPortal(world, clock=portals_clock)


async def sign_out_plan(staged: Staged, portal: Portal) -> Plan:
    """Review, and let the ledger have decided that everyone due is to be signed out."""
    plan = await staged.reviewed(portal)
    decisions = tuple(
        msgspec.structs.replace(one, decision=Verdict.SIGN_OUT, reason=Reason.SESSION_MAY_BE_OPEN)
        if one.decision is Verdict.DISABLE
        else one
        for one in plan.decisions
    )
    plan = sealed(msgspec.structs.replace(plan, decisions=decisions, summary=summarise(decisions)))
    staged.ledger.runs.keep_plan(plan.plan_id, plan, b"")
    return plan


def ended(simulated: SimulatedPortal, plan: Plan) -> list[str]:
    """Return whose sessions the portal's trail says were ended since the plan."""
    now = portals_clock().timestamp()
    simulated.world.settle(now + 600)
    columns, began = simulated.world.trail.columns, int(plan.now.timestamp())
    return [
        simulated.world.targets[number]
        for number, action, second in zip(
            columns.ids, columns.actions, columns.seconds, strict=True
        )
        if action == SESSIONS_ENDED and second >= began
    ]


def test_everyone_in_the_plan_is_signed_out_and_can_sign_in_again(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await sign_out_plan(staged, portal)
            receipt = await staged.applied(plan, portal)
        meant = [str(one.user_id) for one in plan.to_sign_out()]
        done = [one.user_id for one in receipt.outcomes if one.outcome is OutcomeKind.SIGNED_OUT]
        assert len(meant) >= 5
        assert sorted(ended(simulated, plan)) == sorted(done)
        assert set(done) <= set(meant)
        assert staged.changed() == []
        assert set(read_history(staged.ledger.journal.entries()).signed_out) == set(done)

    play(simulated, story)


@pytest.mark.parametrize("mishap", ["lost-answer", "html-502", "reset"])
def test_after_a_lost_answer_nobody_is_signed_out_twice(simulated, mishap):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await sign_out_plan(staged, portal)
            staged.stumble(InjectedFault(name=mishap))
            receipt = await staged.applied(plan, portal)
            again = await staged.applied(plan, portal)
        once = ended(simulated, plan)
        assert len(once) == len(set(once))
        unknown = [one for one in again.outcomes if one.outcome is OutcomeKind.FAILED]
        assert len(unknown) <= 1, "only the one whose answer was lost"
        assert receipt.run_id == again.run_id or not unknown

    play(simulated, story)


@pytest.mark.parametrize("often", [1, 2, 100])
def test_nobody_is_called_signed_out_whose_sessions_the_portal_could_not_end(simulated, often):
    """The portal writes the trail before it ends the sessions."""

    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await sign_out_plan(staged, portal)
            staged.stumble(*[InjectedFault(name="unsaved")] * often)
            await staged.applied(plan, portal)
            simulated.world.settle(portals_clock().timestamp() + 600)  # the trail is written
            await staged.applied(plan, portal)
        done = read_history(staged.ledger.journal.entries()).signed_out
        assert bool(done) == (often < 100)
        assert all(simulated.world.sessions.ended_at(who) for who in done)

    play(simulated, story)


def test_a_key_that_may_not_end_sessions_is_told_the_right_that_it_lacks(simulated):
    key = simulated.keys[simulated.api_key]
    limited = replace(key, scopes=frozenset({"*:read", "accounts:write"}))
    simulated.keys[simulated.api_key] = limited

    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await sign_out_plan(staged, portal)
            receipt = await staged.applied(plan, portal)
        assert ended(simulated, plan) == []
        refused = [one for one in receipt.outcomes if one.outcome is OutcomeKind.REFUSED]
        assert len(refused) == 1
        assert "not limited to single scopes" in (refused[0].error or "")

    play(simulated, story)
