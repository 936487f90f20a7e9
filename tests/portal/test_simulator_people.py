"""Reading people on the simulated portal: who is listed, in which order, and who sees whom."""

from dataclasses import replace

import pytest

from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.keys import make_key
from lastseen.simulator.world.people import LOST, SYSTEM, Activation, Kind, Status
from tests.unit.simulator.worlds import (
    ADMIN,
    ANNA,
    BERT,
    CARA,
    DIRK,
    GROUP,
    IDS,
    LOGINS,
    OWNER,
    PEOPLE,
    PEOPLE_OF_ALL_SORTS,
    ROOM_ADMIN,
    USER,
    get,
    person,
    portal,
)

ANNA_GONE, BERT_PENDING = (
    replace(PEOPLE_OF_ALL_SORTS[4], status=Status.TERMINATED),
    replace(
        PEOPLE_OF_ALL_SORTS[5],
        status=Status.PENDING,
        activation=Activation.PENDING,
        first_name="",
        last_name="",
    ),
)
OF_EVERY_STATUS = (*PEOPLE_OF_ALL_SORTS[:4], ANNA_GONE, BERT_PENDING, *PEOPLE_OF_ALL_SORTS[6:])


def found(where, **query):
    return set(get(where, PEOPLE, **query).ids)


class TestFilters:
    def test_everybody_is_listed_with_a_total(self):
        document = get(portal(), PEOPLE, count=3).document
        assert (document["total"], document["count"], len(document["response"])) == (8, 3, 3)

    def test_the_system_account_is_never_listed(self):
        system = person(IDS[50], is_system=True, kind=Kind.SYSTEM)
        people = [*PEOPLE_OF_ALL_SORTS, replace(system, id=SYSTEM)]
        assert SYSTEM not in found(portal(people=people))

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("Active", {OWNER, ADMIN, ROOM_ADMIN, USER, CARA, DIRK}),
            ("1", {OWNER, ADMIN, ROOM_ADMIN, USER, CARA, DIRK}),
            ("Default", {OWNER, ADMIN, ROOM_ADMIN, USER, CARA, DIRK}),
            ("Terminated", {ANNA}),
            ("2", {ANNA}),
            ("Pending", {BERT}),
            ("4", {BERT}),
            ("All", set(IDS[:8])),
            ("7", set(IDS[:8])),
            ("", set(IDS[:8])),
        ],
    )
    def test_status(self, status, expected):
        assert found(portal(people=OF_EVERY_STATUS), employeeStatus=status) == expected

    def test_active_leaves_pending_out(self):
        assert BERT not in found(portal(people=OF_EVERY_STATUS), employeeStatus="Active")

    def test_an_administrator_who_leaves_the_status_out_gets_every_status(self):
        assert found(portal(people=OF_EVERY_STATUS)) == set(IDS[:8])

    @pytest.mark.parametrize("status", ["0", "8", "Gone"])
    def test_a_status_that_there_is_not_is_a_400(self, status):
        assert get(portal(), PEOPLE, employeeStatus=status).status == 400

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"employeeType": "Guest"}, {ANNA, BERT, CARA, DIRK}),
            ({"employeeType": 2}, {ANNA, BERT, CARA, DIRK}),
            ({"employeeType": "RoomAdmin"}, {ROOM_ADMIN}),
            ({"employeeType": 3}, {OWNER, ADMIN}),
            ({"employeeType": 4}, {USER}),
            ({"employeeType": 0}, set(IDS[:8])),
            ({"area": "Guests"}, {ANNA, BERT, CARA, DIRK}),
            ({"area": "People"}, {OWNER, ADMIN, ROOM_ADMIN, USER}),
            ({"area": "All"}, set(IDS[:8])),
            ({"area": "Guests", "employeeType": "User"}, {ANNA, BERT, CARA, DIRK}),
            ({"area": "People", "employeeType": "Guest"}, {OWNER, ADMIN, ROOM_ADMIN, USER}),
            ({"groupId": GROUP.id}, {BERT}),
            ({"groupId": GROUP.id, "excludeGroup": "true"}, set(IDS[:8]) - {BERT}),
            ({"withoutGroup": "true"}, set(IDS[:8]) - {BERT}),
            ({"inviterId": ROOM_ADMIN}, {ANNA}),
            ({"invitedByMe": "true"}, {BERT}),
            ({"invitedByMe": "false"}, set(IDS[:8])),
            ({"isAdministrator": "true"}, {OWNER, ADMIN}),
            ({"activationStatus": "Activated"}, set(IDS[:8])),
            ({"activationStatus": 2}, set()),
            ({"accountLoginType": "SSO"}, {CARA}),
            ({"accountLoginType": 1}, {DIRK}),
            ({"accountLoginType": "Standart"}, set(IDS[:6])),
            ({"filterValue": "PERSON.005"}, {BERT}),
            ({"filterValue": "person 005"}, {BERT}),
            ({"filterValue": "005|006", "filterSeparator": "|"}, {BERT, CARA}),
            ({"filterValue": "owner"}, {OWNER}),
        ],
    )
    def test_other_filters(self, query, expected):
        assert found(portal(), **query) == expected

    @pytest.mark.parametrize(
        "query",
        [
            {"area": "Mars"},
            {"employeeType": 9},
            {"groupId": "friends"},
            {"invitedByMe": "perhaps"},
            {"count": 0},
            {"count": 101},
            {"sortOrder": "sideways"},
        ],
    )
    def test_what_cannot_be_read_is_a_400(self, query):
        assert get(portal(), PEOPLE, **query).status == 400


class TestOrder:
    CROWD = (
        *PEOPLE_OF_ALL_SORTS[:2],
        *(person(user_id, first_name="Sam") for user_id in IDS[10:60]),
    )

    def test_the_default_order_leaves_equal_first_names_open(self):
        asked = portal(people=self.CROWD)
        assert len({tuple(get(asked, PEOPLE).ids) for _ in range(5)}) == 5

    def test_pages_of_the_default_order_skip_and_repeat(self):
        asked = portal(people=self.CROWD)
        pages = [get(asked, PEOPLE, count=26, startIndex=start).ids for start in (0, 26)]
        assert len(pages[0]) + len(pages[1]) == 52
        assert len({*pages[0], *pages[1]}) < 52

    def test_the_default_order_is_status_then_first_name(self):
        asked = portal(people=OF_EVERY_STATUS)
        order = get(asked, PEOPLE).ids
        assert order[0] == ADMIN
        assert order[-2:] == [BERT, ANNA]

    def test_disabling_somebody_moves_them_to_the_end(self):
        asked = portal(setup=Setup(keys=[make_key(OWNER, 1)]))
        assert get(asked, PEOPLE).ids[0] == ADMIN
        asked.world.set_status(ADMIN, Status.TERMINATED, by="hand", now=0)
        assert get(asked, PEOPLE).ids[-1] == ADMIN

    def test_sorting_by_email_is_stable(self):
        asked = portal(people=self.CROWD)
        orders = {tuple(get(asked, PEOPLE, sortBy="email").ids) for _ in range(5)}
        assert orders == {(OWNER, ADMIN, *IDS[10:60])}

    def test_sorting_by_email_does_not_depend_on_status_or_case(self):
        people = [replace(OF_EVERY_STATUS[0], email="PERSON.000@EXAMPLE.NET"), *OF_EVERY_STATUS[1:]]
        assert get(portal(people=people), PEOPLE, sortBy="email").ids == IDS[:8]

    def test_the_other_way_round(self):
        order = get(portal(), PEOPLE, sortBy="email", sortOrder="descending").ids
        assert order == IDS[7::-1]

    def test_pages_by_email_hold_everybody_once(self):
        asked = portal(people=self.CROWD)
        pages = [
            get(asked, PEOPLE, sortBy="email", count=20, startIndex=start).ids
            for start in (0, 20, 40, 60)
        ]
        assert [len(page) for page in pages] == [20, 20, 12, 0]
        assert [user_id for page in pages for user_id in page] == [OWNER, ADMIN, *IDS[10:60]]

    @pytest.mark.parametrize(
        "sort_by", ["lastName", "type", "department", "createdBy", "registrationDate", "nonsense"]
    )
    def test_other_orders_are_taken_too(self, sort_by):
        assert found(portal(), sortBy=sort_by) == set(IDS[:8])


class TestWhoSeesWhom:
    def test_an_administrator_sees_every_guest(self):
        assert found(portal(), area="Guests") == {ANNA, BERT, CARA, DIRK}

    @pytest.mark.parametrize("query", [{"area": "Guests"}, {"employeeType": "Guest"}])
    def test_a_room_administrator_sees_the_guests_related_to_them(self, query):
        assert found(portal(key_account=ROOM_ADMIN), **query) == {ANNA}

    def test_a_room_administrator_sees_all_who_are_no_guests(self):
        asked = portal(key_account=ROOM_ADMIN)
        assert found(asked) == {OWNER, ADMIN, ROOM_ADMIN, USER, ANNA}
        assert found(asked, area="People") == {OWNER, ADMIN, ROOM_ADMIN, USER}

    @pytest.mark.parametrize("status", ["", "All", "Terminated"])
    def test_a_room_administrator_sees_nobody_who_was_disabled(self, status):
        asked = portal(people=OF_EVERY_STATUS, key_account=ROOM_ADMIN)
        assert ANNA not in found(asked, employeeStatus=status)

    def test_a_room_administrator_is_not_told_who_invited(self):
        (anna,) = get(portal(key_account=ROOM_ADMIN), PEOPLE, area="Guests").items
        assert "createdBy" not in anna

    @pytest.mark.parametrize("user_id", [USER, ANNA])
    def test_users_and_guests_see_no_list(self, user_id):
        assert get(portal(key_account=user_id), PEOPLE).status == 403

    def test_a_guest_unrelated_to_a_room_administrator_is_a_403(self):
        asked = portal(key_account=ROOM_ADMIN)
        assert get(asked, f"/api/2.0/people/{ANNA}").status == 200
        assert get(asked, f"/api/2.0/people/{BERT}").status == 403
        assert get(asked, "/api/2.0/people/email", email="person.005@example.net").status == 403


class TestProfiles:
    def test_a_guest_is_described(self):
        anna = get(portal(), f"/api/2.0/people/{ANNA}").document["response"]
        assert anna["id"] == ANNA
        assert (anna["displayName"], anna["email"]) == ("Person 004", "person.004@example.net")
        assert (anna["status"], anna["activationStatus"]) == (1, 1)
        assert (anna["isVisitor"], anna["isOwner"], anna["isAdmin"]) == (True, False, False)
        assert anna["createdBy"]["id"] == ROOM_ADMIN
        assert anna["registrationDate"] == "2025-08-19T12:00:00.0000000Z"

    def test_an_inviter_who_was_removed_is_the_account_that_stands_for_all_such(self):
        anna = replace(person(ANNA), created_by="8d0f2f5e-31c5-4e0a-9a50-1d1c6f3b7a02")
        asked = portal(people=[*PEOPLE_OF_ALL_SORTS[:4], anna])
        shown = get(asked, f"/api/2.0/people/{ANNA}").document["response"]["createdBy"]
        assert (shown["id"], shown["displayName"]) == (LOST, "Removed profile")

    def test_fields_that_are_null_are_left_out(self):
        owner = get(portal(), f"/api/2.0/people/{OWNER}").document["response"]
        assert {"terminated", "createdBy", "groups"}.isdisjoint(owner)
        assert None not in owner.values()

    @pytest.mark.parametrize(
        ("user_id", "flags"),
        [
            (OWNER, {"isOwner"}),
            (ADMIN, {"isAdmin"}),
            (ROOM_ADMIN, {"isRoomAdmin"}),
            (USER, {"isCollaborator"}),
            (CARA, {"isVisitor", "isSSO"}),
            (DIRK, {"isVisitor", "isLDAP"}),
        ],
    )
    def test_flags_say_what_somebody_is(self, user_id, flags):
        profile = get(portal(), f"/api/2.0/people/{user_id}").document["response"]
        assert {name for name, value in profile.items() if value is True} == flags

    def test_groups_and_names_are_html(self):
        people = [*PEOPLE_OF_ALL_SORTS[:5], replace(PEOPLE_OF_ALL_SORTS[5], first_name="Zoë's <3")]
        bert = get(portal(people=people), f"/api/2.0/people/{BERT}").document["response"]
        assert bert["displayName"] == "Zo&#235;&#39;s &lt;3 005"
        assert (bert["firstName"], bert["groups"][0]["name"]) == ("Zoë's <3", GROUP.name)
        assert bert["department"] == "Suppliers &amp; Friends"

    def test_anyone_who_has_no_name_is_shown_by_address(self):
        profile = get(portal(people=OF_EVERY_STATUS), f"/api/2.0/people/{BERT}").document[
            "response"
        ]
        assert profile["displayName"] == "person.005@example.net"
        assert (profile["firstName"], profile["lastName"], profile["status"]) == ("", "", 4)

    def test_self_is_whoever_the_key_acts_as(self):
        for user_id in (ADMIN, ROOM_ADMIN, USER, ANNA):
            reply = get(portal(key_account=user_id), "/api/2.0/people/@self")
            assert reply.document["response"]["id"] == user_id

    def test_a_person_is_found_by_user_name(self):
        reply = get(portal(), "/api/2.0/people/Person.004")
        assert reply.document["response"]["id"] == ANNA

    @pytest.mark.parametrize("wanted", [IDS[150], "nobody", "00000000-0000-0000-0000-000000000000"])
    def test_somebody_unknown_is_a_404(self, wanted):
        reply = get(portal(), f"/api/2.0/people/{wanted}")
        assert (reply.status, reply.document["statusCode"]) == (404, 404)

    def test_a_person_is_found_by_address_in_any_case(self):
        reply = get(portal(), "/api/2.0/people/email", email=" PERSON.004@example.NET ")
        assert reply.document["response"]["id"] == ANNA

    def test_an_unknown_address_is_a_404_and_none_a_400(self):
        assert get(portal(), "/api/2.0/people/email", email="x@example.net").status == 404
        assert get(portal(), "/api/2.0/people/email").status == 400


@pytest.mark.parametrize(
    ("scopes", "path", "status"),
    [
        (["accounts:read"], PEOPLE, 200),
        (["accounts:write"], PEOPLE, 200),
        (["*:read"], PEOPLE, 200),
        (["accounts.self:read"], PEOPLE, 403),
        (["rooms:read"], PEOPLE, 403),
        (["accounts:read"], LOGINS, 403),
        (["accounts:read"], "/api/2.0/people/@self", 403),
        (["accounts.self:read"], "/api/2.0/people/@self", 200),
        (["accounts:read"], f"/api/2.0/people/{ANNA}", 200),
    ],
)
def test_a_limited_key_needs_the_scope(scopes, path, status):
    asked = portal(setup=Setup(keys=[make_key(ADMIN, 1, scopes=scopes)]))
    assert get(asked, path).status == status
