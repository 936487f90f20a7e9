import asyncio
import gc
import logging
import traceback
from types import FunctionType, MethodType, ModuleType

import pytest
from aiohttp import web

from lastseen.docspace import Limits, open_portal
from lastseen.docspace.interface import EventQuery
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.errors import LastseenError, PortalError
from lastseen.model.instant import system_clock
from lastseen.model.secret import ApiKey
from tests.portal.client_servers import KEY, closed_port, envelope, serving, speaking

SOMEONE = UserId("00000001-0000-4000-8000-00000000abcd")


async def every_method(portal):
    """Call each method once and return the errors."""
    errors = []
    for call in (
        portal.whoami(),
        portal.person(SOMEONE),
        portal.people_by_email("a@example.org"),
        portal.sign_ins(EventQuery()),
        portal.retention(),
        portal.set_status((SOMEONE,), AccountStatus.TERMINATED),
    ):
        try:
            await call
        except PortalError as error:
            errors.append(error)
    return errors


def everything_said(error):
    seen = set()
    texts = []
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        texts += [str(error), repr(error), repr(vars(error))]
        texts += traceback.format_exception(error, chain=True)
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        texts += list(shown.format())
        assert isinstance(error, LastseenError), f"chained to {error!r}"
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


async def echoes(request):
    """Answer as badly behaved proxies do: with what was sent, the key included."""
    said = str(dict(request.headers))
    body = {"status": 1, "statusCode": 403, "error": {"message": said, "stack": said}}
    return web.json_response(body, status=403, headers={"X-Echo": "yes"})


async def breaks(request):
    request.transport.close()
    return web.Response()


async def unreadable(request):
    return web.Response(text=str(dict(request.headers)))


async def redirects(request):
    where = f"http://127.0.0.1:1/{request.headers['Authorization']}"
    return web.Response(status=302, headers={"Location": where})


async def works(request):
    return envelope([])


@pytest.mark.parametrize("answering", [echoes, breaks, unreadable, redirects, works])
def test_the_key_is_in_no_error_no_log_and_no_traceback(answering, caplog):
    # given every logger at its most talkative, and asyncio's own too
    caplog.set_level(logging.NOTSET)
    for name in ("aiohttp", "aiohttp.client", "asyncio", "lastseen", "tenacity"):
        caplog.set_level(logging.DEBUG, logger=name)

    async def play():
        async with (
            serving(answering) as url,
            open_portal(url, ApiKey(KEY), clock=system_clock, limits=Limits(tries=2)) as portal,
        ):
            return await every_method(portal)

    # when
    errors = asyncio.run(play(), debug=True)

    # then
    assert errors
    for error in errors:
        assert KEY not in everything_said(error)
    for record in caplog.records:
        assert KEY not in f"{record.getMessage()} {record.args} {record.__dict__!r}"


def test_the_key_is_in_no_error_of_a_connection():
    async def play():
        texts = []
        for url in (f"http://127.0.0.1:{closed_port()}", f"https://127.0.0.1:{closed_port()}"):
            async with open_portal(
                url, ApiKey(KEY), clock=system_clock, limits=Limits(tries=1)
            ) as portal:
                texts += [everything_said(error) for error in await every_method(portal)]
        return texts

    texts = asyncio.run(play())

    assert len(texts) == 12
    assert KEY not in "".join(texts)


def test_the_key_is_in_no_error_about_headers():
    # given a server whose answer aiohttp refuses, telling the request's headers in its error
    async def speak(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nBad Header: 1\r\n\r\n")
        await writer.drain()

    async def play():
        async with (
            speaking(speak) as url,
            open_portal(url, ApiKey(KEY), clock=system_clock, limits=Limits(tries=1)) as portal,
        ):
            return await every_method(portal)

    errors = asyncio.run(play())

    assert len(errors) == 6
    assert KEY not in "".join(everything_said(error) for error in errors)


def test_no_object_that_can_be_reached_shows_the_key():
    async def play():
        async with (
            serving(works) as url,
            open_portal(url, ApiKey(KEY), clock=system_clock) as portal,
        ):
            await portal.sign_ins(EventQuery())
            objects = reachable(portal)
            return (
                {type(one).__name__ for one in objects},
                [type(one).__name__ for one in objects if shows_the_key(one)],
            )

    met, showing = asyncio.run(play())

    # the strings themselves hold it, of course: what holds them must not show them
    assert {"ClientSession", "CIMultiDict", "ApiKey"} <= met
    assert showing == []


def reachable(start):
    """Return every object of the client's and of the HTTP library's that hangs on `start`."""
    seen = {}
    left = [start]
    while left:
        one = left.pop()
        home = type(one).__module__.partition(".")[0]
        if id(one) in seen or home not in ("lastseen", "aiohttp", "multidict", "builtins"):
            continue
        if isinstance(one, type | ModuleType | FunctionType | MethodType):
            continue
        seen[id(one)] = one
        left += gc.get_referents(one)
    return list(seen.values())


def shows_the_key(one):
    if isinstance(one, str | bytes):
        return False
    return KEY in repr(one) or KEY in f"{one}"
