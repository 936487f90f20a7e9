"""The states of a portal in which it answers less than usual, and what it says then.

After `TenantStatusFilter.cs`, `PaymentFilter.cs` and `IpSecurityFilter.cs`. They come after key,
limits and scopes, and before the endpoint; each state refuses whole requests and changes nothing.
"""

from enum import StrEnum
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

_ALWAYS_ANSWERED: Final = ("@self", "settings", "build")
"""How those addresses end that a portal answers while it is moved, restored or encrypted; the
setting of sessions is among them only since its address ends so too (`cookiesettings`)."""

_NEEDS_NO_PAYMENT: Final = ("people/filter", "people/@self", "settings", "settings/version/build")
_PEOPLE: Final = "people/"
_NEEDS_PAYMENT: Final = ("people/email",)


class PortalState(StrEnum):
    """What a portal is going through."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVING = "removing"
    """It is about to be deleted."""
    RESTORING = "restoring"
    """Being restored from a backup, moved or encrypted, which are told apart by nobody."""
    UNPAID = "unpaid"
    """Its subscription has run out."""
    OTHER_ADDRESS = "other-address"
    """Its list of trusted addresses does not have the client's."""


class StateRefusal(NamedTuple):
    """What a state answers."""

    status: int
    kind: dict[str, str]
    body: bytes


def refusal(state: PortalState, method: str, path: str) -> StateRefusal | None:
    """Return what `state` answers to a request; None if the request may pass.

    `path` has no `/api/2.0/` in front.
    """
    match state:
        case PortalState.SUSPENDED if (method, path) != ("GET", "settings"):
            return _problem(HTTPStatus.NOT_FOUND)
        case PortalState.REMOVING:
            return _problem(HTTPStatus.NOT_FOUND)
        case PortalState.RESTORING if not path.endswith(_ALWAYS_ANSWERED):
            return _problem(HTTPStatus.FORBIDDEN)
        case PortalState.UNPAID if not _needs_no_payment(method, path):
            return _problem(HTTPStatus.PAYMENT_REQUIRED)
        case PortalState.OTHER_ADDRESS:
            text = b"Access from your address is not allowed"
            return StateRefusal(403, {"Content-Type": "text/plain; charset=utf-8"}, text)
    return None


def _needs_no_payment(method: str, path: str) -> bool:
    if method != "GET" or path in _NEEDS_PAYMENT:
        return False
    return path in _NEEDS_NO_PAYMENT or (path.startswith(_PEOPLE) and path.count("/") == 1)


def _problem(status: HTTPStatus) -> StateRefusal:
    """Describe a status as ASP.NET does for a controller of an API (RFC 9457)."""
    body = {
        "type": f"https://tools.ietf.org/html/rfc9110#section-15.5.{status - 399}",
        "title": status.phrase,
        "status": int(status),
        "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
    }
    return StateRefusal(
        int(status),
        {"Content-Type": "application/problem+json; charset=utf-8"},
        msgspec.json.encode(body),
    )
