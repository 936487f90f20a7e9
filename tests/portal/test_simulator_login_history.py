"""The login history of the simulated portal: what it shows, in which order, and to whom."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.people import NOBODY
from tests.unit.simulator.worlds import (
    ADMIN,
    ANNA,
    BERT,
    CARA,
    IDS,
    LIFETIMES,
    LOGINS,
    NOW,
    OWNER,
    PEOPLE_OF_ALL_SORTS,
    ROOM_ADMIN,
    USER,
    ago,
    get,
    person,
    portal,
)

BEFORE = Setup(filters=Filters.BEFORE_WINDOW)
AFTER = Setup(filters=Filters.AFTER_WINDOW)
IGNORED = Setup(filters=Filters.IGNORED)

# A busy portal: Bert every hour for ten days, Anna once, long before.
BUSY = [(BERT, ago(hours=hour), 1029) for hour in range(1, 241)]
WITH_ANNA = [*BUSY, (ANNA, ago(days=20), 1000)]


def test_events_come_newest_first():
    dates = [item["date"] for item in get(portal(logins=BUSY), LOGINS).items]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == "2026-06-15T11:00:00.0000000Z"


def test_an_event_has_the_fields_that_the_reference_names_and_no_nulls():
    (event,) = get(portal(logins=[(ANNA, ago(hours=1), 1000)]), LOGINS).items
    assert {"id", "date", "user", "userId", "login", "action", "actionId", "ip"} <= set(event)
    assert event["userId"] == ANNA
    assert event["actionId"] == 1000
    assert None not in event.values()


def test_the_envelope_has_no_total():
    document = get(portal(logins=BUSY), LOGINS, count=7).document
    assert set(document) == {"response", "count", "links", "status", "statusCode"}
    assert (document["count"], document["status"], document["statusCode"]) == (7, 0, 200)
    href = "http://portal.example.com/api/2.0/security/audit/login/filter?count=7"
    assert document["links"] == [{"href": href, "action": "GET"}]


def test_a_hundred_is_the_default_count():
    assert len(get(portal(logins=BUSY), LOGINS).items) == 100


@pytest.mark.parametrize("count", ["0", "-1", "101", "many", "1.5"])
def test_a_count_below_1_or_above_100_is_a_400(count):
    assert get(portal(logins=BUSY), LOGINS, count=count).status == 400


def test_failed_validation_comes_in_the_envelope_of_a_success():
    document = get(portal(), LOGINS, count=500).document
    assert (document["status"], document["statusCode"], document["count"]) == (1, 400, 1)
    assert document["response"]["errors"] == {
        "count": ["The field Count must be between 1 and 100."]
    }


def test_pages_follow_one_another():
    asked = portal(logins=BUSY)
    pages = [get(asked, LOGINS, count=100, startIndex=start).ids for start in (0, 100, 200, 300)]
    assert [len(page) for page in pages] == [100, 100, 40, 0]
    assert len({number for page in pages for number in page}) == 240


class TestEqualSeconds:
    @pytest.fixture
    def crowded(self):
        people = [PEOPLE_OF_ALL_SORTS[0], *map(person, IDS[1:12])]
        logins = [(user_id, ago(hours=3), 1029) for user_id in IDS[:12]]
        return portal(people=people, logins=logins, key_account=OWNER)

    def test_their_order_changes_from_request_to_request(self, crowded):
        orders = {tuple(get(crowded, LOGINS).ids) for _ in range(10)}
        assert len(orders) > 5
        assert {frozenset(order) for order in orders} == {frozenset(range(1, 13))}

    def test_a_page_that_cuts_them_holds_any_of_them(self, crowded):
        seen = Counter(number for _ in range(60) for number in get(crowded, LOGINS, count=3).ids)
        assert set(seen) == set(range(1, 13))

    def test_two_pages_may_repeat_one_and_miss_another(self, crowded):
        unions = {
            len({*get(crowded, LOGINS, count=6).ids, *get(crowded, LOGINS, startIndex=6).ids})
            for _ in range(20)
        }
        assert min(unions) < 12

    def test_they_are_shuffled_behind_filters_too(self, crowded):
        crowded.audit.filters = Filters.BEFORE_WINDOW
        orders = {tuple(get(crowded, LOGINS, action=1029, count=4).ids) for _ in range(10)}
        assert len(orders) > 5

    def test_other_seconds_keep_their_order(self):
        logins = [(ANNA, ago(seconds=second // 3), 1029) for second in range(300)]
        asked = portal(logins=logins)
        dates = [item["date"] for item in get(asked, LOGINS, count=100, startIndex=50).items]
        assert dates == sorted(dates, reverse=True)


class TestAfterTheWindow:
    def test_a_person_behind_the_newest_page_looks_absent(self):
        assert get(portal(logins=WITH_ANNA, setup=AFTER), LOGINS, userId=ANNA).items == []

    def test_a_person_within_the_page_is_found(self):
        asked = portal(logins=WITH_ANNA, setup=AFTER)
        assert get(asked, LOGINS, userId=ANNA, startIndex=200).ids == [1]

    def test_count_1_tells_the_two_sorts_of_portals_apart(self):
        logins = [(ANNA, ago(hours=2), 1029), (BERT, ago(hours=1), 1029)]
        after, before = portal(logins=logins, setup=AFTER), portal(logins=logins, setup=BEFORE)
        assert get(after, LOGINS, userId=ANNA, count=1).items == []
        assert len(get(before, LOGINS, userId=ANNA, count=1).items) == 1

    def test_dates_filter_the_page_only(self):
        asked = portal(logins=WITH_ANNA, setup=AFTER)
        until = "2026-06-01T00:00:00Z"
        assert get(asked, LOGINS, to=until).items == []
        assert get(asked, LOGINS, to=until, startIndex=200).ids == [1]

    def test_it_is_the_default(self):
        assert portal().audit.filters is Filters.AFTER_WINDOW


class TestBeforeTheWindow:
    def test_a_person_is_found_however_far_back(self):
        found = get(portal(logins=WITH_ANNA, setup=BEFORE), LOGINS, userId=ANNA).items
        assert [event["userId"] for event in found] == [ANNA]

    def test_an_action_is_found_however_far_back(self):
        assert get(portal(logins=WITH_ANNA, setup=BEFORE), LOGINS, action=1000).ids == [1]

    def test_an_action_may_be_named(self):
        asked = portal(logins=WITH_ANNA, setup=BEFORE)
        assert get(asked, LOGINS, action="loginsuccess").ids == [1]

    def test_filters_combine(self):
        asked = portal(logins=WITH_ANNA, setup=BEFORE)
        assert get(asked, LOGINS, userId=BERT, action=1000).items == []

    def test_both_ends_of_a_span_belong_to_it(self):
        asked = portal(logins=BUSY, setup=BEFORE)
        found = get(asked, LOGINS, from_="2026-06-15T09:00:00Z", to="2026-06-15T11:00:00Z").items
        assert len(found) == 3

    def test_a_fraction_after_a_whole_second_leaves_that_second_out(self):
        asked = portal(logins=BUSY, setup=BEFORE)
        found = get(asked, LOGINS, from_="2026-06-15T11:00:00.0000001Z").items
        assert found == []

    def test_somebody_unknown_has_no_events(self):
        assert get(portal(logins=BUSY, setup=BEFORE), LOGINS, userId=IDS[90]).items == []

    def test_the_empty_id_is_no_filter(self):
        assert len(get(portal(logins=BUSY, setup=BEFORE), LOGINS, userId=NOBODY).items) == 100

    def test_an_added_event_is_found_at_once(self):
        asked = portal(logins=WITH_ANNA, setup=BEFORE)
        get(asked, LOGINS, userId=ANNA)
        asked.world.add_login(ANNA, int(NOW.timestamp()), 1029)
        asked.world.add_login(ANNA, int(ago(days=5).timestamp()), 1029)
        assert [event["actionId"] for event in get(asked, LOGINS, userId=ANNA).items] == [
            1029,
            1029,
            1000,
        ]


@pytest.mark.parametrize("setup", [BEFORE, AFTER], ids=["before", "after"])
class TestActions:
    MIXED = (
        (ANNA, ago(hours=1), 1002),
        (ANNA, ago(hours=2), 1029),
        (ANNA, ago(hours=3), 1006),
        (ANNA, ago(hours=4), 1031),
    )

    def test_action_0_is_no_filter_and_brings_failures(self, setup):
        found = get(portal(logins=self.MIXED, setup=setup), LOGINS, action=0).items
        assert [event["actionId"] for event in found] == [1002, 1029, 1006, 1031]

    def test_action_minus_1_is_no_filter(self, setup):
        assert len(get(portal(logins=self.MIXED, setup=setup), LOGINS, action=-1).items) == 4

    def test_one_action_at_a_time(self, setup):
        found = get(portal(logins=self.MIXED, setup=setup), LOGINS, action=1029).items
        assert [event["actionId"] for event in found] == [1029]

    def test_an_action_that_this_release_has_not_is_a_400(self, setup):
        assert get(portal(logins=self.MIXED, setup=setup), LOGINS, action=99).status == 400

    def test_an_id_of_a_later_release_is_shown_without_a_text(self, setup):
        newest = get(portal(logins=self.MIXED, setup=setup), LOGINS).items[-1]
        assert (newest["actionId"], newest["action"]) == (1031, "")


@pytest.mark.parametrize("user_id", ["nobody", "123", "00000005-0000-4000-8000-00000000000g"])
def test_what_is_no_id_is_a_400(user_id):
    assert get(portal(logins=BUSY), LOGINS, userId=user_id).status == 400


def test_an_id_may_be_in_capitals_and_braces():
    asked = portal(logins=WITH_ANNA, setup=BEFORE)
    assert get(asked, LOGINS, userId="{" + ANNA.upper() + "}").ids == [1]


def test_names_of_parameters_are_in_any_case():
    assert get(portal(logins=WITH_ANNA, setup=BEFORE), LOGINS, USERID=ANNA).ids == [1]


class TestWithoutTheAuditOption:
    def test_twenty_events_come_whatever_is_asked(self):
        asked = portal(logins=WITH_ANNA, setup=IGNORED)
        newest = list(range(241, 221, -1))
        assert get(asked, LOGINS, count=1).ids == newest
        assert get(asked, LOGINS, userId=ANNA, startIndex=100, action=1002).ids == newest

    def test_fewer_than_twenty_are_the_whole_history(self):
        asked = portal(logins=WITH_ANNA[-3:], setup=IGNORED)
        assert len(get(asked, LOGINS, count=1).items) == 3

    def test_a_parameter_that_cannot_be_read_is_still_a_400(self):
        assert get(portal(setup=IGNORED), LOGINS, count=1000).status == 400


class TestRights:
    def test_a_hidden_section_is_a_402(self):
        asked = portal(logins=BUSY)
        asked.audit.section_hidden = True
        for path in (LOGINS, LIFETIMES):
            reply = get(asked, path)
            assert (reply.status, reply.document["error"]["message"]) == (
                402,
                "Your pricing plan does not support this option",
            )

    @pytest.mark.parametrize("user_id", [ROOM_ADMIN, USER])
    def test_who_may_not_edit_settings_is_refused_with_403(self, user_id):
        reply = get(portal(logins=BUSY, key_account=user_id), LOGINS)
        assert reply.status == 403
        assert (reply.document["status"], reply.document["statusCode"]) == (1, 403)
        assert set(reply.document["error"]) == {"message", "type", "stack", "hresult"}

    def test_the_owner_and_an_administrator_may_read(self):
        for user_id in (OWNER, ADMIN):
            assert get(portal(logins=BUSY, key_account=user_id), LOGINS).status == 200

    @pytest.mark.parametrize("key", ["sk-wrong", "no key at all"])
    def test_a_wrong_key_is_a_401_without_a_body(self, key):
        reply = get(portal(logins=BUSY), LOGINS, key=key)
        assert (reply.status, reply.body) == (401, b"")

    def test_a_missing_key_is_a_401(self):
        assert portal().respond("GET", LOGINS).status == 401

    def test_a_scheme_other_than_bearer_is_a_401(self):
        asked = portal()
        answer = asked.respond("GET", LOGINS, headers={"Authorization": f"Basic {asked.api_key}"})
        assert answer.status == 401

    @pytest.mark.parametrize(
        ("scopes", "status"),
        [
            ((), 200),
            (("*",), 200),
            (("*:read",), 200),
            (("*:write",), 200),
            (("accounts:read", "accounts:write"), 403),
            (("files:read",), 403),
        ],
    )
    def test_security_needs_a_global_scope(self, scopes, status):
        key = make_key(ADMIN, 1, scopes=scopes)
        assert get(portal(logins=BUSY, setup=Setup(keys=[key])), LOGINS).status == status


class TestRetention:
    SHORT = Setup(retention_days=7, filters=Filters.BEFORE_WINDOW)

    def test_events_older_than_the_lifetime_are_gone(self):
        asked = portal(logins=WITH_ANNA, setup=Setup(retention_days=7))
        dates = [
            datetime.fromisoformat(item["date"][:19]).replace(tzinfo=UTC)
            for start in (0, 100, 200)
            for item in get(asked, LOGINS, startIndex=start).items
        ]
        assert len(dates) == 168
        assert min(dates) >= NOW - timedelta(days=7)

    def test_they_are_gone_for_filters_too(self):
        asked = portal(
            logins=WITH_ANNA, setup=Setup(retention_days=7, filters=Filters.BEFORE_WINDOW)
        )
        assert get(asked, LOGINS, userId=ANNA).items == []
        assert get(asked, LOGINS, action=1000).items == []

    def test_they_do_not_come_back(self):
        asked = portal(
            logins=WITH_ANNA, setup=Setup(retention_days=7, filters=Filters.BEFORE_WINDOW)
        )
        get(asked, LOGINS)
        asked.world.login_days = 180
        assert get(asked, LOGINS, userId=ANNA).items == []

    def test_the_lifetimes_are_reported(self):
        document = get(portal(setup=Setup(retention_days=7)), LIFETIMES).document
        assert document["response"]["loginHistoryLifeTime"] == 7
        assert document["response"]["auditTrailLifeTime"] == 7
        assert document["count"] == 1

    def test_180_days_are_the_default(self):
        assert get(portal(), LIFETIMES).document["response"]["loginHistoryLifeTime"] == 180


def test_a_failed_sign_in_under_an_unknown_name_has_the_empty_id_and_only_a_login():
    asked = portal()
    asked.world.add_login(NOBODY, int(NOW.timestamp()), 1002, login="nobody@example.com")
    (event,) = get(asked, LOGINS).items
    assert (event["userId"], event["login"]) == (NOBODY, "nobody@example.com")


def test_ids_grow_with_time():
    asked = portal(logins=BUSY)
    before = get(asked, LOGINS, count=1).ids
    asked.world.add_login(CARA, int(NOW.timestamp()), 1015)
    assert get(asked, LOGINS, count=2).ids == [before[0] + 1, before[0]]
