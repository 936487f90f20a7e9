"""A client for web services that answer JSON, shared by the sources `http` and `scim`.

One service, one run: limits on size, pages and time, a few retries, and errors in an
administrator's terms. Secrets are headers of each request, so that no proxy sees them.
"""

import asyncio
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from yarl import URL

from lastseen.model.errors import LastseenError, RosterError, UsageError
from lastseen.model.portal_address import is_loopback

ATTEMPTS = 4
"""How often a request is sent before the source counts as down."""

LONGEST_PAUSE_SECONDS = 60.0
"""How long a source may ask to wait before the next attempt."""

_RETRIED = frozenset({429, 500, 502, 503, 504})


class ClientLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits for reading one roster."""

    answer_bytes: int = 64 * 1024 * 1024
    """The size of one answer."""
    pages: int = 10_000
    """The number of pages in the list."""
    request_seconds: float = 60.0
    """How long one answer may take."""
    run_seconds: float = 600.0
    """How long reading the whole list may take."""
    first_pause_seconds: float = 1.0
    """The pause before a second attempt, unless the source asks for one; doubled each time."""


LIMITS = ClientLimits()
"""The limits for every roster."""


class Page(msgspec.Struct, frozen=True):
    """One answer."""

    body: bytes
    """The JSON text."""
    next: URL | None
    """The target of `Link: rel="next"`; None if there is no such header."""


class JsonClient:
    """A web service that answers JSON. A context manager."""

    def __init__(
        self, url: str, headers: Mapping[str, str], *, source: str, limits: ClientLimits
    ) -> None:
        """Query the service at `url` within `limits`, sending `headers` with each request.

        `source` names the roster's source in messages. Raises UsageError for an address that can't
        be used: not http(s), with a password, or unencrypted beyond this machine.
        """
        self.url = service_address(url, source=source)
        self.source = f"{source} {self.url.host}"
        self._headers = {"Accept": "application/json", **headers}
        self._limits = limits
        self._pages = 0
        self._session: aiohttp.ClientSession | None = None
        self._deadline = 0.0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._limits.request_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )
        self._deadline = asyncio.get_running_loop().time() + self._limits.run_seconds
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def page(self, url: URL, params: Mapping[str, str] | None = None) -> Page:
        """Return the answer at `url`, which is on the service's own host.

        Raises RosterError if the service refuses, can't be reached, answers anything but JSON, or
        exceeds a limit.
        """
        self._pages += 1
        if self._pages > self._limits.pages:
            raise self.failed(
                f"more than {self._limits.pages:,} pages",
                "the list never ends, or its pages are very small",
                "narrow the list down, or ask for larger pages",
            )
        return await self.document(url, params)

    async def document(self, url: URL, params: Mapping[str, str] | None = None) -> Page:
        """Return an answer that is not a page of the list; raises as `page` does."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            retry=retry_if_exception_type(_Temporary),
            wait=self._pause,
            reraise=True,
        )
        try:
            return await retrying(self._ask, url, params or {})
        except _Temporary as error:
            raise error.final from None

    def failed(self, found: str, meaning: str, remedy: str) -> RosterError:
        """Return an error about the last page requested."""
        return RosterError(
            attempted=f"reading the roster {self.source}, page {self._pages}",
            found=found,
            meaning=meaning,
            remedy=remedy,
        )

    async def _ask(self, url: URL, params: Mapping[str, str]) -> Page:
        if self._session is None:
            raise RuntimeError("the client is not open")
        left = self._deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise self.failed(
                f"no end after {self._limits.run_seconds / 60:g} minutes",
                "the source is too slow, or its list never ends",
                "narrow the list down",
            )
        try:
            async with self._session.get(
                url.update_query(params) if params else url,
                headers=self._headers,
                allow_redirects=False,
                max_line_size=64 * 1024,
                max_field_size=64 * 1024,
                timeout=aiohttp.ClientTimeout(total=min(left, self._limits.request_seconds)),
            ) as answer:
                return await self._read(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _Temporary(self._unreachable(error)) from None

    async def _read(self, answer: aiohttp.ClientResponse) -> Page:
        if answer.status != 200:
            refusal = self._refused(answer.status)
            if answer.status in _RETRIED:
                raise _Temporary(refusal, answer.headers.get("Retry-After"))
            raise refusal
        body = bytearray()
        async for chunk in answer.content.iter_chunked(256 * 1024):
            body += chunk
            if len(body) > self._limits.answer_bytes:
                raise self.failed(
                    f"the answer is larger than {self._limits.answer_bytes // 1024 // 1024} MB",
                    "it is not a list of contractors, or has all of them on one page",
                    "ask for smaller pages, or narrow the list down",
                )
        following = _next_pages(answer.links.values())
        if len(following) > 1:
            raise self.failed(
                "it names several next pages",
                "which one continues the list is unknown, so it may be incomplete",
                "ask the source's administrator",
            )
        return Page(bytes(body), following.pop() if following else None)

    def _pause(self, state: RetryCallState) -> float:
        """Return how many seconds to wait: what the source asks for, otherwise 1, 2, 4."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.pause if isinstance(error, _Temporary) else None
        if asked is not None and asked.isascii() and asked.isdigit():
            return min(float(asked), LONGEST_PAUSE_SECONDS)
        return self._limits.first_pause_seconds * float(2 ** (state.attempt_number - 1))

    def _refused(self, status: int) -> RosterError:
        found, meaning, remedy = {
            401: (
                "it doesn't accept the password or token (401)",
                "the credentials are missing, wrong or expired",
                "check the header under [roster.headers] and the secret that it names",
            ),
            403: (
                "it refuses the list (403)",
                "the account lacks the right to read it, or a firewall is in between",
                "give the account the right to read, or ask the source's administrator",
            ),
            404: ("there is nothing at this address (404)", "roster.url is wrong", "correct it"),
            407: (
                "the proxy asks for a password (407)",
                "HTTPS_PROXY names a proxy that doesn't know you",
                "put the proxy's user and password into HTTPS_PROXY",
            ),
            429: ("too many requests (429)", "the source limits them", "try again later"),
        }.get(
            status,
            (
                f"it redirects to another address ({status})"
                if 300 <= status < 400
                else f"it answers with HTTP status {status}",
                "nothing but the list itself is read, and redirects are not followed"
                if 300 <= status < 500
                else "the source is out of order",
                "correct roster.url" if 300 <= status < 500 else "try again later",
            ),
        )
        return self.failed(found, meaning, remedy)

    def _unreachable(self, error: Exception) -> RosterError:
        if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
            return self.failed(
                "its certificate is not trusted, or it doesn't speak TLS",
                "so it is unknown who would answer",
                "renew the certificate, or correct scheme and port of roster.url",
            )
        found = "no answer in time" if isinstance(error, TimeoutError) else "the connection failed"
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            found = "its name is not known"
        return self.failed(
            f"{found} ({type(error).__name__})",
            "the source is down, or can't be reached from here",
            "check roster.url and the network, and try again",
        )


def _next_pages(links: Iterable[Mapping[str, str | URL]]) -> set[URL]:
    """Return the targets of all links whose relations, in any case, include `next` (RFC 8288)."""
    found = set()
    for link in links:
        relations = " ".join(str(value) for name, value in link.items() if name.lower() == "rel")
        if "next" in relations.lower().split():
            found.add(URL(link["url"]))
    return found


class _Temporary(Exception):
    """A failure that may not recur at the next attempt."""

    def __init__(self, final: LastseenError, pause: str | None = None) -> None:
        super().__init__(str(final))
        self.final = final
        self.pause = pause


def service_address(text: str, *, source: str) -> URL:
    """Return the address of a web service.

    Raises UsageError without repeating the address, which may contain a secret.
    """
    try:
        parts = urlsplit(text)
        url = URL(text)
        host = url.host or ""
    except ValueError:
        raise _unusable(source, "it is not an address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _unusable(source, "it is not an address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise _unusable(source, "it contains a user name or a password")
    if parts.scheme == "http" and not is_loopback(host):
        raise _unusable(source, "it is not encrypted: http:// is for this machine only")
    return url


def same_service(one: URL, other: URL) -> bool:
    """Return whether two addresses lie on the same host and port, with the same scheme."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _unusable(source: str, found: str) -> UsageError:
    return UsageError(
        attempted="reading roster.url",
        found=found,
        meaning=f"the source {source} can't be asked at this address",
        remedy="write it as https://hr.example/api/contractors; credentials go to [roster.headers]",
    )
