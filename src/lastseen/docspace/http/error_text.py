"""Errors about a portal, in the four sentences that people read.

Text from a server is shortened, made printable and stripped of the API key before it is
repeated. Nothing here decides whether to ask again.
"""

from datetime import timedelta
from enum import Enum
from urllib.parse import urlsplit

import msgspec

from lastseen.docspace.http.request import ConnectionFailure, ConnectionLost
from lastseen.model.errors import PortalRefused, PortalUnreachable, PortalUnreadable
from lastseen.model.instant import Instant
from lastseen.model.secret import ApiKey


class Topic(Enum):
    """The subject of a request: the same status means something different for each."""

    LOGS = "the audit logs"
    PEOPLE = "people"
    CHANGE = "changing people's status"
    KEYS = "API keys"
    SETTINGS = "the portal's settings"
    RELEASE = "the release"
    SESSIONS = "ending people's sessions"


class Operation(msgspec.Struct, frozen=True):
    """The purpose of a request."""

    attempted: str
    """A phrase such as "reading the sign-in log"."""
    topic: Topic
    may_be_absent: bool = False
    """Whether the portal's own 404 is an answer like any other."""


_CHANGING = frozenset({Topic.CHANGE, Topic.SESSIONS})

_UNCERTAIN = "; whether the change was made is not known"

_REFUSALS: dict[tuple[int, Topic | None], tuple[str, str]] = {
    (400, None): (
        "the portal did not understand the request, or runs a release that Lastseen does not know",
        "run `lastseen doctor`, and report this if the portal is up to date",
    ),
    (401, None): (
        "the API key is wrong, expired or deleted, or its owner is disabled",
        "create a new key in the portal (Developer Tools, API keys) and use that one",
    ),
    (402, None): (
        "the portal's plan does not include this, or its subscription has run out",
        "check the portal's payment page",
    ),
    (402, Topic.LOGS): (
        "the portal's plan does not include the audit logs, or the login history is switched off",
        "use a plan with the audit option; without it nobody's absence can be proven",
    ),
    (402, Topic.CHANGE): (
        "the portal's subscription has run out, or its plan has no seat left for one more active "
        "user",
        "renew or upgrade the plan, or free a seat, then run the same command again",
    ),
    (403, None): (
        "the key's owner may not see this, or the key itself is limited; or the portal refuses "
        "everyone: it is being restored, moved or encrypted, or doesn't trust this machine's "
        "address",
        "use a key of a DocSpace administrator, unlimited or with the scope *:read; see whether "
        "the portal opens in a browser on this machine",
    ),
    (403, Topic.LOGS): (
        "the key's owner may not edit the portal's settings, or the key has a limited scope; "
        "the audit logs need both",
        "use a key that a DocSpace administrator or the owner created, unlimited or with the scope "
        "*:read",
    ),
    (403, Topic.CHANGE): (
        "the key may not change people, or one of them can't be changed: the owner, the key's "
        "own account, an LDAP account or an administrator; nobody was changed",
        "use a key with the scope accounts:write, and leave protected people out",
    ),
    (403, Topic.KEYS): (
        "the key has a limited scope, or the portal is in trouble; without the list of API keys, "
        "whoever comes by key only would look absent",
        "run the same command again; if it persists, use a key that a DocSpace administrator or "
        "the owner created, unlimited or with the scope *:read",
    ),
    (403, Topic.SETTINGS): (
        "the key's owner may not edit the portal's settings, or the key has a limited scope",
        "use an unlimited key that a DocSpace administrator or the owner created",
    ),
    (403, Topic.SESSIONS): (
        "the key may not end other people's sessions; nobody was signed out",
        "use a key that a DocSpace administrator created and that is not limited to single scopes",
    ),
    (404, None): (
        "the server at this address does not offer the DocSpace API, or the portal is suspended "
        "or being removed",
        "check that it is the portal's own address, with nothing after the host name, and that it "
        "opens in a browser",
    ),
    (407, None): (
        "the proxy requires a user name and a password",
        "put them into HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT, percent-encoded",
    ),
    (429, None): (
        "the portal accepts no more requests from this account for now",
        "run the same command again later, and check that no other program uses the same account",
    ),
}

_OTHERWISE = (
    "the portal, or something in front of it, answered with an error of its own",
    "try again later; if it persists, check the portal's log",
)

_FOREIGN = (
    "something in front of the portal answered with a web page: a firewall, a login page or a "
    "filter; the portal itself was not reached, so this says nothing about the key's rights",
    "allow this machine's address to reach /api/2.0, or check the portal's address",
)

_LOSSES: dict[ConnectionFailure, tuple[str, str]] = {
    ConnectionFailure.NAME: (
        "there is no such host, or this machine can't look up names",
        "check the spelling of the portal's address and the machine's network",
    ),
    ConnectionFailure.REFUSED: (
        "the host is there, but nothing answers on this port",
        "check the address and its port, and whether the portal is running",
    ),
    ConnectionFailure.UNREACHABLE: (
        "the host can't be reached from this machine",
        "check the network, the firewall and the proxy settings (HTTPS_PROXY, NO_PROXY)",
    ),
    ConnectionFailure.CERTIFICATE: (
        "either the portal's TLS setup is wrong, or someone is intercepting the connection",
        "renew the certificate, or make this machine trust its issuer (SSL_CERT_FILE)",
    ),
    ConnectionFailure.NOT_TLS: (
        "the port speaks plain HTTP or another protocol; nothing was sent to it",
        "check the port in the portal's address; https is usually on 443",
    ),
    ConnectionFailure.NOT_HTTP: (
        "the port belongs to another service, or something in front of the portal damages answers",
        "check the address and its port; try again if the portal has answered before",
    ),
    ConnectionFailure.PROXY: (
        "HTTPS_PROXY names a proxy that does not answer; the portal was not asked",
        "correct HTTPS_PROXY, or name the portal's host in NO_PROXY",
    ),
    ConnectionFailure.PROXY_LOGIN: (
        "the proxy named by HTTPS_PROXY requires a user name and a password; the portal was not "
        "asked",
        "put them into HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT, percent-encoded",
    ),
    ConnectionFailure.PROXY_REFUSED: (
        "the proxy named by HTTPS_PROXY can't reach the portal or is not allowed to; the portal "
        "was not asked",
        "allow the portal's host and port on the proxy, or name the host in NO_PROXY",
    ),
    ConnectionFailure.TIMEOUT: (
        "the portal is overloaded, the network loses packets, or a firewall drops them",
        "try again later; check the address if the portal has never answered",
    ),
    ConnectionFailure.BROKEN: (
        "the portal, or a proxy in front of it, closed the connection early",
        "try again later; if it persists, check the portal's log",
    ),
}


_CLAIMED_BY_OTHERS = frozenset({401, 402, 403})
"""Statuses that mean something else when a web page comes with them."""


class ErrorText:
    """Makes errors about one portal."""

    def __init__(self, url: str, key: ApiKey) -> None:
        """Make errors about the portal at `url`; `key` is never repeated."""
        self._url = url
        self._key = key

    def refused(
        self,
        operation: Operation,
        status: int,
        message: str = "",
        *,
        location: str = "",
        is_foreign: bool = False,
    ) -> PortalRefused:
        """Return the error for an error status, a redirect included.

        `is_foreign`: the answer is a web page, so it did not come from the portal's API.
        """
        meaning, remedy = _OTHERWISE
        if 300 <= status < 400:
            meaning, remedy = self._redirect(location)
        for known in ((status, None), (status, operation.topic)):
            meaning, remedy = _REFUSALS.get(known, (meaning, remedy))
        if is_foreign and status in _CLAIMED_BY_OTHERS:
            meaning, remedy = _FOREIGN
        if operation.topic in _CHANGING and status >= 500:
            meaning += _UNCERTAIN
        shown = self.printable(message)
        return PortalRefused(
            status=status,
            attempted=self._attempted(operation),
            found=f"the portal answered {status}" + (f": {shown}" if shown else ""),
            meaning=meaning,
            remedy=remedy,
        )

    def postponed(self, operation: Operation, seconds: float, now: Instant) -> PortalRefused:
        """Return the error for a 429 whose wait is too long to sit out."""
        until = (now + timedelta(seconds=min(seconds, 366 * 86_400))).strftime("%H:%M UTC, %d %B")
        return PortalRefused(
            status=429,
            attempted=self._attempted(operation),
            found=f"the portal answered 429: no more requests before {until}",
            meaning="this account's allowance is used up; the allowance for changes is daily",
            remedy=f"run the same command again after {until}",
        )

    def lost(self, operation: Operation, lost: ConnectionLost) -> PortalUnreachable:
        """Return the error for an answer that never arrived."""
        meaning, remedy = _LOSSES[lost.failure]
        if operation.topic in _CHANGING and lost.sent:
            meaning += _UNCERTAIN
        detail = self.printable(lost.detail)
        return PortalUnreachable(
            attempted=self._attempted(operation),
            found=lost.failure.value + (f" ({detail})" if detail else ""),
            meaning=meaning,
            remedy=remedy,
        )

    def unreadable(self, operation: Operation, reason: str) -> PortalUnreadable:
        """Return the error for a 200 that isn't the promised shape."""
        meaning = "guessing could make active people look absent"
        if operation.topic in _CHANGING:
            meaning = "the portal's answer can't be read" + _UNCERTAIN
        return PortalUnreadable(
            attempted=self._attempted(operation),
            found=f"the answer can't be read: {self.printable(reason)}",
            meaning=meaning,
            remedy="check for a proxy or a login page in front of the portal, try again later, "
            "and report this if the portal is up to date",
        )

    def endless(self, operation: Operation, spent: str) -> PortalUnreadable:
        """Return the error for a log that is longer than its portal can account for."""
        return PortalUnreadable(
            attempted=self._attempted(operation),
            found=f"{spent} did not reach the end of the range",
            meaning="the log is far longer than a portal of this size needs, has no end, or the "
            "portal answers very slowly",
            remedy="run the same command again to continue: what was read is kept; if it never "
            "ends, check what is answering at the portal's address",
        )

    def printable(self, text: str) -> str:
        """Return a server's text on one line, without control characters or the key."""
        text = self._key.hide_in(text)
        flat = "".join(character if character.isprintable() else " " for character in text[:2000])
        flat = " ".join(flat.split())
        return flat if len(flat) <= 200 else flat[:199] + "…"

    def _attempted(self, operation: Operation) -> str:
        return f"{operation.attempted} ({self._url})"

    def _redirect(self, location: str) -> tuple[str, str]:
        meaning = (
            "the address is not the portal's own: it redirects to another one, where the API key "
            "is not sent"
        )
        try:
            target = urlsplit(location)
            origin = f"{target.scheme}://{target.hostname}" if target.hostname else ""
            port = target.port
        except ValueError:
            origin, port = "", None
        if not origin:
            return meaning, "use the address that the portal's front page has in a browser"
        if port is not None:
            origin += f":{port}"
        return meaning, f"if you know and trust it, use this address: {self.printable(origin)}"
