"""Carries requests over the network with aiohttp, and keeps everything of aiohttp to itself.

The one module of the room that imports the HTTP library, and only when a portal is opened. No
retry, no limit but that of an answer's size, and no meaning of an answer belongs here.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import (
    AnswerTooLarge,
    ConnectionFailure,
    ConnectionLost,
    Request,
    Response,
)
from lastseen.model.errors import UsageError
from lastseen.model.portal_address import is_loopback
from lastseen.model.secret import ApiKey

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""After these the portal has seen nothing of the request."""


class _Hidden(str):
    """A header's value that no `repr` shows: those of aiohttp print all headers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@asynccontextmanager
async def network(url: str, key: ApiKey, limits: Limits) -> AsyncIterator["Network"]:
    """Open a transport to the portal at `url`, and close its connections afterwards.

    Raises UsageError for a key that no portal could have made.
    """
    value = key.reveal()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(
            attempted="Reading the API key",
            found="there is none" if not value else "it has characters that no API key has",
            meaning="The portal can't be asked without its key.",
            remedy="Copy the key alone from the portal (Developer Tools, API keys).",
        )
    headers = {"Authorization": _Hidden(f"Bearer {value}"), "Accept": "application/json"}
    timeout = aiohttp.ClientTimeout(
        total=limits.answer_seconds, sock_connect=limits.connect_seconds
    )
    reading = aiohttp.TCPConnector(limit=0)
    # A connection that lay idle may turn out to be closed just as a change is sent, and then
    # nobody knows whether it was made: changes go over new ones.
    writing = aiohttp.TCPConnector(limit=0, force_close=True)
    proxy = _proxy(url)
    async with (
        aiohttp.ClientSession(
            connector=reading,
            headers=headers,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            proxy=proxy,
        ) as reads,
        aiohttp.ClientSession(
            connector=writing,
            headers=headers,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            proxy=proxy,
        ) as writes,
    ):
        yield Network(url, reads, writes, largest=limits.largest_answer_bytes)


class Network:
    """The transport of `exchange` over TCP and TLS."""

    def __init__(
        self,
        url: str,
        reads: aiohttp.ClientSession,
        writes: aiohttp.ClientSession,
        *,
        largest: int,
    ) -> None:
        """Send GETs through one session and everything else through the other."""
        self._url = url
        self._reads = reads
        self._writes = writes
        self._largest = largest

    async def send(self, request: Request) -> Response:
        """Return the answer; raises ConnectionLost or AnswerTooLarge.

        aiohttp's own errors carry the headers of the request: none of them leaves this method,
        not even as a cause.
        """
        lost: ConnectionLost | AnswerTooLarge
        try:
            return await self._send(request)
        except AnswerTooLarge:
            lost = AnswerTooLarge()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            lost = _loss(error)
        raise lost

    async def _send(self, request: Request) -> Response:
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = URL(f"{self._url}{request.path}{query}", encoded=True)
        session = self._reads if request.method == "GET" else self._writes
        headers = None if request.body is None else {"Content-Type": "application/json"}
        async with session.request(
            request.method, url, data=request.body, headers=headers, allow_redirects=False
        ) as answer:
            body = await self._read(answer)
            return Response(status=answer.status, headers=answer.headers, body=body)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        if (answer.content_length or 0) > self._largest:
            answer.close()
            raise AnswerTooLarge
        while chunk := await answer.content.readany():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._largest:
                answer.close()
                raise AnswerTooLarge
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class _HungUp(aiohttp.ClientError):
    """The connection broke after it was made."""


async def _once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request twice.

    It does so by itself, a PUT as well, where a connection breaks without an answer; but the
    portal may have carried out the first. By this error it does not know that case.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _HungUp from None


def _loss(error: Exception) -> ConnectionLost:
    """Return what an error of aiohttp's means, in the system's words and no header's."""
    sent = not isinstance(error, _NOT_SENT)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ConnectionLost(ConnectionFailure.NAME, sent=sent)
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return ConnectionLost(
            ConnectionFailure.CERTIFICATE, sent=sent, detail=_certificate_words(error)
        )
    if isinstance(error, TimeoutError):
        return ConnectionLost(ConnectionFailure.TIMEOUT, sent=sent)
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        failure = (
            ConnectionFailure.REFUSED
            if isinstance(cause, ConnectionRefusedError)
            else ConnectionFailure.UNREACHABLE
        )
        return ConnectionLost(failure, sent=sent, detail=cause.strerror or "")
    return ConnectionLost(ConnectionFailure.BROKEN, sent=sent)


def _certificate_words(error: Exception) -> str:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    return getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or ""


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for `url` (HTTPS_PROXY, NO_PROXY), if any.

    aiohttp's own reading of it would put the password of a `.netrc` in the place of the key.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)
