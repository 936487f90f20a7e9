"""One request is sent once; what fails is told without the key, and never as unsent when it may be.

The sessions here are pretended; over real connections: tests/portal/test_client_network.py.
"""

import asyncio
import ssl
from contextlib import asynccontextmanager
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import (
    AnswerTooLarge,
    ConnectionFailure,
    ConnectionLost,
    Request,
    UnreadableBody,
)
from lastseen.docspace.http.transport import Network, network
from lastseen.model.errors import UsageError
from lastseen.model.secret import ApiKey
from tests.unit.docspace.scripted import KEY

GET = Request(method="GET", path="/api/2.0/x")
PUT = Request(method="PUT", path="/api/2.0/x", body=b"{}")


class Session:
    """As much of an aiohttp session as is used: answers or fails as told, and remembers."""

    def __init__(self, *chunks, error=None, status=200, headers=None, length=None):
        self.asked = []
        self.closed = False
        self._chunks = [*chunks, b""]
        self._error = error
        self._status = status
        self._headers = headers or {}
        self._length = length

    @asynccontextmanager
    async def request(self, method, url, **more):
        self.asked.append((method, str(url), more))
        if self._error is not None:
            raise self._error
        left = iter(self._chunks)

        async def readany():
            return next(left)

        def close():
            self.closed = True

        yield SimpleNamespace(
            status=self._status,
            headers=self._headers,
            content_length=self._length,
            content=SimpleNamespace(readany=readany),
            close=close,
        )


def send(request, session, *, writes=None, largest=1_000, key=KEY, proxy=None):
    sent = ApiKey(key) if key else None
    carrying = Network(
        "https://portal.example", sent, session, writes or session, largest=largest, proxy=proxy
    )
    return asyncio.run(carrying.send(request))


def failure(error, request=GET, *, proxy=None):
    with pytest.raises(ConnectionLost) as caught:
        send(request, Session(error=error), proxy=proxy)
    return caught.value


def test_an_answer_comes_whole_with_its_status():
    answer = send(GET, Session(b"ab", b"c", status=403, headers={"Date": "x"}))

    assert (answer.status, answer.body, answer.headers["Date"]) == (403, b"abc", "x")


def test_changes_go_over_connections_of_their_own():
    reads, writes = Session(), Session()

    send(GET, reads, writes=writes)
    send(PUT, reads, writes=writes)

    assert [asked[0] for asked in reads.asked] == ["GET"]
    assert [asked[0] for asked in writes.asked] == ["PUT"]


def test_names_and_values_are_escaped_and_redirects_not_followed():
    session = Session()

    send(
        Request(
            method="GET",
            path="/p%20q",
            query=(("a b", "c&d"), ("e", "+")),
        ),
        session,
    )

    _, url, more = session.asked[0]
    assert url == "https://portal.example/p%20q?a+b=c%26d&e=%2B"
    assert more["allow_redirects"] is False


def key():
    return ConnectionKey("portal.example", 443, True, True, None, None, None)


NOT_SENT = [
    (
        aiohttp.ClientConnectorError(key(), ConnectionRefusedError(111, "refused")),
        ConnectionFailure.REFUSED,
    ),
    (aiohttp.ClientConnectorError(key(), OSError(113, "no route")), ConnectionFailure.UNREACHABLE),
    (aiohttp.ClientConnectorDNSError(key(), OSError(-2, "unknown")), ConnectionFailure.NAME),
    (
        aiohttp.ClientConnectorCertificateError(key(), ssl.SSLCertVerificationError("bad")),
        ConnectionFailure.CERTIFICATE,
    ),
    (aiohttp.ClientProxyConnectionError(key(), OSError(111, "refused")), ConnectionFailure.PROXY),
    (aiohttp.ConnectionTimeoutError("slow"), ConnectionFailure.TIMEOUT),
]
SENT = [
    (aiohttp.ServerDisconnectedError(), ConnectionFailure.BROKEN),
    (aiohttp.ClientPayloadError("cut"), ConnectionFailure.BROKEN),
    (aiohttp.ClientOSError(104, "reset"), ConnectionFailure.BROKEN),
    (aiohttp.SocketTimeoutError("slow"), ConnectionFailure.TIMEOUT),
    (TimeoutError(), ConnectionFailure.TIMEOUT),
    (ConnectionResetError(104, "reset"), ConnectionFailure.BROKEN),
    (ValueError("odd header"), ConnectionFailure.BROKEN),
]


@pytest.mark.parametrize(("error", "told"), NOT_SENT)
def test_before_a_connection_stands_nothing_was_sent(error, told):
    lost = failure(error, PUT)

    assert lost.failure is told
    assert not lost.sent


@pytest.mark.parametrize(("error", "told"), SENT)
def test_whatever_fails_later_may_have_reached_the_portal(error, told):
    lost = failure(error, PUT)

    assert lost.failure is told
    assert lost.sent


@pytest.mark.parametrize("error", [error for error, _ in (*NOT_SENT, *SENT)])
def test_no_error_carries_what_was_sent(error):
    error.args = (*error.args, f"Bearer {KEY}")

    lost = failure(error)

    assert lost.__cause__ is None
    assert lost.__suppress_context__ or lost.__context__ is None
    assert KEY not in f"{lost}{lost.detail}{lost.args}"


def test_a_proxy_that_wants_a_password_is_reported_as_such():
    asked = aiohttp.RequestInfo(
        URL("https://portal.example"), "CONNECT", CIMultiDictProxy(CIMultiDict())
    )
    refusal = aiohttp.ClientHttpProxyError(asked, (), status=407, message="who are you")

    assert failure(refusal).failure is ConnectionFailure.PROXY_LOGIN


def to(host):
    return ConnectionKey(host, 3128, True, True, None, None, None)


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientConnectorDNSError(to("proxy.example"), OSError(-2, "unknown")),
        aiohttp.ClientConnectorError(to("proxy.example"), OSError(113, "no route")),
        aiohttp.ClientConnectorCertificateError(
            to("proxy.example"), ssl.SSLCertVerificationError("bad")
        ),
        aiohttp.ConnectionTimeoutError("slow"),
    ],
)
def test_a_proxy_that_cannot_be_connected_to_is_never_told_as_the_portal(error):
    assert failure(error, proxy="http://proxy.example:3128").failure is ConnectionFailure.PROXY


def test_the_portals_certificate_behind_a_proxy_is_the_portals():
    error = aiohttp.ClientConnectorCertificateError(key(), ssl.SSLCertVerificationError("bad"))
    told = failure(error, proxy="http://proxy.example:3128")
    assert told.failure is ConnectionFailure.CERTIFICATE


def test_an_answer_that_claims_to_be_too_large_is_not_read():
    session = Session(b"x", length=1_001)

    with pytest.raises(AnswerTooLarge):
        send(GET, session)

    assert session.closed


def test_an_answer_that_grows_too_large_is_cut_off():
    session = Session(*[b"x" * 100] * 50)

    with pytest.raises(AnswerTooLarge):
        send(GET, session)

    assert session.closed


def test_a_compression_that_was_not_asked_for_is_named():
    with pytest.raises(UnreadableBody, match="br"):
        send(GET, Session(b"xyz", headers={"Content-Encoding": "br"}))


def test_the_key_is_shown_by_no_repr_of_what_is_sent():
    session = Session()

    send(PUT, session)

    headers = session.asked[0][2]["headers"]
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(headers)


def test_without_a_key_none_is_sent():
    session = Session()
    send(GET, session, key=None)
    assert "Authorization" not in session.asked[0][2]["headers"]


@pytest.mark.parametrize("written", ["", "two words", "key\nX-Evil: 1", "schlüssel"])
def test_a_key_that_is_none_opens_nothing_and_is_not_repeated(written):
    async def play():
        async with network("https://portal.example", ApiKey(written), Limits()):
            raise AssertionError("opened")

    with pytest.raises(UsageError) as caught:
        asyncio.run(play())

    assert not written or written not in str(caught.value.found)
