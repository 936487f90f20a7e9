import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastseen.docspace.audit import read_events, wire_date
from lastseen.docspace.interface import EventQuery
from lastseen.docspace.wire import MalformedResponse
from lastseen.model.errors import PortalUnreadable
from lastseen.model.instant import Instant
from lastseen.model.sighting import Event
from tests.unit.docspace.scripted import NOW, Scripted, event, failed, guid, in_turn, ok, raw


def page(*events, **more):
    return ok(list(events), **more).body


def test_a_page_brings_its_events_in_any_offset():
    body = page(
        event(3, "2026-11-01T13:30:00.0000000+03:00"),
        event(2, "2026-11-01T10:30:00.0000000Z", userId=guid(2), actionId=1005),
        event(1, "2026-11-01T05:29:59.0000000-05:00", ip=None),
    )

    events = read_events(body)

    assert [one.id for one in events] == [3, 2, 1]
    assert events[0].at == datetime(2026, 11, 1, 10, 30, tzinfo=UTC)
    assert events[1] == Event(2, events[0].at.astimezone(UTC), guid(2), 1005, "10.0.0.1")
    assert events[2].at == datetime(2026, 11, 1, 10, 29, 59, tzinfo=UTC)


def test_ids_of_people_are_lower_case():
    assert read_events(page(event(1, userId="{ABCDEF01-" + guid(0)[9:].upper() + "}"))) == (
        read_events(page(event(1, userId="abcdef01-" + guid(0)[9:])))
    )


def test_an_empty_page_is_an_empty_page():
    assert read_events(page()) == []


def test_a_page_may_bring_more_than_was_asked_for():
    # given a portal that passes over every parameter
    portal = Scripted(lambda _: ok([event(n) for n in range(20, 0, -1)]))

    # when
    page = asyncio.run(portal.client().sign_ins(EventQuery(count=1)))

    # then whoever asked can see it
    assert len(page.events) == 20


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        b"<!DOCTYPE html><html>login</html>",
        b'{"response":null,"status":0,"statusCode":200}',
        b'{"response":{},"status":0,"statusCode":200}',
        b'{"response":"","status":0,"statusCode":200}',
        b'{"response":[null],"status":0,"statusCode":200}',
        b'{"response":[[]],"status":0,"statusCode":200}',
        b'{"status":0,"statusCode":200,"count":0}',
        b'{"response":[],"count":1,"status":0,"statusCode":200}',
        b'{"response":[],"count":"0","status":0,"statusCode":200}',
        b'{"response":[],"status":1,"statusCode":200}',
        b'{"response":[],"status":0,"statusCode":500}',
        page(event(1))[:-1],
        page(event(1))[:40],
        page(event(1)) + b"}",
        page(event(1)).replace(b"10.0.0.1", b"\xff\xfe"),
        b"\xef\xbb\xbf" + page(event(1)),
        b"[" * 200_000,
        b'{"response":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"response":[],"x":' + b'{"a":' * 100_000,
        b'{"response":[{"id":' + b"9" * 5000 + b"}]}",
        b'{"response":[{"id":1e999}]}',
    ],
)
def test_what_is_not_a_page_is_unreadable_and_never_empty(body):
    with pytest.raises(MalformedResponse):
        read_events(body)


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": True},
        {"id": "abc"},
        {"id": 1.5},
        {"id": 2**63},
        {"id": {}},
        {"date": None},
        {"date": ""},
        {"date": "yesterday"},
        {"date": 1793529000},
        {"date": "2026-11-01T10:30:00.0000000"},
        {"date": "2026-11-01"},
        {"date": "2026-13-01T10:30:00Z"},
        {"date": "2026-11-01T24:30:00Z"},
        {"date": "0001-01-01T00:00:00.0000000Z"},
        {"date": "0001-01-01T00:00:00.0000000+03:00"},
        {"date": "9999-12-31T23:59:59.9999999Z"},
        {"date": "9999-12-31T23:59:59.0000000-05:00"},
        {"date": "1970-01-01T00:00:00.0000000+05:00"},
        {"date": {}},
        {"date": {"utcTime": None, "timeZoneOffset": "03:00:00"}},
        {"date": {"utcTime": "0001-01-01T00:00:00+14:00"}},
        {"date": ["2026-11-01T10:30:00Z"]},
        {"userId": 17},
        {"userId": {}},
        {"actionId": 2**31},
    ],
)
def test_an_event_that_cannot_be_understood_makes_the_page_unreadable(change):
    with pytest.raises(MalformedResponse):
        read_events(page(event(2), {**event(1), **change}))


@pytest.mark.parametrize("field", ["id", "date"])
def test_an_event_without_id_or_date_is_not_left_out(field):
    broken = event(1)
    del broken[field]

    with pytest.raises(MalformedResponse):
        read_events(page(event(2), broken))


def test_a_page_out_of_order_is_unreadable():
    rising = [event(n, f"2026-11-01T10:00:{n:02d}.0000000Z") for n in range(3)]

    with pytest.raises(MalformedResponse, match="sorted"):
        read_events(page(*rising))
    with pytest.raises(MalformedResponse, match="sorted"):
        read_events(page(rising[1], rising[2]))
    with pytest.raises(MalformedResponse, match="sorted"):
        read_events(page(event(2, "2026-11-01T08:00:00.0000000Z"), event(1)))


def test_events_of_one_second_have_no_order():
    assert [one.id for one in read_events(page(event(1), event(3), event(2)))] == [1, 3, 2]


def test_the_same_event_twice_is_unreadable():
    with pytest.raises(MalformedResponse, match="twice"):
        read_events(page(event(1), event(1)))


def test_the_hour_that_an_autumn_night_has_twice_does_not_make_a_page_unreadable():
    # given a portal in Berlin: what happened at 00:50 and 00:20 UTC, in the first pass of the
    # hour, is written as of the second, behind what happened then at 01:10
    body = page(
        event(9, "2026-10-25T02:10:00.0000000+01:00"),
        event(8, "2026-10-25T02:50:00.0000000+01:00"),
        event(7, "2026-10-25T02:20:00.0000000+01:00"),
        event(6, "2026-10-25T01:59:00.0000000+02:00"),
    )

    # when
    events = read_events(body)

    # then they count as no later than what is known to have come after them
    assert [one.id for one in events] == [9, 8, 7, 6]
    assert [one.at for one in events][:3] == [datetime(2026, 10, 25, 1, 10, tzinfo=UTC)] * 3


@pytest.mark.parametrize(
    ("second_pass", "first_pass", "before"),
    [
        ("2026-10-25T02:10:00+01:00", "2026-10-25T02:50:00+01:00", "2026-10-25T01:59:00+02:00"),
        ("2025-11-02T01:16:35-03:30", "2025-11-02T01:55:59-03:30", "2025-11-02T00:59:00-02:30"),
        ("2026-04-05T01:40:00+10:30", "2026-04-05T01:55:00+10:30", "2026-04-05T01:29:00+11:00"),
    ],
    ids=["Berlin", "St. John's", "Lord Howe, by half an hour"],
)
def test_that_hour_is_known_by_its_date_where_ids_came_late(second_pass, first_pass, before):
    events = read_events(page(event(7, second_pass), event(9, first_pass), event(8, before)))

    assert [one.id for one in events] == [7, 9, 8]
    assert events[0].at == events[1].at > events[2].at


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-10-26T02:10:00+01:00", "2026-10-26T02:50:00+01:00"),
        ("2026-10-25T04:10:00+01:00", "2026-10-25T04:50:00+01:00"),
        ("2026-03-29T02:10:00+01:00", "2026-03-29T02:50:00+01:00"),
        ("2026-10-25T06:10:00Z", "2026-10-25T06:50:00Z"),
    ],
    ids=["another night", "a later hour", "in spring", "no such hour in UTC"],
)
def test_at_another_hour_such_a_page_is_out_of_order(earlier, later):
    with pytest.raises(MalformedResponse, match="sorted"):
        read_events(page(event(7, earlier), event(9, later)))


def test_that_hour_is_there_once_in_a_page():
    with pytest.raises(MalformedResponse, match="sorted"):
        read_events(
            page(
                event(9, "2026-10-25T02:10:00.0000000+01:00"),
                event(8, "2026-10-25T02:50:00.0000000+01:00"),
                event(7, "2026-10-25T02:20:00.0000000+01:00"),
                event(6, "2026-10-25T02:40:00.0000000+01:00"),
            )
        )


def test_dates_as_objects_are_read_too():
    body = page(
        event(2, {"utcTime": "2026-11-01T10:30:00.0000000Z", "timeZoneOffset": "03:00:00"}),
        event(1, {"utcTime": "2026-11-01T10:29:00", "timeZoneOffset": {"ticks": 108_000_000_000}}),
    )

    assert [one.at.isoformat() for one in read_events(body)] == [
        "2026-11-01T10:30:00+00:00",
        "2026-11-01T10:29:00+00:00",
    ]


def test_actions_are_known_by_name():
    body = page(
        event(5, actionId="LoginSuccessViaSSO"),
        event(4, actionId="loginfail"),
        event(3, actionId="1016"),
        event(2, actionId=None),
        event(1, actionId="None"),
    )

    assert [one.action_id for one in read_events(body)] == [1015, 1005, 1016, -1, -1]


def test_an_unknown_name_keeps_a_number_of_its_own():
    body = page(
        event(3, actionId="LoginByCarrierPigeon"),
        event(2, actionId="LoginByOwl"),
        event(1, actionId="LoginByOwl"),
    )

    pigeon, owl, again = (one.action_id for one in read_events(body))

    assert owl == again != pigeon
    assert -(2**31) <= pigeon < -1
    assert -(2**31) <= owl < -1


def test_missing_fields_leave_nobody_and_nothing_recognised():
    body = page({"id": 1, "date": "2026-11-01T10:30:00Z", "userId": "", "unknown": [1, {}]})

    assert read_events(body) == [Event(1, datetime(2026, 11, 1, 10, 30, tzinfo=UTC))]


def test_an_unknown_user_is_nobody():
    assert read_events(page(event(1, userId="")))[0].user_id == ""


@pytest.mark.parametrize("spelled", ["userID", "user"])
def test_an_event_that_does_not_say_who_acted_makes_the_page_unreadable(spelled):
    lost = event(1)
    lost[spelled] = lost.pop("userId")

    with pytest.raises(MalformedResponse):
        read_events(page(event(2), lost))
    with pytest.raises(MalformedResponse):
        read_events(page(event(2), event(1, userId=None)))


def test_fractions_of_a_second_are_cut_off():
    assert read_events(page(event(1, "2026-11-01T10:30:00.9990000Z")))[0].at.microsecond == 0


BODY = page(*(event(n, f"2026-11-01T10:{n:02d}:00.0000000+03:00") for n in range(9, 0, -1)))


@settings(max_examples=150, deadline=None)
@given(
    place=st.integers(0, len(BODY) - 1),
    length=st.integers(0, 40),
    instead=st.binary(max_size=20),
)
def test_a_damaged_page_is_read_or_unreadable_but_never_a_crash(place, length, instead):
    body = BODY[:place] + instead + BODY[place + length :]

    try:
        events = read_events(body)
    except MalformedResponse:
        return
    told = json.loads(body.decode(errors="replace"))  # what is not looked at may be damaged
    assert len(events) == told.get("count", len(events))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("id", "date", "userId", "actionId", "ip"), JSON)
        ),
        max_size=3,
    )
)
def test_whatever_stands_in_an_event_is_no_crash(entries):
    try:
        events = read_events(page(*entries))
    except MalformedResponse:
        return
    assert len(events) == len(entries)


def test_a_query_is_sent_as_the_portal_reads_it():
    # given
    portal = Scripted(lambda _: ok([]))
    query = EventQuery(
        start=200,
        count=50,
        user_id=guid(7),
        action_id=1000,
        since=Instant(datetime(2026, 10, 2, 10, 30, 0, 123_456, tzinfo=UTC)),
        until=NOW,
    )

    # when
    asyncio.run(portal.client().trail(query))

    # then
    (request,) = portal.requests
    assert request.path == "/api/2.0/security/audit/events/filter"
    assert dict(request.query) == {
        "startIndex": "200",
        "count": "50",
        "userId": guid(7),
        "action": "1000",
        "from": "2026-10-02T10:30:00.123Z",
        "to": "2026-11-01T12:00:00.000Z",
    }


def test_dates_have_three_digits_of_a_second():
    assert wire_date(NOW) == "2026-11-01T12:00:00.000Z"


@pytest.mark.parametrize(
    "query", [EventQuery(count=0), EventQuery(count=101), EventQuery(start=-1)]
)
def test_a_query_that_the_portal_would_refuse_is_not_sent(query):
    with pytest.raises(ValueError, match="page"):
        asyncio.run(Scripted(lambda _: ok([])).client().sign_ins(query))


def test_a_page_knows_when_it_was_asked_and_answered():
    answer = ok([])
    portal = Scripted(lambda _: raw(answer.body, 200, Date="Sun, 01 Nov 2026 12:00:00 GMT"))

    page = asyncio.run(portal.client().sign_ins(EventQuery()))

    assert (page.sent_at, page.answered_at, page.portal_time) == (NOW, NOW, NOW)


def test_an_unreadable_page_is_asked_for_again_and_then_given_up():
    # given
    portal = Scripted(in_turn(raw(b"<html>"), raw(b""), ok([event(1)])))
    hopeless = Scripted(lambda _: raw(b"<html>"))

    # when, then
    assert len(asyncio.run(portal.client().sign_ins(EventQuery())).events) == 1
    with pytest.raises(PortalUnreadable):
        asyncio.run(hopeless.client().sign_ins(EventQuery()))
    assert len(hopeless.requests) == 4


def test_an_error_under_a_status_of_200_is_an_error():
    portal = Scripted(in_turn(raw(failed(503).body), ok([])))

    asyncio.run(portal.client().sign_ins(EventQuery()))

    assert len(portal.requests) == 2
