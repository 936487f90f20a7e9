import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from aiohttp import web
from msgspec import structs

from lastseen.model.contractor import Contractor
from lastseen.model.errors import ExitCode, LastseenError, RosterError, UsageError
from lastseen.rosters import Listing, RosterOptions, open_roster
from lastseen.rosters.http import HttpRoster
from lastseen.rosters.json_client import ClientLimits
from tests.unit.rosters.pretended_portal import PretendedPortal
from tests.unit.rosters.services import served

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADERS = {"Authorization": "Bearer env:HR_TOKEN"}
AT_ONCE = ClientLimits(first_pause_seconds=0)


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv("HR_TOKEN", "sesame")


def load(answer: Answer, limits: ClientLimits = AT_ONCE, **options: object) -> Listing:
    """Read a service that answers every request with `answer`."""

    async def play() -> Listing:
        async with served(answer) as url:
            chosen = RosterOptions(source="http", url=f"{url}/people", headers=HEADERS)
            roster = HttpRoster(structs.replace(chosen, **options), limits=limits)
            return await roster.load(PretendedPortal())

    return asyncio.run(play())


def pages(count: int, people: int = 3) -> Answer:
    """Answer with pages that lead to one another, to whoever has the token."""

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer sesame":
            return web.Response(status=401)
        page = int(request.query.get("page", "1"))
        link = {"Link": f'</people?page={page + 1}>; rel="next"'} if page < count else {}
        rows = [{"email": f"p{page}.{n}@x.org"} for n in range(people)]
        return web.json_response({"data": {"people": rows}}, headers=link)

    return answer


def always(**response: object) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(**response)  # type: ignore[arg-type]

    return answer


def test_every_page_is_read_with_the_credentials():
    listing = load(pages(4), rows="data.people")

    assert len(listing.contractors) == 12


def test_values_are_found_by_dotted_paths():
    row = {"contact": {"mail": "a@x.org"}, "contract": [{"to": "2026-12-31"}], "type": "external"}

    async def answer(request: web.Request) -> web.Response:
        return web.json_response([row])

    listing = load(
        answer, columns={"email": "contact.mail", "end_date": "contract.0.to", "kind": "type"}
    )

    assert listing.contractors == (
        Contractor(email="a@x.org", end_date=date(2026, 12, 31), kind="external"),
    )


@pytest.mark.parametrize(
    ("answer", "found", "code"),
    [
        (always(status=401), "password or token", ExitCode.REFUSED),
        (always(status=403), "refuses the list", ExitCode.REFUSED),
        (always(status=404), "nothing at this address", ExitCode.REFUSED),
        (always(status=503), "HTTP status 503", ExitCode.REFUSED),
        (always(status=429), "too many requests", ExitCode.REFUSED),
        (always(status=302, headers={"Location": "/"}), "redirects", ExitCode.REFUSED),
        (always(text="<html>", content_type="text/html"), "not JSON", ExitCode.REFUSED),
        (always(body=b"\xff\xfe", content_type="application/json"), "not JSON", ExitCode.REFUSED),
        (always(text='{"data": {}}'), "no list at its top", ExitCode.REFUSED),
        (always(text='["a"]'), "row 1: not a JSON object", ExitCode.USAGE),
        (always(text='[{"mail": "a@x.org"}]'), "none of its 1 rows has a value", ExitCode.USAGE),
        (always(text='[{"email": "n/a"}]'), "row 1: column email", ExitCode.USAGE),
        (always(text="[" * 100_000), "not JSON", ExitCode.REFUSED),
    ],
)
def test_every_failure_has_its_own_words(answer, found, code):
    with pytest.raises(LastseenError) as failure:
        load(answer)

    assert found in failure.value.found
    assert failure.value.exit_code is code
    assert "sesame" not in "".join(map(str, vars(failure.value).values()))


def test_a_service_that_recovers_is_asked_again():
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(status=503) if len(asked) < 3 else web.Response(text="[]")

    assert load(answer).contractors == ()
    assert len(asked) == 3


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/people", "http://127.0.0.1:9/people", "//other.example/"]
)
def test_a_next_page_on_another_host_is_never_asked(link):
    async def answer(request: web.Request) -> web.Response:
        return web.json_response([], headers={"Link": f'<{link}>; rel="next"'})

    with pytest.raises(RosterError, match="on another host"):
        load(answer)


@pytest.mark.parametrize("relation", ["rel=next", 'rel="NEXT"', 'rel="next last"', 'Rel="a Next"'])
def test_a_next_page_is_known_in_every_form(relation):
    async def answer(request: web.Request) -> web.Response:
        page = int(request.query.get("page", "1"))
        headers = {"Link": f"</people?page=2>; {relation}, </1>; rel=first"} if page < 2 else {}
        return web.json_response([{"email": f"p{page}@x.org"}], headers=headers)

    assert len(load(answer).contractors) == 2


def test_several_next_pages_refuse_the_list():
    links = '</people?page=2>; rel=next, </people?page=3>; rel="next"'

    with pytest.raises(RosterError, match="several next pages"):
        load(always(body="[]", headers={"Link": links}))


@pytest.mark.parametrize(
    "beside",
    [
        {"next": "/people?page=2"},
        {"meta": {"hasMore": True}},
        {"links": [{"rel": "next", "href": "/people?page=2"}]},
        {"last": False},
    ],
)
def test_a_further_page_that_is_not_followed_refuses_the_list(beside):
    rows = {"data": {"people": [{"email": "a@x.org"}], **beside}}

    with pytest.raises(RosterError, match="says that there are more pages"):
        load(always(body=json.dumps(rows)), rows="data.people")


def test_a_list_with_fewer_rows_than_it_claims_is_refused():
    answer = {"total": 2, "people": [{"email": "a@x.org"}]}

    with pytest.raises(RosterError, match="1 of 2 rows were returned"):
        load(always(body=json.dumps(answer)), rows="people")
    people = [{"email": "a@x.org"}, {"email": "b@x.org"}]
    assert (
        len(load(always(body=json.dumps({**answer, "people": people})), rows="people").contractors)
        == 2
    )


@pytest.mark.parametrize("pages", [2, "2"])
def test_a_list_of_fewer_pages_than_it_claims_is_refused(pages):
    answer = {"page": 1, "totalPages": pages, "people": [{"email": "a@x.org"}]}

    with pytest.raises(RosterError, match="1 of 2 pages were read"):
        load(always(body=json.dumps(answer)), rows="people")
    complete = json.dumps({**answer, "totalPages": 1, "hasMore": "False"})
    assert load(always(body=complete), rows="people").contractors


def test_pages_that_are_followed_may_say_how_many_they_are():
    async def answer(request: web.Request) -> web.Response:
        page = int(request.query.get("page", "1"))
        link = {"Link": f'</people?page={page + 1}>; rel="next"'} if page < 3 else {}
        body = {"last": page == 3, "totalPages": 3, "rows": [{"email": f"p{page}@x.org"}]}
        return web.json_response(body, headers=link)

    assert len(load(answer, rows="rows").contractors) == 3


def test_two_values_that_may_be_the_end_refuse_the_list_unless_one_is_chosen():
    row = {"email": "a@x.org", "end_date": "2020-01-01", "End Date": "2030-01-01"}
    answer = always(body=json.dumps([row]))

    with pytest.raises(UsageError, match=r"row 1: .* may each be the end of a contract"):
        load(answer)
    chosen = load(answer, columns={"end_date": "End Date"})
    assert chosen.contractors[0].end_date == date(2030, 1, 1)


def test_pages_in_a_circle_are_noticed():
    async def answer(request: web.Request) -> web.Response:
        return web.json_response([], headers={"Link": '</people>; rel="next"'})

    with pytest.raises(RosterError, match="read already"):
        load(answer)


def test_a_page_that_is_missing_is_named():
    async def answer(request: web.Request) -> web.Response:
        if "page" in request.query:
            return web.Response(status=404)
        return web.json_response([], headers={"Link": '</people?page=2>; rel="next"'})

    with pytest.raises(RosterError, match="page 2"):
        load(answer)


def test_a_list_without_end_is_stopped_by_the_limit():
    with pytest.raises(RosterError, match="more than 20 pages"):
        load(pages(10**9), ClientLimits(pages=20), rows="data.people")


def test_an_answer_without_end_is_stopped_by_the_limit():
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 100_000)

    with pytest.raises(RosterError, match="larger than"):
        load(answer, ClientLimits(answer_bytes=1_000_000))


def test_a_service_that_is_too_slow_is_stopped():
    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.Response()

    with pytest.raises(RosterError, match="no answer in time"):
        load(answer, structs.replace(AT_ONCE, request_seconds=0.05))


def test_a_list_that_takes_too_long_as_a_whole_is_stopped():
    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        page = int(request.query.get("page", "1"))
        return web.json_response([], headers={"Link": f'</people?page={page + 1}>; rel="next"'})

    with pytest.raises(RosterError, match=r"no end after|no answer in time"):
        load(answer, structs.replace(AT_ONCE, run_seconds=0.5))


def test_as_long_a_pause_is_made_as_the_source_asks_for():
    asked: list[float] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(asyncio.get_running_loop().time())
        if len(asked) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(text="[]")

    load(answer)

    assert 1 <= asked[1] - asked[0] < 5


def test_a_plain_port_asked_for_tls_is_reported_as_one():
    async def play() -> None:
        async with served(always(text="[]")) as url:
            options = RosterOptions(source="http", url=url.replace("http:", "https:"))
            await HttpRoster(options, limits=AT_ONCE).load(PretendedPortal())

    with pytest.raises(RosterError, match="doesn't speak TLS"):
        asyncio.run(play())


@pytest.mark.parametrize(
    "url",
    [
        "http://hr.example/people",
        "ftp://hr.example/people",
        "https://user:sesame@hr.example/people",
        "hr.example/people",
        "https://",
        "",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(url):
    with pytest.raises(UsageError) as refusal:
        open_roster(RosterOptions(source="http", url=url))

    assert "sesame" not in "".join(map(str, vars(refusal.value).values()))


def test_what_was_asked_shows_no_key_of_the_query():
    roster = open_roster(
        RosterOptions(source="http", url="https://hr.example/people?key=sesame", rows="data")
    )

    assert roster.query == "https://hr.example/people data"


def test_no_proxy_sees_the_credentials(monkeypatch):
    """At CONNECT a proxy gets what the session sends with every request: nothing of ours."""
    seen = bytearray()

    async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        writer.close()

    async def play() -> None:
        server = await asyncio.start_server(record, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        async with server:
            options = RosterOptions(source="http", url="https://hr.example/a", headers=HEADERS)
            await HttpRoster(options, limits=AT_ONCE).load(PretendedPortal())

    with pytest.raises(RosterError):
        asyncio.run(play())
    assert b"CONNECT hr.example:443" in seen
    assert b"sesame" not in seen


def test_text_that_is_no_utf_8_is_refused_by_row():
    body = b'[{"email": "ann@x.org"}, {"email": "bob@x.org", "name": "B\xf6b"}]'

    with pytest.raises(UsageError, match="row 2"):
        load(always(body=body, content_type="application/json"), rows=None)
