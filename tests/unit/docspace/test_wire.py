import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastseen.docspace.interface import Retention
from lastseen.docspace.wire import (
    MalformedResponse,
    failure,
    read_changed_people,
    read_people,
    read_person,
    read_retention,
)
from lastseen.model.contractor import AccountStatus, AccountType, Profile
from lastseen.model.instant import Instant
from tests.unit.docspace.scripted import failed, guid, ok, profile


def read(**more):
    return read_person(ok(profile(1, **more)).body)


def test_a_profile_is_read_whole():
    found = read(
        id=guid(1).upper(),
        status=2,
        terminated="2026-10-01T00:00:00.0000000Z",
        isSSO=True,
        createdBy={"id": guid(9).upper(), "displayName": "In Viter", "hasAvatar": False},
        groups=[{"id": guid(20).upper(), "name": "Partners"}],
    )

    assert found == Profile(
        id=guid(1),
        email="person00001@example.org",
        display_name="Person 1",
        status=AccountStatus.TERMINATED,
        was_activated=True,
        type=AccountType.GUEST,
        is_sso=True,
        registered_at=Instant(datetime(2026, 1, 5, 6, tzinfo=UTC)),
        invited_by=guid(9),
        sponsor="In Viter",
        groups=(guid(20),),
    )


def test_names_are_text_though_the_portal_writes_html():
    found = read(
        displayName="Zo&#235; O&#39;Neill &lt;b&gt; &amp; Co",
        createdBy={"id": guid(9), "displayName": "J&#252;rgen"},
    )

    assert (found.display_name, found.sponsor) == ("Zoë O'Neill <b> & Co", "Jürgen")


def test_what_is_null_or_left_out_is_not_there():
    bare = read_person(ok({"id": guid(1), "status": 4}).body)
    nulls = read_person(
        ok({"id": guid(1), "status": 4, **dict.fromkeys(
            ("email", "displayName", "isOwner", "isLDAP", "createdBy", "groups",
             "registrationDate"))}).body
    )  # fmt: skip

    assert bare == nulls == Profile(id=guid(1), status=AccountStatus.PENDING, type=AccountType.USER)


@pytest.mark.parametrize(
    ("written", "status"),
    [(1, 1), (2, 2), (4, 4), ("Active", 1), ("Terminated", 2), ("pending", 4), ("2", 2)],
)
def test_a_status_is_a_number_or_a_name(written, status):
    assert read(status=written).status == status


@pytest.mark.parametrize("written", [0, 3, 7, "All", "", "Default", None, 1.5, True, {}, 2**70])
def test_any_other_status_is_unreadable(written):
    with pytest.raises(MalformedResponse):
        read(status=written)


@pytest.mark.parametrize(
    ("written", "accepted"),
    [(1, True), ("Activated", True), ("1", True), (2, False), (0, False), ("Pending", False)],
)
def test_an_invitation_that_was_accepted_once_is_known(written, accepted):
    assert read(activationStatus=written).was_activated is accepted


@pytest.mark.parametrize(
    ("flags", "type_"),
    [
        ({"isOwner": True, "isAdmin": True}, AccountType.OWNER),
        ({"isAdmin": True}, AccountType.ADMINISTRATOR),
        ({"isRoomAdmin": True}, AccountType.ROOM_ADMINISTRATOR),
        ({"isVisitor": True}, AccountType.GUEST),
        ({"isVisitor": False, "isCollaborator": True}, AccountType.USER),
    ],
)
def test_the_flags_tell_the_type(flags, type_):
    assert read(**{"isVisitor": False, **flags}).type is type_


def test_an_ldap_account_is_known():
    assert read(isLDAP=True).is_ldap


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00:00.0000000Z", "0001-01-01T00:00:00.0000000+03:00", None]
)
def test_a_registration_date_of_the_year_1_is_none(written):
    assert read(registrationDate=written).registered_at is None


@pytest.mark.parametrize("written", [{"id": "x"}, guid(9), None, 17, {"id": guid(0)}, {}])
def test_an_inviter_in_any_form_is_no_hindrance(written):
    found = read(createdBy=written)

    assert found.invited_by in (None, guid(9), "x", guid(0))


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": ""},
        {"id": 17},
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"registrationDate": "soon"},
        {"registrationDate": "9999-12-31T23:59:59.0000000-05:00"},
        {"isVisitor": "yes"},
        {"groups": [17]},
    ],
)
def test_a_profile_that_cannot_be_understood_is_unreadable(change):
    with pytest.raises(MalformedResponse):
        read(**change)


@pytest.mark.parametrize(
    "more",
    [
        {"total": None},
        {"total": 1},
        {"total": 2, "count": 1},
        {"total": "2"},
        {"total": 10**12},
        {"total": -1},
    ],
)
def test_a_list_that_contradicts_itself_is_unreadable(more):
    with pytest.raises(MalformedResponse):
        read_people(ok([profile(1), profile(2)], **more).body)


def test_the_count_of_a_change_says_nothing():
    # the portal counts the stream before it has run
    assert len(read_changed_people(ok([profile(1), profile(2)], count=1).body)) == 2


def test_the_retention_is_in_days():
    body = ok({"loginHistoryLifeTime": 180, "auditTrailLifeTime": 7, "lastModified": "x"}).body

    assert read_retention(body) == Retention(sign_in_days=180, trail_days=7)


@pytest.mark.parametrize(
    "lifetimes", [{}, {"loginHistoryLifeTime": 180}, [], None,
                  {"loginHistoryLifeTime": 0, "auditTrailLifeTime": 180},
                  {"loginHistoryLifeTime": 180, "auditTrailLifeTime": 10**30}]
)  # fmt: skip
def test_no_retention_is_made_up(lifetimes):
    with pytest.raises(MalformedResponse):
        read_retention(ok(lifetimes).body)


@pytest.mark.parametrize("days", [[[]], [180], {}, True, 180.5, "180", None])
@pytest.mark.parametrize("log", ["loginHistoryLifeTime", "auditTrailLifeTime"])
def test_a_lifetime_of_another_type_is_unreadable(log, days):
    lifetimes = {"loginHistoryLifeTime": 180, "auditTrailLifeTime": 180, log: days}

    with pytest.raises(MalformedResponse):
        read_retention(ok(lifetimes).body)


def test_an_errors_envelope_tells_status_and_message():
    told = failure(failed(402, "Your pricing plan does not support this option").body)

    assert told is not None
    assert (told.status, told.message) == (402, "Your pricing plan does not support this option")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 100_000, ok([]).body, b"\xff"])
def test_anything_else_is_no_error_of_the_portals(body):
    assert failure(body) is None


BODY = ok([profile(1, createdBy={"id": guid(2)}, groups=[{"id": guid(3)}])], total=1).body


@settings(max_examples=200, deadline=None)
@given(
    place=st.integers(0, len(BODY) - 1),
    length=st.integers(0, 40),
    instead=st.binary(max_size=20),
)
def test_a_damaged_list_is_read_or_unreadable_but_never_a_crash(place, length, instead):
    body = BODY[:place] + instead + BODY[place + length :]

    try:
        page = read_people(body)
    except MalformedResponse:
        return
    assert len(page.people) == len(json.loads(body.decode(errors="replace"))["response"])
