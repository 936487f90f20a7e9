"""Disabling people and putting them back on the simulated portal."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.people import SYSTEM, Kind, Status
from tests.unit.simulator.worlds import (
    ACTIVATE,
    ADMIN,
    ANNA,
    BERT,
    CARA,
    DIRK,
    IDS,
    OWNER,
    PEOPLE_OF_ALL_SORTS,
    ROOM_ADMIN,
    TERMINATE,
    USER,
    get,
    person,
    portal,
    put,
    send,
)


def status_of(where, user_id):
    return where.world.people[user_id].status


def test_people_are_disabled_and_answered_in_full():
    asked = portal()
    reply = put(asked, TERMINATE, [ANNA, BERT])
    assert reply.status == 200
    assert [(item["id"], item["status"]) for item in reply.items] == [(ANNA, 2), (BERT, 2)]
    assert reply.items[0]["email"] == "person.004@example.net"
    assert status_of(asked, ANNA) is status_of(asked, BERT) is Status.TERMINATED


def test_the_envelope_counts_one_however_many_changed():
    assert put(portal(), TERMINATE, [ANNA, BERT, CARA]).document["count"] == 1


def test_disabling_does_not_set_the_date_of_removal():
    asked = portal()
    put(asked, TERMINATE, [ANNA])
    assert "terminated" not in get(asked, f"/api/2.0/people/{ANNA}").document["response"]


@pytest.mark.parametrize("status", ["Terminated", "terminated", "2"])
def test_a_status_is_a_name_or_a_number(status):
    asked = portal()
    assert put(asked, f"/api/2.0/people/status/{status}", [ANNA]).status == 200
    assert status_of(asked, ANNA) is Status.TERMINATED


@pytest.mark.parametrize("status", ["Pending", "4", "All", "7", "3", "0", "Gone", "-2"])
def test_any_other_status_is_a_400(status):
    asked = portal()
    assert put(asked, f"/api/2.0/people/status/{status}", [ANNA]).status == 400
    assert status_of(asked, ANNA) is Status.ACTIVE


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"userIds": "x"}', b'{"userIds": ["x"]}', b"{}"]
)
def test_a_body_that_cannot_be_read_is_a_400(body):
    assert send(portal(), "PUT", TERMINATE, body=body).status == 400


def test_nobody_at_all_is_no_error():
    reply = put(portal(), TERMINATE, [])
    assert (reply.status, reply.items) == (200, [])


class TestRefusals:
    SYSTEM_ACCOUNT = replace(person(IDS[50]), id=SYSTEM, is_system=True, kind=Kind.SYSTEM)

    @pytest.mark.parametrize(
        "refused",
        [OWNER, ADMIN, DIRK, SYSTEM, IDS[9], IDS[150]],
        ids=["owner", "own-account", "ldap", "system", "administrator", "unknown"],
    )
    @pytest.mark.parametrize("path", [TERMINATE, ACTIVATE])
    def test_one_refused_person_refuses_the_batch(self, refused, path):
        other_admin = replace(PEOPLE_OF_ALL_SORTS[1], id=IDS[9], user_name="other")
        asked = portal(people=[*PEOPLE_OF_ALL_SORTS, other_admin, self.SYSTEM_ACCOUNT])
        reply = put(asked, path, [ANNA, refused, BERT])
        assert reply.status == 403
        assert reply.document["error"]["message"] == "Access denied"
        assert asked.world.changes == []

    def test_the_owner_may_disable_an_administrator(self):
        asked = portal(key_account=OWNER)
        assert put(asked, TERMINATE, [ADMIN]).status == 200

    def test_the_owner_may_not_disable_themself(self):
        assert put(portal(key_account=OWNER), TERMINATE, [OWNER]).status == 403

    def test_a_room_administrator_may_be_disabled(self):
        assert put(portal(), TERMINATE, [ROOM_ADMIN]).status == 200

    @pytest.mark.parametrize("account", [ROOM_ADMIN, USER])
    def test_only_administrators_may_disable(self, account):
        assert put(portal(key_account=account), TERMINATE, [ANNA]).status == 403

    @pytest.mark.parametrize(
        ("scopes", "status"),
        [
            (["accounts:write"], 200),
            (["*:write"], 200),
            (["accounts:read"], 403),
            (["*:read"], 403),
        ],
    )
    def test_a_limited_key_needs_the_right_to_write(self, scopes, status):
        asked = portal(setup=Setup(keys=[make_key(ADMIN, 1, scopes=scopes)]))
        assert put(asked, TERMINATE, [ANNA]).status == status


class TestRepeating:
    def test_disabling_twice_is_no_error_and_no_change(self):
        asked = portal()
        assert [put(asked, TERMINATE, [ANNA]).status for _ in range(2)] == [200, 200]
        assert len(asked.world.changes) == 1

    def test_activating_somebody_active_is_no_error_and_no_change(self):
        asked = portal()
        assert put(asked, ACTIVATE, [ANNA]).items[0]["status"] == 1
        assert asked.world.changes == []

    def test_the_same_person_twice_in_a_batch_is_answered_twice(self):
        assert len(put(portal(), TERMINATE, [ANNA, ANNA]).items) == 2


class TestPuttingBack:
    def test_back_works_from_terminated(self):
        asked = portal()
        put(asked, TERMINATE, [ANNA])
        assert put(asked, ACTIVATE, [ANNA]).items[0]["status"] == 1

    def test_a_pending_person_stays_pending(self):
        pending = replace(PEOPLE_OF_ALL_SORTS[4], status=Status.PENDING)
        asked = portal(people=[*PEOPLE_OF_ALL_SORTS[:4], pending])
        assert put(asked, ACTIVATE, [ANNA]).items[0]["status"] == 4

    @pytest.mark.parametrize(("invited", "status"), [(True, 4), (False, 1)])
    def test_anyone_who_has_no_name_comes_back_as_pending_if_invited(self, invited, status):
        nameless = replace(
            PEOPLE_OF_ALL_SORTS[4],
            first_name="",
            last_name="",
            status=Status.TERMINATED,
            has_invitation=invited,
        )
        asked = portal(people=[*PEOPLE_OF_ALL_SORTS[:4], nameless])
        assert put(asked, ACTIVATE, [ANNA]).items[0]["status"] == status

    def test_over_the_licence_is_a_402_and_those_before_are_back(self):
        asked = portal()
        put(asked, TERMINATE, [ANNA, BERT, CARA])
        asked.licence.members = 3  # Dirk and two more
        reply = put(asked, ACTIVATE, [ANNA, BERT, CARA])
        assert (reply.status, reply.document["status"]) == (402, 1)
        assert [status_of(asked, user_id).value for user_id in (ANNA, BERT, CARA)] == [1, 1, 2]

    def test_the_licence_of_administrators_is_another(self):
        asked = portal()
        put(asked, TERMINATE, [ROOM_ADMIN, ANNA])
        asked.licence.paid = 2
        assert put(asked, ACTIVATE, [ANNA]).status == 200
        assert put(asked, ACTIVATE, [ROOM_ADMIN]).status == 402


class TestUnsavedChanges:
    """The portal changes its cached profile before it saves, and keeps it if that fails."""

    def broken_off(self):
        asked = portal(setup=Setup(faults=FaultRates.of({"unsaved": 1})))
        assert put(asked, TERMINATE, [ANNA]).status == 500
        asked.set_faults(FaultRates())
        return asked

    def shown_alone(self, asked):
        return get(asked, f"/api/2.0/people/{ANNA}").document["response"]["status"]

    def listed(self, asked):
        everyone = get(asked, "/api/2.0/people/filter", employeeStatus=7).items
        return next(one["status"] for one in everyone if one["id"] == ANNA)

    def test_the_single_profile_shows_them_and_the_list_does_not(self):
        asked = self.broken_off()
        assert (self.shown_alone(asked), self.listed(asked)) == (2, 1)
        assert asked.world.changes == []

    def test_the_cache_forgets_them_after_twenty_minutes(self):
        asked = self.broken_off()
        asked.clock.advance(timedelta(minutes=20))
        assert self.shown_alone(asked) == 1

    def test_disabling_again_saves_it(self):
        asked = self.broken_off()
        assert put(asked, TERMINATE, [ANNA]).status == 200
        assert (self.shown_alone(asked), self.listed(asked)) == (2, 2)

    def test_putting_back_again_reports_success_and_does_nothing(self):
        asked = portal()
        put(asked, TERMINATE, [ANNA])
        asked.set_faults(FaultRates.of({"unsaved": 1}))
        assert put(asked, ACTIVATE, [ANNA]).status == 500
        asked.set_faults(FaultRates())
        assert put(asked, ACTIVATE, [ANNA]).items[0]["status"] == 1
        assert (self.shown_alone(asked), self.listed(asked)) == (1, 2)


class TestLostAnswers:
    def test_some_or_all_are_changed(self):
        people = [*PEOPLE_OF_ALL_SORTS[:4], *map(person, IDS[10:30])]
        changed = set()
        for seed in range(30):
            asked = portal(
                people=people, setup=Setup(seed=seed, faults=FaultRates.of({"lost-answer": 1}))
            )
            put(asked, TERMINATE, IDS[10:30])
            changed.add(len(asked.world.changes))
        assert len(changed) > 5
        assert min(changed) >= 1

    def test_they_are_changed_in_the_order_of_the_batch(self):
        people = [*PEOPLE_OF_ALL_SORTS[:4], *map(person, IDS[10:30])]
        asked = portal(people=people, setup=Setup(faults=FaultRates.of({"lost-answer": 1})))
        put(asked, TERMINATE, IDS[10:30])
        changed = [change.user_id for change in asked.world.changes]
        assert changed == IDS[10 : 10 + len(changed)]


def test_who_changed_when_is_remembered():
    asked = portal()
    put(asked, TERMINATE, [ANNA])
    asked.world.set_status(ANNA, Status.ACTIVE, by="hand", now=asked.clock().timestamp() + 5)
    kept = [
        (change.user_id, change.before, change.after, change.by) for change in asked.world.changes
    ]
    assert kept == [(ANNA, "ACTIVE", "TERMINATED", ADMIN), (ANNA, "TERMINATED", "ACTIVE", "hand")]


def test_every_put_is_remembered_as_it_came():
    asked = portal()
    put(asked, TERMINATE, [OWNER])
    (received,) = asked.puts
    assert (received.status, received.user_ids, received.answered) == ("Terminated", (OWNER,), 403)
    assert json.loads(received.body) == {"userIds": [OWNER], "resendAll": False}
