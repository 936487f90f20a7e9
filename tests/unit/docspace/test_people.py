import asyncio

import pytest

from lastseen.docspace.interface import PeopleQuery
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalRefused, PortalUnreadable
from tests.unit.docspace.scripted import Scripted, failed, guid, in_turn, ok, profile, raw


class Directory:
    """People in the order of their addresses, served in pages; `between` runs before each page."""

    def __init__(self, people, between=lambda directory, page: None):
        self.people = people
        self.between = between
        self.pages = 0

    def __call__(self, request):
        self.between(self, self.pages)
        self.pages += 1
        asked = dict(request.query)
        start, count = int(asked["startIndex"]), int(asked["count"])
        people = sorted(self.people, key=lambda person: person["email"])
        return ok(people[start : start + count], total=len(people))


def everyone(directory, query=None):
    return asyncio.run(Scripted(directory).client().people(query or PeopleQuery()))


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 200, 357])
def test_everyone_comes_once(number):
    people = everyone(Directory([profile(n) for n in range(number)]))

    assert [one.id for one in people] == [guid(n) for n in range(number)]


def test_a_list_is_asked_for_in_an_order_that_disabling_does_not_change():
    portal = Scripted(Directory([profile(n) for n in range(150)]))
    query = PeopleQuery(guests_only=True, group_id=guid(5), inviter_id=guid(6))

    asyncio.run(portal.client().people(query))

    assert [dict(request.query) for request in portal.requests] == [
        {
            "employeeStatus": "7",
            "sortBy": "email",
            "sortOrder": "ascending",
            "startIndex": start,
            "count": "100",
            "area": "Guests",
            "groupId": guid(5),
            "inviterId": guid(6),
        }
        for start in ("0", "100")
    ]


def test_a_list_that_changes_while_it_is_read_is_read_again():
    # given someone who leaves after the first page, so that the second misses one
    def leaves(directory, page):
        if page == 1:
            del directory.people[0]

    directory = Directory([profile(n) for n in range(250)], leaves)

    # when
    people = everyone(directory)

    # then
    assert [one.id for one in people] == [guid(n) for n in range(1, 250)]
    assert directory.pages == 6


def test_a_list_that_never_stands_still_is_unreadable():
    def grows(directory, page):
        directory.people.append(profile(1000 + page))

    with pytest.raises(PortalUnreadable, match="people"):
        everyone(Directory([profile(n) for n in range(150)], grows))


def test_a_list_with_one_person_twice_is_unreadable():
    people = [profile(n) for n in range(150)]

    with pytest.raises(PortalUnreadable):
        everyone(Directory([*people, people[3]]))


def test_a_portal_that_passes_over_the_start_is_found_out():
    people = [profile(n) for n in range(100)]

    with pytest.raises(PortalUnreadable):
        everyone(lambda _: ok(people, total=300))


def test_only_guests_are_guests():
    # given a portal that does not know areas
    directory = Directory([profile(1), profile(2, isVisitor=False), profile(3)])

    people = everyone(directory, PeopleQuery(guests_only=True))

    assert [one.id for one in people] == [guid(1), guid(3)]


def test_people_of_other_groups_or_inviters_are_not_taken_for_the_wanted_ones():
    in_group = profile(1, groups=[{"id": guid(5)}], createdBy={"id": guid(6)})
    outside = profile(2, groups=[{"id": guid(7)}], createdBy={"id": guid(8)})

    assert len(everyone(Directory([in_group]), PeopleQuery(group_id=guid(5).upper()))) == 1
    assert len(everyone(Directory([in_group]), PeopleQuery(inviter_id=guid(6)))) == 1
    with pytest.raises(PortalUnreadable):
        everyone(Directory([in_group, outside]), PeopleQuery(group_id=guid(5)))
    with pytest.raises(PortalUnreadable):
        everyone(Directory([in_group, outside]), PeopleQuery(inviter_id=guid(6)))


def test_people_are_counted_by_one_request():
    portal = Scripted(Directory([profile(n) for n in range(250)]))

    assert asyncio.run(portal.client().count_people(PeopleQuery(guests_only=True))) == 250
    assert len(portal.requests) == 1


def test_a_person_is_found_by_id_in_any_case():
    portal = Scripted(lambda _: ok(profile(171)))

    found = asyncio.run(portal.client().person(UserId(guid(171).upper())))

    assert found is not None
    assert found.id == guid(171)
    assert portal.requests[0].path == f"/api/2.0/people/{guid(171)}"


def test_the_portals_own_404_means_that_there_is_nobody():
    client = Scripted(lambda _: failed(404, "The user could not be found")).client()

    assert asyncio.run(client.person(guid(1))) is None


def test_another_servers_404_does_not():
    client = Scripted(lambda _: raw(b"<html>not found</html>", 404)).client()

    with pytest.raises(PortalRefused) as caught:
        asyncio.run(client.person(guid(1)))

    assert caught.value.status == 404
    assert "DocSpace API" in caught.value.meaning


@pytest.mark.parametrize("identity", ["@self", "filter", "", "../x", "jane", "status/Terminated"])
def test_what_is_no_id_is_nobody_and_is_not_asked_for(identity):
    portal = Scripted(lambda _: ok(profile(1)))

    assert asyncio.run(portal.client().person(UserId(identity))) is None
    assert portal.requests == []


def test_an_address_that_is_nearly_the_one_asked_for_is_brought_to_be_compared():
    listing = Scripted(Directory([profile(1, email="jose@example.org")])).client()

    assert len(asyncio.run(listing.people_by_email("josé@example.org"))) == 1


def test_an_answer_about_another_person_is_unreadable_and_nobody_is_taken_for_gone():
    # the portal looks ids up as user names first
    client = Scripted(lambda _: ok(profile(1))).client()

    with pytest.raises(PortalUnreadable, match="another person"):
        asyncio.run(client.person(guid(2)))


def test_someone_with_another_address_is_not_taken_for_the_person_asked_for():
    # the portal finds addresses by its database's likeness
    listing = Scripted(Directory([profile(1, email="jose@example.org")])).client()

    assert asyncio.run(listing.people_by_email("joze@example.org")) == ()
    assert len(asyncio.run(listing.people_by_email(" JOSE@example.org "))) == 1
    assert asyncio.run(listing.people_by_email(" ")) == ()


def test_everyone_with_an_address_in_any_case_is_found():
    people = [profile(1, email="Jo@example.org"), profile(2, email="jo@example.org")]
    client = Scripted(Directory([*people, profile(3, email="ajo@example.org")])).client()

    assert len(asyncio.run(client.people_by_email("JO@example.org"))) == 2


def test_an_empty_list_is_believed_only_when_every_reading_is_empty():
    directory = Directory([profile(1)])
    answers = iter([Directory([])])
    portal = Scripted(lambda request: next(answers, directory)(request))

    assert len(asyncio.run(portal.client().people(PeopleQuery(guests_only=True)))) == 1
    nobody = Scripted(Directory([]))
    assert asyncio.run(nobody.client().people(PeopleQuery(guests_only=True))) == ()
    assert len(nobody.requests) == 3


def test_a_profile_that_may_not_be_seen_is_an_error():
    with pytest.raises(PortalRefused) as caught:
        asyncio.run(Scripted(lambda _: failed(403, "Access denied")).client().person(guid(1)))

    assert caught.value.status == 403


def test_a_page_that_fails_once_is_asked_for_again():
    people = [profile(n) for n in range(3)]
    cut = ok(people[:2], total=3)
    portal = Scripted(in_turn(failed(500), ok(people, count=2), cut, ok(people, total=3)))

    found = asyncio.run(portal.client().people(PeopleQuery()))

    assert len(found) == 3
    assert len(portal.requests) == 4


def test_the_first_error_of_a_list_is_reported_and_nothing_continues():
    people = [profile(n) for n in range(100)]

    def answer(request):
        start = dict(request.query)["startIndex"]
        return ok(people, total=3000) if start == "0" else failed(403)

    portal = Scripted(answer)

    with pytest.raises(PortalRefused):
        asyncio.run(portal.client().people(PeopleQuery()))
