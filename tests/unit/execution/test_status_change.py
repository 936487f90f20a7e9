"""One batch: refused in part, lost on the way, read back."""

import asyncio
import math
from dataclasses import dataclass

import pytest

from lastseen.execution.context import ExecutionContext
from lastseen.execution.status_change import StatusChanger
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, AccountType, UserId
from lastseen.model.receipt import Outcome, OutcomeKind
from tests.unit.execution.fake_portal import FakePortal, lost, refused
from tests.unit.execution.plans import AT_ONCE

DISABLE, REINSTATE = AccountStatus.TERMINATED, AccountStatus.ACTIVE


@pytest.fixture
def execution(portal: FakePortal, ledger: PortalLedger) -> ExecutionContext:
    return ExecutionContext(portal=portal, ledger=ledger, clock=portal.clock, pace=AT_ONCE)


@dataclass(frozen=True)
class Carried:
    outcomes: tuple[Outcome, ...]
    unknown: tuple[Outcome, ...]
    halt: str | None


def carried(
    context: ExecutionContext, people: list[UserId], status: AccountStatus = DISABLE
) -> Carried:
    portal = context.portal
    assert isinstance(portal, FakePortal)
    known = portal.accounts
    targets = [
        Target(
            user_id=who,
            email=known[who].email if who in known else None,
            type=known[who].type if who in known else AccountType.GUEST,
        )
        for who in people
    ]

    async def play() -> Carried:
        changing = StatusChanger(status, context, requested=())
        await changing.ask(targets)
        changed = await changing.read_back()
        return Carried(changed.outcomes, changed.unknown, changing.halt)

    return asyncio.run(play())


def kinds(changed: Carried) -> dict[str, OutcomeKind]:
    return {one.user_id: one.outcome for one in changed.outcomes}


def test_everybody_is_disabled_by_one_request_and_verified(execution, portal):
    people = [portal.add(n) for n in range(100)]

    changed = carried(execution, people)

    assert set(kinds(changed).values()) == {OutcomeKind.DISABLED}
    assert all(one.verified for one in changed.outcomes)
    assert len(portal.puts) == 1
    assert changed.halt is None


def test_the_refused_person_is_found_and_everyone_else_is_disabled(execution, portal):
    people = [portal.add(n) for n in range(64)]
    portal.change(people[37], is_ldap=True)

    changed = carried(execution, people)

    assert kinds(changed)[people[37]] is OutcomeKind.REFUSED
    assert list(kinds(changed).values()).count(OutcomeKind.DISABLED) == 63
    assert len(portal.puts) <= 2 * math.log2(64) + 1
    assert {who for who, _ in portal.changes} == set(people) - {people[37]}


def test_several_refused_people_are_each_found(execution, portal):
    people = [portal.add(n) for n in range(30)]
    protected = {people[0], people[1], people[29]}
    for who in protected:
        portal.change(who, is_ldap=True)

    changed = carried(execution, people)

    assert {w for w, k in kinds(changed).items() if k is OutcomeKind.REFUSED} == protected
    assert len(portal.changes) == 27


def test_a_refusal_names_what_the_portal_said(execution, portal):
    who = portal.add(1)
    portal.troubles.append(refused(403, "the portal answered 403: no"))

    (one,) = carried(execution, [who]).outcomes

    assert one.outcome is OutcomeKind.REFUSED
    assert "403: no" in (one.error or "")


def test_somebody_deleted_meanwhile_is_spared_and_stops_nobody(execution, portal):
    people = [portal.add(n) for n in range(4)]

    changed = carried(execution, [*people, UserId("gone")])

    assert kinds(changed)["gone"] is OutcomeKind.SPARED_CHANGED
    assert {who for who, _ in portal.changes} == set(people)


@pytest.mark.parametrize(
    "trouble", ["lost-before", "lost-after", "lost-midway", "500-midway", "unreadable"]
)
def test_after_a_lost_answer_only_those_left_are_asked_for_again(execution, portal, trouble):
    people = [portal.add(n) for n in range(10)]
    portal.troubles.append(trouble)

    changed = carried(execution, people)

    assert set(kinds(changed).values()) == {OutcomeKind.DISABLED}
    assert all(one.verified for one in changed.outcomes)
    assert sorted(who for who, _ in portal.changes) == people
    seen = [who for put in portal.puts for who in put]
    expected = {"lost-before": 10, "lost-after": 10, "unreadable": 10}.get(trouble, 15)
    assert len(seen) == expected


def test_a_person_at_whom_the_portal_stumbles_stops_nobody_else(execution, portal):
    people = [portal.add(n) for n in range(100)]
    portal.poisoned.add(people[50])

    changed = carried(execution, people)

    assert {one.user_id for one in changed.unknown} == {people[50]}
    assert len(portal.changes) == 99
    assert changed.halt is None


def test_a_portal_that_loses_everything_is_left_alone_after_a_while(execution, portal):
    people = [portal.add(n) for n in range(100)]
    portal.troubles.extend([lost() for _ in range(1000)])

    changed = carried(execution, people)

    assert changed.halt is not None
    assert 1000 - len(portal.troubles) == AT_ONCE.lost_in_a_row
    assert not portal.changes
    assert len(changed.outcomes) + len(changed.unknown) == 100
    assert {one.outcome for one in changed.unknown} == {OutcomeKind.FAILED}


def test_when_nobody_can_be_read_back_nothing_more_is_asked(execution, portal):
    people = [portal.add(n) for n in range(10)]
    portal.troubles.append("lost-midway")
    portal.after_change = lambda: setattr(portal, "deaf_people", True)

    changed = carried(execution, people)

    assert not changed.outcomes
    assert {one.user_id for one in changed.unknown} == set(people)
    assert "can't be read" in (changed.halt or "")


def test_done_but_not_verified_is_reported_as_such(execution, portal):
    people = [portal.add(n) for n in range(2)]
    portal.after_change = lambda: setattr(portal, "deaf_people", True)

    changed = carried(execution, people)

    assert {one.outcome for one in changed.unknown} == {OutcomeKind.DISABLED}
    assert not any(one.verified for one in changed.unknown)
    assert all("reading back failed" in (one.error or "") for one in changed.unknown)


def test_one_account_that_cannot_be_read_back_is_unverified(execution, portal):
    ann, bob = portal.add(1), portal.add(2)
    portal.unreadable.add(ann)

    changed = carried(execution, [ann, bob])

    assert kinds(changed) == {bob: OutcomeKind.DISABLED}
    assert [(one.user_id, one.verified) for one in changed.unknown] == [(ann, False)]


def test_a_portal_that_shows_changes_late_is_read_again(execution, portal):
    people = [portal.add(n) for n in range(2)]
    portal.lags = 4

    changed = carried(execution, people)

    assert set(kinds(changed).values()) == {OutcomeKind.DISABLED}
    assert len(portal.puts) == 1


def test_a_change_that_never_shows_is_no_success(execution, portal):
    who = portal.add(1)
    portal.lags = 1000

    changed = carried(execution, [who])

    assert [one.outcome for one in changed.unknown] == [OutcomeKind.FAILED]
    assert "still shows" in (changed.unknown[0].error or "")


def test_people_whom_an_old_release_passes_over_in_silence_are_refused(execution, portal):
    changed_one, left = portal.add(1), portal.add(2)
    portal.passed_over.add(left)

    changed = carried(execution, [changed_one, left])

    assert kinds(changed) == {changed_one: OutcomeKind.DISABLED, left: OutcomeKind.REFUSED}
    assert "skips accounts" in (changed.outcomes[-1].error or "")
    assert not changed.unknown


@pytest.mark.parametrize("status", [401, 429])
def test_a_used_up_limit_or_a_dead_key_stops_cleanly(execution, portal, status):
    people = [portal.add(n) for n in range(10)]
    said = "the portal answered 429: no more requests before 09:30 UTC, 21 November"
    portal.troubles.append(refused(status, said))

    changed = carried(execution, people)

    assert set(kinds(changed).values()) == {OutcomeKind.FAILED}
    assert "09:30" in (changed.halt or "")
    assert all("09:30" in (one.error or "") for one in changed.outcomes)
    assert not portal.changes


def test_a_limit_in_the_middle_of_halving_keeps_what_was_done(execution, portal):
    people = [portal.add(n) for n in range(8)]
    portal.change(people[7], is_ldap=True)
    limit = refused(429)
    rest: list[int] = []

    def count() -> None:
        rest.append(1)
        if len(rest) == 3:
            portal.troubles.append(limit)

    portal.before_change = count
    changed = carried(execution, people)

    found = kinds(changed)
    assert [found[who] for who in people[:4]] == [OutcomeKind.DISABLED] * 4
    assert [found[who] for who in people[4:]] == [OutcomeKind.FAILED] * 4
    assert changed.halt is not None


def test_a_request_lost_before_the_limit_may_still_have_its_effect(execution, portal):
    people = [portal.add(n) for n in range(2)]
    portal.troubles.extend(["lost-before", refused(429)])

    changed = carried(execution, people)

    assert {one.user_id for one in changed.unknown} == set(people)
    assert not changed.outcomes


def disabled(portal: FakePortal, count: int) -> list[UserId]:
    people = [portal.add(n) for n in range(count)]
    for who in people:
        portal.change(who, status=DISABLE)
    return people


def test_reinstating_is_verified_as_well(execution, portal):
    people = disabled(portal, 3)

    changed = carried(execution, people, REINSTATE)

    assert set(kinds(changed).values()) == {OutcomeKind.REINSTATED}
    assert all(one.verified for one in changed.outcomes)


def test_somebody_without_a_name_comes_back_pending_and_that_is_reported(execution, portal):
    (who,) = disabled(portal, 1)
    portal.nameless.add(who)

    (one,) = carried(execution, [who], REINSTATE).outcomes

    assert one.outcome is OutcomeKind.REINSTATED
    assert one.verified
    assert "Pending" in (one.error or "")


def test_without_a_free_place_the_rest_is_refused_in_clear_words(execution, portal):
    people = disabled(portal, 20)
    portal.free_places = 7

    changed = carried(execution, people, REINSTATE)

    found = kinds(changed)
    assert [found[who] for who in people[:7]] == [OutcomeKind.REINSTATED] * 7
    assert [found[who] for who in people[7:]] == [OutcomeKind.REFUSED] * 13
    assert all("no seat" in (o.error or "") for o in changed.outcomes if not o.verified)
    assert len(portal.puts) <= 6
    assert len(portal.changes) == 7


def test_no_place_for_one_kind_of_account_says_nothing_of_another(execution, portal):
    rooms, guest = portal.add(1, kind=AccountType.ROOM_ADMINISTRATOR), portal.add(2)
    for who in (rooms, guest):
        portal.change(who, status=DISABLE)
    portal.troubles.extend([refused(402), refused(402)])

    changed = carried(execution, [rooms, guest], REINSTATE)

    assert kinds(changed) == {rooms: OutcomeKind.REFUSED, guest: OutcomeKind.REINSTATED}
