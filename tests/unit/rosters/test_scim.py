import asyncio
import json
import urllib.request
from datetime import date

import pytest
from aiohttp import web
from msgspec import structs

from lastseen.model.contractor import Contractor
from lastseen.model.errors import RosterError, UsageError
from lastseen.rosters import Listing, RosterOptions
from lastseen.rosters.json_client import ClientLimits
from lastseen.rosters.scim import ScimRoster
from tests.unit.rosters.pretended_portal import PretendedPortal
from tests.unit.rosters.services import scim_served, served

TOKEN = "sesame"
HEADERS = {"Authorization": "Bearer env:SCIM_TOKEN"}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv("SCIM_TOKEN", TOKEN)


def load(url: str, **options: object) -> Listing:
    return asyncio.run(loading(url, **options))


async def loading(url: str, **options: object) -> Listing:
    chosen = structs.replace(RosterOptions(source="scim", url=url, headers=HEADERS), **options)
    limits = ClientLimits(first_pause_seconds=0)
    return await ScimRoster(chosen, limits=limits, page_size=3).load(PretendedPortal())


def create(url: str, name: str, **fields: object) -> None:
    user = {
        "schemas": [USER],
        "userName": name,
        "emails": [{"value": f"{name}@x.org", "primary": True}],
        "active": True,
        **fields,
    }
    request = urllib.request.Request(
        f"{url}/Users",
        json.dumps(user).encode(),
        {"Content-Type": "application/scim+json", "Authorization": f"Bearer {TOKEN}"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


@pytest.fixture(params=[False, True], ids=["by index", "by cursor"])
def url(request):
    with scim_served(TOKEN, cursors=request.param) as url:
        yield url


def test_every_page_of_a_scim_server_is_read(url):
    for number in range(10):
        create(url, f"person{number}", displayName=f"Person {number}", userType="Contractor")

    listing = load(url)

    assert {c.email for c in listing.contractors} == {f"person{n}@x.org" for n in range(10)}
    assert {c.kind for c in listing.contractors} == {"Contractor"}
    assert {c.id for c in listing.contractors} == {None}
    assert "Person 3" in {c.display_name for c in listing.contractors}


def test_users_that_are_not_active_are_left_out_and_counted(url):
    for name, active in (("ann", True), ("bob", False), ("eve", False), ("kim", True)):
        create(url, name, active=active)

    listing = load(url)

    assert {c.email for c in listing.contractors} == {"ann@x.org", "kim@x.org"}
    assert "2 of 4 users are not active" in listing.warnings[0]


def test_the_filter_is_the_servers(url):
    for name, kind in (("ann", "Contractor"), ("bob", "Employee"), ("eve", "Contractor")):
        create(url, name, userType=kind)

    listing = load(url, filter='userType eq "Contractor"')

    assert {c.email for c in listing.contractors} == {"ann@x.org", "eve@x.org"}


def test_an_empty_list_is_an_empty_roster(url):
    assert load(url).contractors == ()


def test_a_wrong_token_is_reported_as_one(url, monkeypatch):
    monkeypatch.setenv("SCIM_TOKEN", "wrong")

    with pytest.raises(RosterError, match="doesn't accept the password or token") as refusal:
        load(url)
    assert "wrong" not in refusal.value.found


def test_a_service_that_is_down_is_reported_as_one():
    with pytest.raises(RosterError, match="the connection failed"):
        load("http://127.0.0.1:9/v2")


def users(*numbers: int, **fields: object) -> list[dict[str, object]]:
    return [
        {"id": str(n), "userName": f"p{n}", "emails": [{"value": f"p{n}@x.org"}], **fields}
        for n in numbers
    ]


def answered(pages: dict[str, dict[str, object]], **options: object) -> Listing:
    """Read a service that answers each `startIndex` as given, and offers no cursors."""

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/Users"):
            return web.json_response(pages[request.query["startIndex"]])
        return web.Response(status=404)

    async def play() -> Listing:
        async with served(answer) as url:
            return await loading(url, **options)

    return asyncio.run(play())


@pytest.mark.parametrize(
    "pages",
    [
        {"1": {"totalResults": 5, "Resources": users(1, 2)}, "3": {"totalResults": 5}},
        {
            "1": {"totalResults": 4, "Resources": users(1, 2)},
            "3": {"totalResults": 5, "Resources": users(3, 4)},
        },
        {"1": {"totalResults": 4, "Resources": users(1, 2, 1, 3)}},
        {"1": {"totalResults": 1, "Resources": users(1, 2)}},
        {"1": {"TotalResults": 1, "resources": users(1)}},
        {"1": {}},
    ],
    ids=[
        "a page is missing",
        "the total changed",
        "one came twice",
        "more than the total",
        "other names",
        "no list",
    ],
)
def test_a_list_that_is_not_proven_whole_is_refused(pages):
    with pytest.raises(RosterError, match=r"page \d"):
        answered(pages)


def test_the_primary_address_is_chosen_else_the_only_one_else_the_user_name():
    people: list[dict[str, object]] = [
        {"id": "1", "emails": [{"value": "x@x.org"}, {"value": "a@x.org", "primary": True}]},
        {"id": "2", "emails": [{"value": "b@x.org"}]},
        {
            "id": "3",
            "emails": [{"value": "h@x.org", "type": "home"}, {"value": "c@x.org", "type": "work"}],
        },
        {"id": "4", "userName": "d@x.org"},
    ]

    listing = answered({"1": {"totalResults": 4, "Resources": people}})

    assert [c.email for c in listing.contractors] == ["a@x.org", "b@x.org", "c@x.org", "d@x.org"]


def test_several_addresses_of_which_none_is_primary_refuse_the_list():
    person = {"id": "1", "emails": [{"value": "a@x.org"}, {"value": "b@x.org"}]}

    with pytest.raises(UsageError, match="user 1: several addresses"):
        answered({"1": {"totalResults": 1, "Resources": [person]}})


@pytest.mark.parametrize("emails", ["a@x.org", 7, True, {"value": "a@x.org"}, ["a@x.org"], [None]])
def test_emails_of_another_type_refuse_the_list_instead_of_taking_the_user_name(emails):
    person = {"id": "1", "userName": "login@idp.example", "emails": emails}

    with pytest.raises(UsageError, match="user 1: emails is not a list of addresses"):
        answered({"1": {"totalResults": 1, "Resources": [person]}})


@pytest.mark.parametrize("value", [None, 7, False, ["a@x.org"], {}])
def test_a_primary_address_of_another_type_refuses_the_list_instead_of_taking_another(value):
    emails = [{"value": value, "primary": True}, {"value": "old@x.org", "type": "work"}]

    with pytest.raises(UsageError, match="user 1: the value of its address in emails is no text"):
        answered({"1": {"totalResults": 1, "Resources": [{"id": "1", "emails": emails}]}})


@pytest.mark.parametrize("emails", [None, []])
def test_a_user_without_emails_is_found_by_the_user_name(emails):
    person = {"id": "1", "userName": "a@x.org", "emails": emails}

    listing = answered({"1": {"totalResults": 1, "Resources": [person]}})

    assert [c.email for c in listing.contractors] == ["a@x.org"]


def test_other_fields_are_found_by_their_path():
    person = {
        "id": "1",
        "emails": [{"value": "a@x.org"}],
        "urn:hr:2.0:Contract": {"end": "2026-12-31"},
        ENTERPRISE: {"manager": {"displayName": "Boss"}},
    }

    listing = answered(
        {"1": {"totalResults": 1, "Resources": [person]}},
        columns={"end_date": "urn:hr:2.0:Contract.end"},
    )

    assert listing.contractors == (
        Contractor(email="a@x.org", sponsor="Boss", end_date=date(2026, 12, 31)),
    )


def test_an_answer_that_is_no_scim_list_is_reported_as_one():
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async def play() -> None:
        async with served(page) as url:
            await loading(url)

    with pytest.raises(RosterError, match="not a SCIM list"):
        asyncio.run(play())


@pytest.mark.parametrize(
    ("user", "found"),
    [
        (b'{"id": "1", "userName": "B\xf6b@x.org"}', "not a JSON object, or a name occurs twice"),
        (b'{"id": "1", "userName": "a@x.org", "userName": "b@x.org"}', "a name occurs twice in it"),
        (b'"a@x.org"', "not a JSON object"),
        (b'{"userName": "a@x.org"}', "has no id"),
    ],
    ids=["no UTF-8", "a name twice", "no object", "no id"],
)
def test_a_user_that_cannot_be_read_is_told_by_number(user, found):
    body = b'{"totalResults": 1, "Resources": [' + user + b"]}"

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/Users"):
            return web.Response(body=body, content_type="application/json")
        return web.Response(status=404)

    async def play() -> Listing:
        async with served(answer) as url:
            return await loading(url)

    with pytest.raises(RosterError, match=f"user 1 .*{found}"):
        asyncio.run(play())
