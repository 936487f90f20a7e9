"""Requests and answers: what goes in, what comes out, and how it is damaged.

No rule of the portal is here, only shapes (`ResponseWrapper.cs`, `CommonApiResponse.cs`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from lastseen.simulator.world.keys import ApiKey
from lastseen.simulator.world.people import Person
from lastseen.simulator.world.release import Release


class Damage(Enum):
    """What happens to an answer on its way."""

    NONE = "none"
    RESET = "reset"
    """The connection is reset; nothing was done and nothing is answered."""
    LOST = "lost"
    """The work was done, some or all of it, and the connection ends before any answer."""
    TRUNCATED = "truncated"
    """The head promises more bytes than come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the portal says to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    damage: Damage = Damage.NONE
    full_length: int = 0
    """The `Content-Length` that the head states; more than `len(body)` where truncated."""
    delay: float = 0.0
    """Seconds that the answer takes beyond the time of the journey."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, with its caller already known."""

    method: str
    path: str
    query: Mapping[str, str]
    """Decoded, names in lower case."""
    body: bytes
    account: Person
    now: float
    """The portal's clock, in seconds since 1970."""
    origin: str
    """`scheme://host` as the client sees it."""
    release: Release = Release.V3_7
    """Which release answers."""
    key: ApiKey | None = None
    """The API key that came with it; None for who came without one."""


@dataclass(frozen=True, slots=True)
class Page:
    """A list that will be wrapped: items encoded already."""

    items: Sequence[bytes]
    total: int | None = None
    count: int | None = None
    """What `count` shall say; `None` for the number of items."""


@dataclass(frozen=True, slots=True)
class One:
    """A single thing that will be wrapped, encoded already."""

    item: bytes


@dataclass(frozen=True, slots=True)
class Bare:
    """An answer with no body: refused before any controller saw it."""

    status: int


class Refusal(Exception):
    """The portal answers with an error of its own shape."""

    def __init__(self, status: int, message: str, kind: str = "System.Exception") -> None:
        """Take the HTTP status, the text, and the name of the server's exception."""
        super().__init__(status, message, kind)
        self.status = status
        self.message = message
        self.kind = kind


class Invalid(Exception):
    """A parameter is not valid: 400, in the shape of a success (`ValidationProblemDetails`)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Take what is wrong with each parameter."""
        super().__init__(errors)
        self.errors = errors


Outcome = Page | One | Bare

JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=utf-8"}

_encode = msgspec.json.Encoder().encode


def forbidden() -> Refusal:
    """Refuse: the account has no right to this, or one of the people must not be touched."""
    return Refusal(403, "Access denied", "System.Security.SecurityException")


def database_refuses() -> Refusal:
    """Say that something could not be saved."""
    text = "An error occurred while saving the entity changes."
    return Refusal(500, text, "Microsoft.EntityFrameworkCore.DbUpdateException")


def not_found() -> Refusal:
    """Say that there is no such person."""
    return Refusal(404, "The user could not be found", "ASC.Common.ItemNotFoundException")


def wrap(outcome: Page | One, method: str, url: str) -> bytes:
    """Put the outcome into the envelope of a success."""
    if isinstance(outcome, One):
        response, count, total = outcome.item, 1, None
    else:
        response = b"[" + b",".join(outcome.items) + b"]"
        count = len(outcome.items) if outcome.count is None else outcome.count
        total = outcome.total
    known_total = b"" if total is None else b',"total":%d' % total
    return b'{"response":%b,"count":%d%b,"links":[{"href":%b,"action":"%b"}],%b' % (
        response,
        count,
        known_total,
        _encode(url),
        method.encode(),
        b'"status":0,"statusCode":200}',
    )


def wrap_refusal(refusal: Refusal) -> bytes:
    """Put an error into its envelope."""
    error: dict[str, Any] = {
        "message": refusal.message,
        "type": refusal.kind,
        "stack": "   at ASC.Web.Api.Controllers",
        "hresult": -2146233088,
    }
    return _encode({"status": 1, "statusCode": refusal.status, "error": error})


def wrap_invalid(invalid: Invalid, method: str, url: str) -> bytes:
    """Put failed validation into the envelope that the portal uses for it."""
    return _encode(
        {
            "response": {
                "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
                "title": "One or more validation errors occurred.",
                "status": 400,
                "errors": {name: [message] for name, message in invalid.errors.items()},
                "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
            },
            "count": 1,
            "links": [{"href": url, "action": method}],
            "status": 1,
            "statusCode": 400,
        }
    )
