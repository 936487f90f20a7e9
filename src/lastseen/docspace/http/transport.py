"""Sends requests over the network with aiohttp, which no other module of the package imports.

It is imported only when a portal is opened. No retry, no limit except an answer's size, and no
meaning of an answer belongs here.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from lastseen.docspace.http.compression import decompressed
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import (
    AnswerTooLarge,
    ConnectionFailure,
    ConnectionLost,
    Request,
    Response,
    UnreadableBody,
)
from lastseen.model.errors import UsageError
from lastseen.model.portal_address import is_loopback
from lastseen.model.secret import ApiKey, key_problem

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Failures before the request was sent."""


_WRITING_AGAIN_SECONDS = 1.0
"""How long after an answer its connection may be used for the next change; servers and proxies
keep theirs open for several seconds at least."""


class _Hidden(str):
    """A header's value that no `repr` shows: those of aiohttp print all headers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@asynccontextmanager
async def network(url: str, key: ApiKey | None, limits: Limits) -> AsyncIterator["Network"]:
    """Open a transport to the portal at `url`, and close its connections afterwards.

    Raises UsageError for a key that no portal could have issued, or a proxy that can't be used.
    """
    problem = None if key is None else key_problem(key.reveal())
    if problem is not None:
        raise UsageError(
            attempted="reading the API key",
            found=f"the given key {problem}",
            meaning="the portal answers nothing without a key",
            remedy="copy the key alone from the portal (Developer Tools, API keys)",
        )
    timeout = aiohttp.ClientTimeout(
        total=limits.answer_seconds, sock_connect=limits.connect_seconds
    )
    reading = aiohttp.TCPConnector(limit=0)
    # An idle connection may turn out to be closed just as a change is sent, and then it is not
    # known whether it was made: only one that has just answered is used again for a change.
    writing = aiohttp.TCPConnector(limit=0, keepalive_timeout=_WRITING_AGAIN_SECONDS)
    proxy = _proxy(url)
    async with (
        aiohttp.ClientSession(
            connector=reading,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            proxy=proxy,
            auto_decompress=False,
        ) as reads,
        aiohttp.ClientSession(
            connector=writing,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            proxy=proxy,
            auto_decompress=False,
        ) as writes,
    ):
        yield Network(url, key, reads, writes, largest=limits.largest_answer_bytes, proxy=proxy)


class Network:
    """The transport over TCP and TLS."""

    def __init__(
        self,
        url: str,
        key: ApiKey | None,
        reads: aiohttp.ClientSession,
        writes: aiohttp.ClientSession,
        *,
        largest: int,
        proxy: str | None = None,
    ) -> None:
        """Send GETs through one session and everything else through the other.

        `proxy`: through which both connect; what goes wrong there is not the portal's.
        """
        self._url = url
        self._proxy_host = urlsplit(proxy).hostname if proxy else None
        # Not the session's headers: aiohttp sends those to a proxy as well, before the tunnel.
        self._headers = {
            **({} if key is None else {"Authorization": _Hidden(f"Bearer {key.reveal()}")}),
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        self._reads = reads
        self._writes = writes
        self._largest = largest

    async def send(self, request: Request) -> Response:
        """Return the answer; raises ConnectionLost, AnswerTooLarge or UnreadableBody.

        aiohttp's own errors contain the headers of the request: none of them leaves this method,
        not even as a cause.
        """
        lost: ConnectionLost | AnswerTooLarge | UnreadableBody
        try:
            return await self._send(request)
        except AnswerTooLarge:
            lost = AnswerTooLarge()
        except UnreadableBody as unreadable:
            lost = UnreadableBody(unreadable.reason)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            lost = _loss(error, self._proxy_host)
        raise lost

    async def _send(self, request: Request) -> Response:
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = URL(f"{self._url}{request.path}{query}", encoded=True)
        session = self._reads
        if request.method != "GET":
            session = self._writes
            for _ in range(2):  # the event loop notices connections that were closed meanwhile
                await asyncio.sleep(0)
        headers = self._headers
        if request.body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        async with session.request(
            request.method, url, data=request.body, headers=headers, allow_redirects=False
        ) as answer:
            body = await self._read(answer)
            encoding = answer.headers.get("Content-Encoding", "")
            body = decompressed(body, encoding, largest=self._largest)
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
    """The connection broke after it was established."""


async def _once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request twice.

    It would resend even a PUT if a connection breaks without an answer, although the portal may
    have carried out the first. It does not recognise this error as one of those.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _HungUp from None


def _loss(error: Exception, proxy_host: str | None) -> ConnectionLost:
    """Return what an error of aiohttp's means, in the system's words and without any header.

    `proxy_host`: the proxy's host, if there is one: all connections are to it.
    """
    sent = not isinstance(error, _NOT_SENT)
    fitting = (failure for kind, failure in _FAILURES if isinstance(error, kind))
    failure, detail = next(fitting, ConnectionFailure.BROKEN), ""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        detail = f"{error.status} {error.message}".strip()
        if error.status == 407:
            failure = ConnectionFailure.PROXY_LOGIN
    elif isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        detail = _certificate_words(error)
        if any(words in f"{error} {detail}".upper() for words in _NO_TLS):
            failure = ConnectionFailure.NOT_TLS
    elif isinstance(error, aiohttp.ClientConnectorError):
        detail = error.os_error.strerror or ""
        if failure is ConnectionFailure.UNREACHABLE and isinstance(
            error.os_error, ConnectionRefusedError
        ):
            failure = ConnectionFailure.REFUSED
    if proxy_host is not None and _is_to(proxy_host, error):
        failure = ConnectionFailure.PROXY
    return ConnectionLost(failure, sent=sent, detail=detail)


def _is_to(proxy_host: str, error: Exception) -> bool:
    """Return whether connecting to the proxy failed, and not to the portal through it."""
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        return error.host == proxy_host
    return isinstance(error, aiohttp.ConnectionTimeoutError)


_FAILURES: tuple[tuple[type[Exception], ConnectionFailure], ...] = (
    (aiohttp.ClientProxyConnectionError, ConnectionFailure.PROXY),
    (aiohttp.ClientHttpProxyError, ConnectionFailure.PROXY_REFUSED),
    (aiohttp.ClientResponseError, ConnectionFailure.NOT_HTTP),
    (aiohttp.ClientConnectorDNSError, ConnectionFailure.NAME),
    (aiohttp.ClientSSLError, ConnectionFailure.CERTIFICATE),
    (ssl.SSLError, ConnectionFailure.CERTIFICATE),
    (TimeoutError, ConnectionFailure.TIMEOUT),
    (aiohttp.ClientConnectorError, ConnectionFailure.UNREACHABLE),
)
"""What an error means; the first match applies."""

_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE")
"""OpenSSL's words for an answer that isn't TLS."""


def _certificate_words(error: Exception) -> str:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    return getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or ""


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for `url` (HTTPS_PROXY, NO_PROXY), if any.

    aiohttp's `trust_env` would send the password of a `.netrc` instead of the key.
    Raises UsageError for a proxy of a kind that can't be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    named = getproxies().get(parts.scheme)
    if not named:
        return None
    address = named if "://" in named else f"http://{named}"  # as curl takes it
    try:
        target = urlsplit(address)
        usable = target.scheme in ("http", "https") and target.hostname and target.port != 0
        usable = usable and address.isprintable() and " " not in address
    except ValueError:
        usable = None
    if not usable:
        raise UsageError(
            attempted=f"finding the proxy for {url}",
            found=f"{parts.scheme.upper()}_PROXY names no HTTP proxy",
            meaning="Lastseen connects through HTTP proxies only, and not around one that is set",
            remedy="write http://HOST:PORT, or name the portal's host in NO_PROXY",
        )
    return address
