"""A portal's address as a person writes it, made into the one form that the rest uses.

Only text in and text out: nothing here resolves a name or opens a connection.
"""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from lastseen.model.errors import UsageError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def portal_address(text: str) -> str:
    """Return `scheme://host[:port]` in lower case, without a trailing slash.

    Raises UsageError for anything else than the address of a portal's front page, and for
    `http://` where the host isn't this machine.
    """
    parts = _split(text.strip())
    if parts.scheme not in _DEFAULT_PORTS:
        raise _unusable(
            f"{_shown(text)} does not begin with https://",
            "Write the whole address, as https://example.onlyoffice.com.",
        )
    if parts.username is not None or parts.password is not None:
        raise _unusable(
            "it carries a name or a password",
            "Leave them out: Lastseen signs in with the API key only.",
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _unusable(
            f"{_shown(text)} goes on after the host name",
            "Write only the scheme and the host, as https://example.onlyoffice.com.",
        )
    host = _host(parts, text)
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(
            attempted="Reading the portal's address",
            found=f"{_shown(text)} is not encrypted",
            meaning="The API key would travel readable for everyone on the way.",
            remedy="Write https:// instead; http:// is accepted for this machine only.",
        )
    port = _port(parts, text)
    shown_host = f"[{host}]" if ":" in host else host
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{shown_host}{suffix}"


def is_loopback(host: str) -> bool:
    """Say whether `host` (a name or a bare address) can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> SplitResult:
    if not text:
        raise _unusable("it is empty", "Write it as https://example.onlyoffice.com.")
    if not text.isprintable() or " " in text or "\\" in text:
        raise _unusable(
            "it has characters that no address has", "Write it as https://example.onlyoffice.com."
        )
    try:
        return urlsplit(text)
    except ValueError:
        parts = None
    if parts is None:
        raise _unusable(
            f"{_shown(text)} is not an address", "Write it as https://example.onlyoffice.com."
        )
    return parts


def _host(parts: SplitResult, text: str) -> str:
    host = parts.hostname or ""
    try:
        if ":" not in host:
            host = host.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not host or any(character in host for character in "%@<>^`{|}\"'"):
        raise _unusable(
            f"{_shown(text)} has no usable host name",
            "Write it as https://example.onlyoffice.com.",
        )
    return host


def _port(parts: SplitResult, text: str) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise _unusable(
            f"{_shown(text)} has no usable port", "Write a port from 1 to 65535, or none."
        )
    return port


def _shown(text: str) -> str:
    """Return what may be repeated: no password before an `@`, and nothing that is no address."""
    _, separator, rest = text.strip().partition("://")
    return repr(rest.rpartition("@")[2][:120]) if separator else "what is written"


def _unusable(found: str, remedy: str) -> UsageError:
    return UsageError(
        attempted="Reading the portal's address",
        found=found,
        meaning="No portal can be reached by this address.",
        remedy=remedy,
    )
