"""The activity trail of the simulated portal: filters first, and events written late."""

from datetime import timedelta

import pytest

from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.actions import UNLISTED
from lastseen.simulator.world.people import ANONYMOUS
from tests.unit.simulator.worlds import (
    ADMIN,
    ANNA,
    BERT,
    IDS,
    NOW,
    TERMINATE,
    TRAIL,
    USER,
    ago,
    get,
    portal,
    put,
)

BUSY = [(BERT, ago(hours=hour), 5064) for hour in range(1, 241)]
WITH_ANNA = [*BUSY, (ANNA, ago(days=20), 5070)]
SECOND = int(NOW.timestamp())


@pytest.mark.parametrize("filters", [Filters.AFTER_WINDOW, Filters.BEFORE_WINDOW])
def test_a_person_is_found_however_far_back_in_every_release(filters):
    asked = portal(trail=WITH_ANNA, setup=Setup(filters=filters))
    (event,) = get(asked, TRAIL, userId=ANNA, count=1).items
    assert (event["userId"], event["actionId"]) == (ANNA, 5070)


def test_an_event_has_the_fields_that_the_reference_names_and_no_nulls():
    (event,) = get(portal(trail=[(ANNA, ago(hours=1), 5064)]), TRAIL).items
    assert {"id", "date", "userId", "actionId", "actionType", "action", "target"} <= set(event)
    assert (event["actionId"], event["actionType"], event["entries"]) == (5064, 2, [1])
    assert None not in event.values()


def test_the_envelope_has_no_total():
    assert "total" not in get(portal(trail=BUSY), TRAIL).document


def test_count_and_start_index_follow_the_filters():
    asked = portal(trail=WITH_ANNA)
    assert get(asked, TRAIL, userId=BERT, count=2, startIndex=1).ids == [240, 239]


@pytest.mark.parametrize("query", [{"count": 101}, {"userId": "x"}, {"actionType": "Explode"}])
def test_what_cannot_be_read_is_a_400(query):
    assert get(portal(), TRAIL, **query).status == 400


class TestKinds:
    MIXED = (
        (ANNA, ago(hours=1), 5009),
        (ANNA, ago(hours=2), 5064),
        (ANNA, ago(hours=3), 5070),
        (ANNA, ago(hours=4), 4006),
    )

    def found(self, where, **query):
        return [event["actionId"] for event in get(where, TRAIL, **query).items]

    def test_action_alone(self):
        asked = portal(trail=self.MIXED)
        assert self.found(asked, action=5070) == [5070]
        assert self.found(asked, action="FileReaded") == [5064]
        assert self.found(asked, action=0) == [5009, 5064, 5070, 4006]

    def test_action_type(self):
        asked = portal(trail=self.MIXED)
        assert self.found(asked, actionType="Download") == [5009]
        assert self.found(asked, actionType=2) == [5064, 4006]
        assert self.found(asked, actionType=0) == [5009, 5064, 5070, 4006]

    def test_action_type_does_not_count_beside_action(self):
        assert self.found(portal(trail=self.MIXED), action=5070, actionType="Download") == [5070]

    def test_module_type_breaks_this_release(self):
        reply = get(portal(trail=self.MIXED), TRAIL, moduleType="Files")
        assert reply.status == 500
        assert reply.document["error"]["type"] == "System.NullReferenceException"

    def test_module_type_works_where_filters_come_first(self):
        asked = portal(trail=self.MIXED, setup=Setup(filters=Filters.BEFORE_WINDOW))
        assert self.found(asked, moduleType="Files") == [5009, 5064]
        assert self.found(asked, moduleType=30) == [4006]

    def test_entry_type_counts_with_a_target_only(self):
        asked = portal()
        asked.world.add_trail(ANNA, SECOND, 5064, target="1234")
        asked.world.add_trail(ANNA, SECOND - 1, 5070, target="1234")
        assert self.found(asked, entryType="File") == [5064, 5070]
        assert self.found(asked, target="1234") == [5064, 5070]
        assert self.found(asked, entryType="File", target="1234") == [5064]

    def test_a_target_beside_an_entry_type_may_be_a_part(self):
        asked = portal()
        asked.world.add_trail(ANNA, SECOND, 5064, target="1234")
        assert self.found(asked, entryType="File", target="23") == [5064]

    def test_a_target_beside_an_action_must_be_it_exactly(self):
        asked = portal()
        asked.world.add_trail(ANNA, SECOND, 5064, target="1234")
        assert self.found(asked, action=5064, target="23") == []
        assert self.found(asked, action=5064, target="1234") == [5064]

    def test_a_span_of_time(self):
        asked = portal(trail=self.MIXED)
        span = {"from_": "2026-06-15T09:00:00Z", "to": "2026-06-15T10:00:00Z"}
        assert self.found(asked, **span) == [5064, 5070]


class TestLateEvents:
    def late(self, minutes):
        asked = portal(trail=BUSY)
        happened = SECOND - 60
        asked.world.add_trail(ANNA, happened, 5064, visible_from=SECOND + minutes * 60)
        return asked

    def test_they_are_not_there_before_they_are_written(self):
        assert get(self.late(5), TRAIL, userId=ANNA).items == []

    def test_they_appear_behind_events_that_were_read_before(self):
        asked = self.late(5)
        asked.world.add_trail(BERT, SECOND, 5009)
        newest = get(asked, TRAIL, count=2).ids
        asked.clock.advance(timedelta(minutes=5))
        users = [event["userId"] for event in get(asked, TRAIL, count=3).items]
        assert users == [BERT, ANNA, BERT]
        assert get(asked, TRAIL, count=1).ids == newest[:1]

    def test_they_tell_when_it_happened(self):
        asked = self.late(5)
        asked.clock.advance(timedelta(minutes=5))
        (event,) = get(asked, TRAIL, userId=ANNA).items
        assert event["date"] == "2026-06-15T11:59:00.0000000Z"

    def test_their_ids_are_of_the_writing(self):
        asked = self.late(5)
        asked.world.add_trail(BERT, SECOND, 5009)
        newest = get(asked, TRAIL, count=1).ids[0]
        asked.clock.advance(timedelta(minutes=5))
        assert get(asked, TRAIL, userId=ANNA).ids[0] > newest

    def test_some_actions_are_never_late(self):
        asked = portal()
        asked.world.add_trail(ANNA, SECOND, 5054, visible_from=SECOND + 600)
        assert len(get(asked, TRAIL, userId=ANNA).items) == 1

    def test_the_truth_knows_of_them_at_once(self):
        truth = {truth.id: truth for truth in self.late(5).truths()}[ANNA]
        assert truth.last_activity_at == SECOND - 60
        assert truth.last_written_activity_at is None


def test_nothing_is_deleted_from_the_trail():
    asked = portal(trail=[(ANNA, ago(days=170), 5064)], setup=Setup(retention_days=7))
    assert len(get(asked, TRAIL, userId=ANNA).items) == 1


class TestWithoutTheAuditOption:
    def test_the_twenty_newest_come_whatever_is_asked(self):
        asked = portal(trail=WITH_ANNA, setup=Setup(filters=Filters.IGNORED))
        found = get(asked, TRAIL, userId=ANNA, count=1).items
        assert [event["userId"] for event in found] == [BERT] * 20

    def test_older_ones_than_the_lifetime_are_left_out(self):
        asked = portal(
            trail=WITH_ANNA[-5:], setup=Setup(filters=Filters.IGNORED, retention_days=15)
        )
        assert len(get(asked, TRAIL).items) == 4


def test_anyone_who_may_not_edit_settings_is_refused_with_403():
    assert get(portal(trail=BUSY, key_account=USER), TRAIL).status == 403


def test_an_event_in_no_table_of_the_server_is_never_listed_and_breaks_whoever_asks_for_it():
    asked = portal()
    action = next(iter(UNLISTED))
    assert get(asked, TRAIL, action=action).items == []
    asked.world.add_trail(ANNA, SECOND, action)
    assert get(asked, TRAIL, userId=ANNA).items == []
    assert get(asked, TRAIL, action=action).status == 500


def test_what_an_outsider_sets_off_carries_the_anonymous_id():
    asked = portal()
    asked.world.add_trail(ANONYMOUS, SECOND, 4015, target=ANNA)
    assert get(asked, TRAIL, userId=ANNA).items == []
    (event,) = get(asked, TRAIL, userId=ANONYMOUS).items
    assert event["target"] == [ANNA]


def test_a_change_of_status_is_in_the_trail_under_whoever_did_it():
    asked = portal()
    put(asked, TERMINATE, [ANNA, BERT])
    assert get(asked, TRAIL).items == []
    asked.clock = lambda: NOW + timedelta(seconds=5)
    (event,) = get(asked, TRAIL, action="UsersUpdatedStatus").items
    assert (event["userId"], event["target"]) == (ADMIN, [ANNA, BERT])


def test_equal_seconds_have_no_order():
    trail = [(user_id, ago(hours=3), 5064) for user_id in IDS[4:7] * 3]
    asked = portal(trail=trail)
    assert len({tuple(get(asked, TRAIL).ids) for _ in range(10)}) > 5
