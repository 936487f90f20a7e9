import asyncio
import gzip
import json
import sys
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from lastseen.docspace import Limits, open_portal
from lastseen.docspace.interface import EventQuery
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.errors import (
    PortalRefused,
    PortalUnreachable,
    PortalUnreadable,
    UsageError,
)
from lastseen.model.instant import system_clock
from lastseen.model.secret import ApiKey
from tests.portal.client_servers import KEY, closed_port, envelope, serving, speaking

SOMEONE = UserId("00000001-0000-4000-8000-00000000abcd")
PERSON = {"id": SOMEONE, "status": 1, "isVisitor": True}
FEW = Limits(tries=2)


@asynccontextmanager
async def opened(url, limits=FEW):
    async with open_portal(url, ApiKey(KEY), clock=system_clock, limits=limits) as portal:
        yield portal


async def first_error(url, limits=FEW):
    async with opened(url, limits) as portal:
        with pytest.raises((PortalRefused, PortalUnreachable, PortalUnreadable)) as caught:
            await portal.whoami()
    return caught.value


def test_a_request_carries_the_key_and_asks_for_json():
    seen = {}

    async def answer(request):
        seen.update(request.headers)
        seen["path"] = request.path_qs
        return envelope([])

    async def play():
        async with serving(answer) as url, opened(url) as portal:
            return await portal.sign_ins(EventQuery())

    page = asyncio.run(play())

    assert seen["Authorization"] == f"Bearer {KEY}"
    assert seen["Accept"] == "application/json"
    assert seen["path"] == "/api/2.0/security/audit/login/filter?startIndex=0&count=100"
    assert page.portal_time is not None
    assert "Cookie" not in seen


def test_an_address_is_escaped_on_its_way():
    async def answer(request):
        people = [{**PERSON, "email": request.query["filterValue"]}]
        return envelope(people, total=1)

    async def play():
        async with serving(answer) as url, opened(url) as portal:
            return await portal.people_by_email("a+b&c=d#é@example.org")

    assert len(asyncio.run(play())) == 1


def test_a_compressed_answer_is_read():
    async def answer(request):
        body = gzip.compress(json.dumps({"response": PERSON}).encode())
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async def play():
        async with serving(answer) as url, opened(url) as portal:
            return await portal.whoami()

    assert asyncio.run(play()).id == SOMEONE


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else():
    strangers = []

    async def stranger(request):
        strangers.append(request.headers)
        return envelope(PERSON)

    async def play():
        async with serving(stranger) as elsewhere:

            async def portal_moved(request):
                raise web.HTTPFound(elsewhere + request.path)

            async with serving(portal_moved) as url:
                return elsewhere, await first_error(url)

    elsewhere, error = asyncio.run(play())

    assert strangers == []
    assert error.status == 302
    assert elsewhere in error.remedy


def test_a_refused_connection_is_reported():
    error = asyncio.run(first_error(f"http://127.0.0.1:{closed_port()}"))

    assert isinstance(error, PortalUnreachable)
    assert "refused" in error.found


def test_an_unknown_host_is_reported():
    # a name that no one may have (RFC 2606)
    error = asyncio.run(first_error("https://portal.invalid"))

    assert isinstance(error, PortalUnreachable)
    assert "no such host" in error.meaning


def test_a_port_that_speaks_no_tls_is_reported_as_such():
    # given a server that speaks no TLS at all where TLS is spoken
    async def speak(reader, writer):
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def play():
        async with speaking(speak) as url:
            return await first_error(url.replace("http://", "https://"))

    error = asyncio.run(play())

    assert isinstance(error, PortalUnreachable)
    assert "TLS" in error.found
    assert "port" in error.remedy
    assert "certificate" not in error.remedy


def test_an_answer_that_never_comes_is_given_up():
    async def answer(request):
        await asyncio.sleep(30)

    async def play():
        async with serving(answer) as url:
            return await first_error(url, Limits(tries=1, answer_seconds=0.2))

    began = time.monotonic()
    error = asyncio.run(play())

    assert isinstance(error, PortalUnreachable)
    assert "in time" in error.found
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x00\x01\x02",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"response":',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 999999 ?\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_an_error_and_no_crash(said):
    async def speak(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async def play():
        async with speaking(speak) as url:
            return await first_error(url, Limits(tries=1))

    assert isinstance(asyncio.run(play()), PortalUnreachable | PortalUnreadable)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 mail.example ESMTP\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_another_service_on_the_port_is_told_as_such_and_soon(said):
    asked = []

    async def speak(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(said)
        await writer.drain()

    async def play():
        async with speaking(speak) as url:
            return await first_error(url, Limits())

    error = asyncio.run(play())

    assert "does not speak HTTP" in error.found
    assert "another service" in error.meaning
    assert len(asked) == 2


def test_an_endless_answer_is_not_read_to_its_end():
    async def answer(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b" " * 100_000)
        return response

    async def bomb(request):
        body = gzip.compress(b" " * 20_000_000)
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async def honest(request):
        return web.Response(body=b" " * 2_000_000)

    async def play(answering):
        async with serving(answering) as url:
            return await first_error(url, Limits(tries=1, largest_answer_bytes=1_000_000))

    for answering in (answer, bomb, honest):
        error = asyncio.run(play(answering))
        assert isinstance(error, PortalUnreadable)
        assert "1,000,000 bytes" in error.found


def test_a_change_is_sent_once_even_where_the_connection_breaks():
    # given a portal that hangs up on every change, on connections kept open by reading before
    received = []

    async def answer(request):
        if request.method == "GET":
            return envelope(PERSON)
        received.append(await request.read())
        request.transport.close()
        return web.Response()

    async def play():
        async with serving(answer) as url, opened(url) as portal:
            await portal.whoami()
            for _ in range(3):
                with pytest.raises(PortalUnreachable):
                    await portal.set_status((SOMEONE,), AccountStatus.TERMINATED)
                await portal.whoami()

    asyncio.run(play())

    assert [json.loads(body)["userIds"] for body in received] == [[SOMEONE]] * 3


@pytest.mark.parametrize(("pause", "connections"), [(0.0, 1), (1.2, 2)], ids=["soon", "later"])
def test_a_change_uses_a_connection_again_only_right_after_an_answer(pause, connections):
    used = set()

    async def answer(request):
        used.add(request.transport.get_extra_info("peername"))
        return envelope([PERSON | {"status": 2}])

    async def play():
        async with serving(answer) as url, opened(url) as portal:
            await portal.set_status((SOMEONE,), AccountStatus.TERMINATED)
            await asyncio.sleep(pause)
            await portal.set_status((SOMEONE,), AccountStatus.TERMINATED)

    asyncio.run(play())
    assert len(used) == connections


def test_a_connection_that_closes_after_a_change_loses_no_other_change():
    received = []

    async def speak(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        received.append(await reader.readexactly(length))
        body = json.dumps({"response": [PERSON | {"status": 2}]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async def play():
        async with speaking(speak) as url, opened(url) as portal:
            for _ in range(5):
                await portal.set_status((SOMEONE,), AccountStatus.TERMINATED)
                time.sleep(0.01)  # noqa: ASYNC251 - as a journal is written

    asyncio.run(play())
    assert len(received) == 5


def test_a_change_carries_its_people():
    async def answer(request):
        assert request.path == "/api/2.0/people/status/2"
        assert request.content_type == "application/json"
        people = (await request.json())["userIds"]
        return envelope([{"id": one, "status": 2} for one in people], count=1)

    async def play():
        async with (
            serving(answer) as url,
            open_portal(url, ApiKey(KEY), clock=system_clock, disabled_status=2) as portal,
        ):
            return await portal.set_status((SOMEONE,), AccountStatus.TERMINATED)

    assert [one.id for one in asyncio.run(play())] == [SOMEONE]


def test_many_at_once_stay_inside_the_limits():
    under_way = 0
    most = 0

    async def answer(request):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1
        return envelope([])

    async def play():
        async with serving(answer) as url, opened(url, Limits(reads=12)) as portal:
            await asyncio.gather(*(portal.sign_ins(EventQuery()) for _ in range(200)))

    asyncio.run(play())

    assert most == 12


@pytest.mark.parametrize("key", ["", "  ", "two words", "sk-\u00e9", "sk\r\nX-Other: 1"])
def test_a_key_that_is_none_is_refused_before_anything_is_sent(key):
    async def play():
        async with open_portal("http://127.0.0.1:1", ApiKey(key), clock=system_clock):
            pytest.fail("opened")

    with pytest.raises(UsageError):
        asyncio.run(play())


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(monkeypatch):
    asked = []

    async def proxy(reader, writer):
        asked.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async def play():
        async with speaking(proxy) as url:
            for name in ("https_proxy", "http_proxy"):
                monkeypatch.setenv(name, url)
            monkeypatch.delenv("no_proxy", raising=False)
            error = await first_error("https://portal.example", Limits(tries=1))
            assert isinstance(error, PortalUnreachable)

            async def answer(request):
                return envelope(PERSON)

            async with serving(answer) as here, opened(here) as portal:
                await portal.whoami()

    asyncio.run(play())

    assert asked == [b"CONNECT portal.example:443 HTTP/1.1\r\n"]


def test_importing_the_room_does_not_load_the_http_library():
    import subprocess

    code = "import lastseen.docspace, sys; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress"])
def test_a_compression_that_was_not_asked_for_is_named_at_once(encoding):
    asked = []

    async def answer(request):
        asked.append(request.headers["Accept-Encoding"])
        return web.Response(body=b"\x1b\x0b\x00", headers={"Content-Encoding": encoding})

    async def play():
        async with serving(answer) as url:
            return await first_error(url, Limits())

    error = asyncio.run(play())

    assert isinstance(error, PortalUnreadable)
    assert f"compressed with '{encoding}'" in error.found
    assert asked == ["gzip, deflate"]


@asynccontextmanager
async def proxy(reply):
    """Yield the address of a proxy that records what it hears and answers every CONNECT alike."""
    heard = bytearray()

    async def speak(reader, writer):
        while not heard.endswith(b"\r\n\r\n"):
            heard.extend(await reader.readexactly(1))
        writer.write(reply)
        await writer.drain()
        if b" 200 " in reply:
            heard.extend(await reader.read(10_000))

    async with speaking(speak) as address:
        yield address, heard


def through(monkeypatch, address):
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, address)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_no_byte_of_the_key_reaches_a_proxy_before_the_tunnel(monkeypatch):
    async def play():
        async with proxy(b"HTTP/1.1 200 Connection established\r\n\r\n") as (address, heard):
            through(monkeypatch, address)
            await first_error("https://portal.example")
            return bytes(heard)

    heard = asyncio.run(play())

    assert heard.startswith(b"CONNECT portal.example:443 HTTP/1.1")
    assert KEY.encode() not in heard
    assert b"authorization" not in heard.lower()


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "user name and a password"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "proxy refused"),
    ],
)
def test_a_proxys_refusal_is_told_as_the_proxys(monkeypatch, reply, found):
    async def play():
        async with proxy(reply) as (address, _):
            through(monkeypatch, address)
            return await first_error("https://portal.example")

    error = asyncio.run(play())

    assert isinstance(error, PortalUnreachable)
    assert found in error.found
    assert "HTTPS_PROXY" in error.meaning


def test_a_proxy_that_is_not_there_is_reported_as_such(monkeypatch):
    through(monkeypatch, f"http://127.0.0.1:{closed_port()}")

    error = asyncio.run(first_error("https://portal.example"))

    assert "the proxy can't be reached" in error.found


def test_a_proxy_written_without_a_scheme_is_used_as_curl_does(monkeypatch):
    async def play():
        async with proxy(b"HTTP/1.1 403 Forbidden\r\n\r\n") as (address, heard):
            through(monkeypatch, address.removeprefix("http://"))
            await first_error("https://portal.example")
            return bytes(heard)

    assert asyncio.run(play()).startswith(b"CONNECT portal.example:443")


@pytest.mark.parametrize(
    "address", ["socks5://127.0.0.1:1080", "http://", "http://x:99999", "http://a b"]
)
def test_a_proxy_that_cannot_be_used_is_refused_in_words(monkeypatch, address):
    through(monkeypatch, address)

    with pytest.raises(UsageError, match="HTTPS_PROXY"):
        asyncio.run(first_error("https://portal.example"))
