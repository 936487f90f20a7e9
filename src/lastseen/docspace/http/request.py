"""A request to a portal, its answer, and the interface that carries them: the seam to the network.

`transport` carries requests over the network; campaigns carry them in process with another
`Transport`. No HTTP library, no retry and no meaning of an answer belongs here.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Protocol

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, without host, key or any other header."""

    method: str
    """`GET` or `PUT`."""
    path: str
    """Percent-encoded, from the first slash: `/api/2.0/people/filter`."""
    query: tuple[tuple[str, str], ...] = ()
    """Names and values, not encoded."""
    body: bytes | None = None
    """JSON, or None."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, whole."""

    status: int
    """The HTTP status code."""
    headers: Mapping[str, str]
    """Names in any case: `headers.get("Retry-After")` must find `retry-after`."""
    body: bytes
    """The body, decompressed."""


class ConnectionFailure(Enum):
    """How a connection can fail to bring an answer."""

    NAME = "the host name is unknown"
    REFUSED = "the connection was refused"
    UNREACHABLE = "no connection could be made"
    CERTIFICATE = "the certificate can't be trusted"
    TIMEOUT = "no answer came in time"
    BROKEN = "the connection broke before the answer was whole"
    NOT_TLS = "what answers there does not speak TLS"
    PROXY = "the proxy can't be reached"
    PROXY_LOGIN = "the proxy wants a user name and a password"
    PROXY_REFUSED = "the proxy refused to connect"


class ConnectionLost(Exception):
    """No answer came. It carries nothing of the request's headers."""

    def __init__(
        self, failure: ConnectionFailure = ConnectionFailure.BROKEN, *, sent: bool, detail: str = ""
    ) -> None:
        """Keep why, whether the request may have reached the portal, and the system's own words."""
        super().__init__(f"{failure.value}: {detail}" if detail else failure.value)
        self.failure = failure
        self.sent = sent
        self.detail = detail


class UnreadableBody(Exception):
    """The answer's body can't be read as bytes; asking again brings nothing else."""

    def __init__(self, reason: str) -> None:
        """Keep why, in a few words."""
        super().__init__(reason)
        self.reason = reason


class AnswerTooLarge(Exception):
    """The answer is larger than any that a portal would give, and was not read to its end."""


class Transport(Protocol):
    """Carries one request and brings its answer."""

    async def send(self, request: Request) -> Response:
        """Return the answer, whatever its status; redirects are not followed.

        Raises ConnectionLost when none came, AnswerTooLarge when it was not read to its end,
        UnreadableBody when it is compressed in a way that was not asked for.
        """


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """Waiting and chance, given from outside so that a campaign can run without either.

    `sleep` and `monotonic` belong together: after `sleep(s)`, `monotonic()` must have moved on by
    `s` or more.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for so many seconds."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds from any beginning, never going back."""
    random: Callable[[], float] = random.random
    """A number from 0 to 1, for the jitter of retries."""
