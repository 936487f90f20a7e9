"""Carrying out over real sockets: what a portal refuses, loses and delays."""

import asyncio
from dataclasses import replace

import pytest

from lastseen.execution.finish import receipt_exit_code
from lastseen.model.errors import ExitCode
from lastseen.model.instant import system_clock
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind, Receipt
from lastseen.simulator.server.faults import NO_MISHAP, InjectedFault
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.server.states import PortalState
from lastseen.simulator.world.clock import system_clock as portals_clock
from lastseen.simulator.world.keys import ApiKey
from lastseen.simulator.world.people import Status
from lastseen.simulator.world.release import Release
from tests.portal.facts import AT, DAY, Reviewed
from tests.portal.staged import IMPATIENT, Staged, play, scenario
from tests.unit.simulator.worlds import ANNA, BERT, person

LOST = InjectedFault(name="lost-answer")
RESET = InjectedFault(name="reset")
GATEWAY = InjectedFault(name="html-502")
SLOW = InjectedFault(slow=True)
UNSAVED = InjectedFault(name="unsaved")


@pytest.fixture(scope="module")
def world():
    return scenario()


@pytest.fixture
def simulated(world) -> SimulatedPortal:
    return SimulatedPortal(world, clock=portals_clock)


def meant_by(plan: Plan) -> list[str]:
    return [str(one.user_id) for one in plan.to_disable()]


def by_kind(receipt: Receipt, kind: OutcomeKind) -> list[str]:
    return [one.user_id for one in receipt.outcomes if one.outcome is kind]


def check_everybody_was_disabled_once(staged: Staged, plan: Plan, receipt: Receipt) -> None:
    late = by_kind(receipt, OutcomeKind.SPARED_ACTIVE)
    expected = [who for who in meant_by(plan) if who not in late]
    assert len(expected) >= 5
    assert sorted(staged.changed()) == sorted(expected)
    assert by_kind(receipt, OutcomeKind.DISABLED) == expected
    assert all(one.verified for one in receipt.outcomes if one.user_id in expected)
    assert receipt_exit_code(receipt) is ExitCode.DONE
    assert staged.ledger.journal.verify(receipt.journal_head) is None


def test_people_passed_over_by_a_release_before_3_7_are_refused(world):
    simulated = SimulatedPortal(world, clock=portals_clock, setup=Setup(release=Release.V3_5))

    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            protected = meant_by(plan)[0]

            def draw(method: str) -> InjectedFault:
                if method == "PUT":  # a directory takes the account over just before
                    people = simulated.world.people
                    people[protected] = replace(people[protected], is_ldap=True)
                return NO_MISHAP

            simulated.faults.draw = draw  # type: ignore[method-assign]
            receipt = await staged.applied(plan, portal)
        assert by_kind(receipt, OutcomeKind.REFUSED) == [protected]
        assert receipt_exit_code(receipt) is ExitCode.PARTIAL

    play(simulated, story)


def test_a_person_whose_api_key_was_used_since_the_plan_is_spared(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            at_work = meant_by(plan)[0]
            used = ApiKey("sk-theirs", at_work, last_used=int(portals_clock().timestamp()))
            simulated.keys[used.secret] = used
            receipt = await staged.applied(plan, portal)
        assert at_work in by_kind(receipt, OutcomeKind.SPARED_ACTIVE)
        assert at_work not in staged.changed()

    play(simulated, story)


def test_a_plan_is_carried_out_by_one_change(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            receipt = await staged.applied(plan, portal)
        check_everybody_was_disabled_once(staged, plan, receipt)
        assert len(simulated.puts) == 1

    play(simulated, story)


@pytest.mark.parametrize(
    "mishaps",
    [
        [LOST],
        [RESET],
        [GATEWAY],
        [LOST, LOST, LOST],
        [RESET, GATEWAY, LOST],
        [InjectedFault(name="empty-200")],
        [InjectedFault(name="other-shape")],
        [InjectedFault(name="truncated")],
        [InjectedFault(name="429")],
    ],
    ids=lambda mishaps: "-".join(str(mishap.name) for mishap in mishaps),
)
def test_whatever_befalls_a_change_everybody_is_disabled_once(simulated, mishaps):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            staged.stumble(*mishaps)
            receipt = await staged.applied(plan, portal)
        check_everybody_was_disabled_once(staged, plan, receipt)

    play(simulated, story)


@pytest.mark.parametrize("often", [1, 3])
def test_nobody_is_called_disabled_whose_change_the_portal_could_not_save(simulated, often):
    """The cached profile shows such a change; the list of people does not."""

    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            staged.stumble(*[UNSAVED] * often)
            receipt = await staged.applied(plan, portal, batch=1)
        disabled = by_kind(receipt, OutcomeKind.DISABLED)
        people = simulated.world.people
        assert disabled
        assert all(people[who].status is Status.TERMINATED for who in disabled)
        assert sorted(staged.changed()) == sorted(disabled)

    play(simulated, story)


def test_an_answer_that_takes_too_long_is_read_back(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            staged.stumble(SLOW)
            receipt = await staged.applied(plan, portal)
        check_everybody_was_disabled_once(staged, plan, receipt)
        assert len(simulated.puts) == 1

    simulated.faults.seconds_of_slowness = lambda: 1.0
    play(simulated, story, IMPATIENT)


def test_somebody_moved_to_a_directory_meanwhile_is_refused_alone(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            receipt = await staged.applied(plan, portal)
            (refused,) = by_kind(receipt, OutcomeKind.REFUSED)
            assert "403" in next(o.error or "" for o in receipt.outcomes if o.user_id == refused)
            rest = set(meant_by(plan)) - {refused, *by_kind(receipt, OutcomeKind.SPARED_ACTIVE)}
        assert set(staged.changed()) == rest
        assert set(by_kind(receipt, OutcomeKind.DISABLED)) == rest
        assert receipt_exit_code(receipt) is ExitCode.PARTIAL

    respond = simulated.respond

    def at_the_last_moment(method, path, **request):
        if method == "PUT" and not simulated.puts:
            named = request["body"].decode().split('"')[3]
            person = simulated.world.people[named]
            simulated.world.people[named] = replace(person, is_ldap=True)
        return respond(method, path, **request)

    simulated.respond = at_the_last_moment
    play(simulated, story)


def test_a_used_up_allowance_stops_cleanly_and_says_when_it_continues(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            staged.stumble(InjectedFault(), InjectedFault(name="429"))
            first = await staged.applied(plan, portal, batch=2)
            assert len(by_kind(first, OutcomeKind.DISABLED)) == 2
            assert "no more requests before" in (first.outcomes[-1].error or "")
            assert receipt_exit_code(first) is ExitCode.PARTIAL
            second = await staged.applied(plan, portal)
        assert second.run_id == first.run_id
        check_everybody_was_disabled_once(staged, plan, second)

    simulated.faults.retry_after = lambda: 40_000
    play(simulated, story)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PortalState.RESTORING, "refuses every request"),
        (PortalState.OTHER_ADDRESS, "refuses every request"),
        (PortalState.SUSPENDED, "refuses every request"),
        (PortalState.UNPAID, "subscription has run out"),
    ],
)
def test_a_portal_that_takes_no_changes_any_more_is_left_alone(simulated, state, words):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)

            def draw(method: str) -> InjectedFault:
                if method == "PUT":
                    simulated.state = state
                return NO_MISHAP

            simulated.faults.draw = draw
            receipt = await staged.applied(plan, portal)
        meant = [
            *by_kind(receipt, OutcomeKind.FAILED),
            *by_kind(receipt, OutcomeKind.SPARED_ACTIVE),
        ]
        assert set(meant) == set(meant_by(plan))
        assert words in str(receipt.outcomes[-1].error)
        assert staged.changed() == []
        assert len(simulated.puts) <= 7

    play(simulated, story)


def test_a_stop_in_the_middle_leaves_a_receipt_and_the_same_command_continues(simulated):
    async def story(staged: Staged) -> None:
        stop = asyncio.Event()
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            respond = simulated.respond

            def stopping(method, path, **request):
                if method == "PUT":
                    stop.set()
                return respond(method, path, **request)

            simulated.respond = stopping
            first = await staged.applied(plan, portal, batch=2, stop=stop)
            assert len(by_kind(first, OutcomeKind.DISABLED)) == 2
            assert receipt_exit_code(first) is ExitCode.PARTIAL
            second = await staged.applied(plan, portal)
        check_everybody_was_disabled_once(staged, plan, second)

    play(simulated, story)


def test_somebody_who_signs_in_between_plan_and_apply_is_spared(simulated):
    async def story(staged: Staged) -> None:
        async with staged.opened() as portal:
            plan = await staged.reviewed(portal)
            back = meant_by(plan)[0]
            now = int(system_clock().timestamp())
            simulated.world.add_login(back, now, 1000)
            receipt = await staged.applied(plan, portal)
        assert back in by_kind(receipt, OutcomeKind.SPARED_ACTIVE)
        assert back not in staged.changed()

    play(simulated, story)


def test_the_receipt_says_whose_session_could_be_open_as_the_plan_did() -> None:
    never_came = person(ANNA, status=Status.PENDING, registered=int(AT - 50 * DAY))
    portal = Reviewed(anna=never_came, anna_signed_in=None)
    plan = portal.plan()

    outcomes = portal.applied(plan)

    assert {who: one.session_may_be_open for who, one in outcomes.items()} == {
        ANNA: False,
        BERT: True,
    }
