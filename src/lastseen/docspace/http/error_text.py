"""What went wrong with a portal, in the four sentences that a person reads.

Whatever a server sent is cut short, made printable and stripped of the API key before it is
repeated. Nothing here decides whether to ask again.
"""

from datetime import timedelta
from enum import Enum
from urllib.parse import quote, urlsplit

import msgspec

from lastseen.docspace.http.request import ConnectionFailure, ConnectionLost
from lastseen.model.errors import PortalRefused, PortalUnreachable, PortalUnreadable
from lastseen.model.instant import Instant
from lastseen.model.secret import ApiKey


class Topic(Enum):
    """What a request is about: the same status means something else for each."""

    LOGS = "the audit logs"
    PEOPLE = "people"
    CHANGE = "changing people's status"
    KEYS = "API keys"
    SETTINGS = "the portal's settings"
    RELEASE = "the release"
    SESSIONS = "ending people's sessions"


class Operation(msgspec.Struct, frozen=True):
    """Why something is asked."""

    attempted: str
    """A phrase such as "Reading the sign-in log"."""
    topic: Topic
    may_be_absent: bool = False
    """Whether the portal's own 404 is an answer like any other."""


_CHANGING = frozenset({Topic.CHANGE, Topic.SESSIONS})

_UNCERTAIN = " Whether the change was made is not known."

_REFUSALS: dict[tuple[int, Topic | None], tuple[str, str]] = {
    (400, None): (
        "The portal did not understand the request, or it is a release that Lastseen "
        "does not know.",
        "Run `lastseen doctor`, and report this if the portal is up to date.",
    ),
    (401, None): (
        "The API key is wrong, expired, or was deleted.",
        "Make a new key in the portal (Developer Tools, API keys) and give that one.",
    ),
    (402, None): (
        "The portal's plan does not include this, or its subscription has run out.",
        "Have a look at the portal's payment page.",
    ),
    (402, Topic.LOGS): (
        "The portal's plan does not include the audit logs, or the login history is switched off.",
        "Use a plan with the audit option; without it nobody's absence can be proven.",
    ),
    (402, Topic.CHANGE): (
        "The portal has no room for one more active user in its plan.",
        "Free a place or extend the plan, then run the same command again.",
    ),
    (403, None): (
        "The key's owner may not see this, or the key itself is limited.",
        "Use a key of a DocSpace administrator with the scope accounts:read or an unlimited one.",
    ),
    (403, Topic.LOGS): (
        "The key's owner may not edit the portal's settings, or the key has a limited scope; "
        "the audit logs need both.",
        "Use an unlimited key that a DocSpace administrator or the owner made.",
    ),
    (403, Topic.CHANGE): (
        "The key may not change people, or one of them can't be changed: the owner, the key's "
        "own account, an LDAP account, or an administrator. Nobody was changed.",
        "Use a key with the scope accounts:write, and leave protected people out.",
    ),
    (403, Topic.KEYS): (
        "The key has a limited scope; the portal's API keys can be listed by an unlimited one.",
        "Use an unlimited key that a DocSpace administrator or the owner made.",
    ),
    (403, Topic.SETTINGS): (
        "The key's owner may not edit the portal's settings, or the key has a limited scope.",
        "Use an unlimited key that a DocSpace administrator or the owner made.",
    ),
    (403, Topic.SESSIONS): (
        "The key may not end other people's sessions. Nobody was signed out.",
        "Use a key that a DocSpace administrator made and that is not limited to single scopes.",
    ),
    (404, None): (
        "What answers at this address does not know the DocSpace API.",
        "Check that the address is the portal's own, without anything after the host name.",
    ),
    (429, None): (
        "The portal lets this account make no more requests for now.",
        "Run the same command again later, and see that no other program uses the same account.",
    ),
}

_OTHERWISE = (
    "The portal, or something in front of it, answered with an error of its own.",
    "Try again later; if it stays, look into the portal's log.",
)

_LOSSES: dict[ConnectionFailure, tuple[str, str]] = {
    ConnectionFailure.NAME: (
        "There is no such host, or this machine can't look up names.",
        "Check the spelling of the portal's address and the machine's network.",
    ),
    ConnectionFailure.REFUSED: (
        "The host is there, but nothing answers on this port.",
        "Check the address and its port, and whether the portal is running.",
    ),
    ConnectionFailure.UNREACHABLE: (
        "The host can't be reached from this machine.",
        "Check the network, the firewall and the proxy settings (HTTPS_PROXY, NO_PROXY).",
    ),
    ConnectionFailure.CERTIFICATE: (
        "Either the portal's TLS set-up is wrong, or someone stands between.",
        "Renew the certificate, or make its authority known to this machine (SSL_CERT_FILE).",
    ),
    ConnectionFailure.TIMEOUT: (
        "The portal is overloaded, or the network loses what it carries.",
        "Try again later.",
    ),
    ConnectionFailure.BROKEN: (
        "The portal, or a proxy in front of it, hung up in the middle.",
        "Try again later; if it stays, look into the portal's log.",
    ),
}


class ErrorText:
    """Makes errors about one portal."""

    def __init__(self, url: str, key: ApiKey) -> None:
        """Speak of the portal at `url`, and never repeat `key`."""
        self._url = url
        self._key = key

    def refused(
        self, operation: Operation, status: int, message: str = "", *, location: str = ""
    ) -> PortalRefused:
        """Return the error for an error status, a redirect included."""
        meaning, remedy = _OTHERWISE
        if 300 <= status < 400:
            meaning, remedy = self._redirect(location)
        for known in ((status, None), (status, operation.topic)):
            meaning, remedy = _REFUSALS.get(known, (meaning, remedy))
        if operation.topic in _CHANGING and status >= 500:
            meaning += _UNCERTAIN
        said = self.printable(message)
        return PortalRefused(
            status=status,
            attempted=self._attempted(operation),
            found=f"the portal answered {status}" + (f": {said}" if said else ""),
            meaning=meaning,
            remedy=remedy,
        )

    def postponed(self, operation: Operation, seconds: float, now: Instant) -> PortalRefused:
        """Return the error for a 429 that asks to wait longer than anyone would."""
        until = (now + timedelta(seconds=min(seconds, 366 * 86_400))).strftime("%H:%M UTC, %d %B")
        return PortalRefused(
            status=429,
            attempted=self._attempted(operation),
            found=f"the portal answered 429: nothing more before {until}",
            meaning="This account's allowance is used up; the one for changes lasts a day.",
            remedy=f"Run the same command again after {until}.",
        )

    def lost(self, operation: Operation, lost: ConnectionLost) -> PortalUnreachable:
        """Return the error for an answer that didn't come."""
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
        meaning = (
            "It can't be used: reading it as well as may be could make someone look absent "
            "who is not."
        )
        if operation.topic in _CHANGING:
            meaning = "The portal's answer can't be read." + _UNCERTAIN
        return PortalUnreadable(
            attempted=self._attempted(operation),
            found=f"the answer can't be read: {self.printable(reason)}",
            meaning=meaning,
            remedy="Try again later; if it stays, see what stands between here and the portal "
            "(a proxy, a login page), or report it if the portal is up to date.",
        )

    def printable(self, text: str) -> str:
        """Return a server's words on one line, without control characters and without the key."""
        secret = self._key.reveal()
        if secret:
            for form in {secret, quote(secret, safe="")}:
                text = text.replace(form, "***")
        flat = "".join(character if character.isprintable() else " " for character in text[:2000])
        flat = " ".join(flat.split())
        return flat if len(flat) <= 200 else flat[:199] + "…"

    def _attempted(self, operation: Operation) -> str:
        return f"{operation.attempted} ({self._url})"

    def _redirect(self, location: str) -> tuple[str, str]:
        meaning = (
            "The address is not the portal's own: it sends on to another one, where the API key "
            "is not taken."
        )
        try:
            target = urlsplit(location)
            origin = f"{target.scheme}://{target.hostname}" if target.hostname else ""
            port = target.port
        except ValueError:
            origin, port = "", None
        if not origin:
            return meaning, "Give the address that the portal's front page has in a browser."
        if port is not None:
            origin += f":{port}"
        return meaning, f"If you know and trust it, give this address: {self.printable(origin)}"
