"""Taking runs back over real sockets."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lastseen.execution.finish import receipt_exit_code
from lastseen.model.errors import ExitCode
from lastseen.model.instant import after, system_clock
from lastseen.model.receipt import Cause, OutcomeKind
from lastseen.simulator.server.faults import InjectedFault
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.clock import system_clock as portals_clock
from lastseen.simulator.world.people import Status
from tests.portal.staged import Staged, play, scenario


@pytest.fixture(scope="module")
def world():
    return scenario()


@pytest.fixture
def simulated(world) -> SimulatedPortal:
    return SimulatedPortal(world, clock=portals_clock)


@pytest.mark.parametrize("mishap", [None, "lost-answer", "reset", "html-502", "truncated"])
def test_whatever_befalls_it_everybody_is_reinstated_once(simulated, mishap):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            applied = await staged.applied(await staged.reviewed(portal), portal)
            disabled = staged.changed()
            simulated.world.changes.clear()
            staged.stumble(InjectedFault(name=mishap))
            receipt = await staged.undone(applied.run_id, portal)
        assert sorted(staged.changed()) == sorted(disabled)
        assert {one.user_id for one in receipt.outcomes} == set(disabled)
        assert {one.outcome for one in receipt.outcomes} == {OutcomeKind.REINSTATED}
        assert all(one.verified for one in receipt.outcomes)
        assert receipt_exit_code(receipt) is ExitCode.DONE

    play(simulated, story)


def test_without_a_free_place_those_left_stay_disabled_and_are_told_why(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            applied = await staged.applied(await staged.reviewed(portal), portal)
            disabled = staged.changed()
            simulated.world.changes.clear()
            simulated.licence.members = 2 + sum(
                person.status is not Status.TERMINATED and person.is_guest
                for person in simulated.world.people.values()
            )
            receipt = await staged.undone(applied.run_id, portal)
        assert receipt.summary == {"reinstated": 2, "refused": len(disabled) - 2}
        assert len(staged.changed()) == 2
        assert all("402" in (o.error or "") for o in receipt.outcomes if not o.verified)
        assert receipt_exit_code(receipt) is ExitCode.PARTIAL

    play(simulated, story)


def test_somebody_without_a_name_comes_back_pending(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            applied = await staged.applied(await staged.reviewed(portal), portal)
            nameless = staged.changed()[0]
            person = simulated.world.people[nameless]
            simulated.world.people[nameless] = replace(
                person, first_name="", last_name="", has_invitation=True
            )
            receipt = await staged.undone(applied.run_id, portal)
        (one,) = (one for one in receipt.outcomes if one.user_id == nameless)
        assert one.outcome is OutcomeKind.REINSTATED
        assert one.verified
        assert "Pending" in (one.error or "")

    play(simulated, story)


def test_anyone_who_was_put_back_and_disabled_again_by_hand_stays_disabled(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            applied = await staged.applied(await staged.reviewed(portal), portal)
            who, *others = staged.changed()
            # An hour later, of which the ledger sees nothing: only the trail tells (4020)
            later = after(system_clock(), timedelta(hours=1))
            simulated.clock = lambda: later
            for status in (Status.ACTIVE, Status.TERMINATED):
                simulated.world.set_status_by_hand(who, status, now=later.timestamp())
            receipt = await staged.undone(applied.run_id, portal, clock=lambda: later)
        by_id = {str(one.user_id): one for one in receipt.outcomes}
        assert by_id[who].cause is Cause.CHANGED_SINCE
        assert simulated.world.people[who].status is Status.TERMINATED
        assert {by_id[one].outcome for one in others} == {OutcomeKind.REINSTATED}

    play(simulated, story)


def test_an_undo_taken_back_disables_again(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            applied = await staged.applied(await staged.reviewed(portal), portal)
            undone = await staged.undone(applied.run_id, portal)
            again = await staged.undone(undone.run_id, portal)
        reinstated = {one.user_id for one in undone.outcomes}
        assert {one.user_id for one in again.outcomes} == reinstated
        assert {one.outcome for one in again.outcomes} == {OutcomeKind.DISABLED}
        assert {simulated.world.people[who].status for who in reinstated} == {Status.TERMINATED}

    play(simulated, story)
