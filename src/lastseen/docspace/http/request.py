"""A request to a portal, its answer, and the interface that sends it: the seam to the network.

`transport` sends requests over the network; tests and campaigns answer them in process with
another `Transport`. No HTTP library, no retry and no meaning of an answer belongs here.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Protocol

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The request, without host, key or any other header."""

    method: str
    """`GET` or `PUT`."""
    path: str
    """Percent-encoded, from the first slash: `/api/2.0/people/filter`."""
    query: tuple[tuple[str, str], ...] = ()
    """Names and values, not encoded."""
    body: bytes | None = None
    """JSON, or None."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The complete answer."""

    status: int
    """The HTTP status code."""
    headers: Mapping[str, str]
    """Names in any case: `headers.get("Retry-After")` must find `retry-after`."""
    body: bytes
    """The body, decompressed."""


class ConnectionFailure(Enum):
    """Why no answer came."""

    NAME = "the host name is unknown"
    REFUSED = "the connection was refused"
    UNREACHABLE = "no connection could be made"
    CERTIFICATE = "the certificate can't be trusted"
    TIMEOUT = "no answer came in time"
    BROKEN = "the connection broke before the answer was whole"
    NOT_TLS = "the server there does not speak TLS"
    NOT_HTTP = "the server there does not speak HTTP as a portal does"
    PROXY = "the proxy can't be reached"
    PROXY_LOGIN = "the proxy wants a user name and a password"
    PROXY_REFUSED = "the proxy refused to connect"


class ConnectionLost(Exception):
    """No answer came. The error contains nothing of the request's headers."""

    def __init__(
        self, failure: ConnectionFailure = ConnectionFailure.BROKEN, *, sent: bool, detail: str = ""
    ) -> None:
        """Keep the reason, whether the request may have arrived, and the system's words."""
        super().__init__(f"{failure.value}: {detail}" if detail else failure.value)
        self.failure = failure
        self.sent = sent
        self.detail = detail


class UnreadableBody(Exception):
    """The answer's body can't be read as bytes, and a retry would not help."""

    def __init__(self, reason: str) -> None:
        """Keep the reason, in a few words."""
        super().__init__(reason)
        self.reason = reason


class AnswerTooLarge(Exception):
    """The answer is larger than any that a portal would give, and was not read to its end."""


class Transport(Protocol):
    """Sends one request and returns its answer."""

    async def send(self, request: Request) -> Response:
        """Return the answer, whatever its status; redirects are not followed.

        Raises ConnectionLost if none came, AnswerTooLarge if it was not read to its end,
        UnreadableBody if it is compressed in a way that was not requested.
        """


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """Waiting and randomness, passed in so that a campaign can run without either.

    `sleep` and `monotonic` belong together: after `sleep(s)`, `monotonic()` must have advanced by
    `s` or more.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for that many seconds."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds since any point, never going back."""
    random: Callable[[], float] = random.random
    """A number from 0 to 1, for the jitter of retries."""
