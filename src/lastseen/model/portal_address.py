"""A portal's address as people write it, in the one form in which all packages compare it.

Text in, text out: nothing here resolves a name or opens a connection.
"""

import ipaddress
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from lastseen.model.errors import UsageError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST, _LONGEST_LABEL = 253, 63
_EXAMPLE = "https://example.onlyoffice.com"


def portal_address(text: str) -> str:
    """Return `scheme://host[:port]` in lower case, without a trailing slash.

    International host names become ASCII by IDNA 2008 (RFC 5891, UTS 46 non-transitional).
    Raises UsageError for anything but the address of a portal's front page, and for `http://`
    where the host isn't this machine.
    """
    parts = _split(text.strip())
    if parts.scheme not in _DEFAULT_PORTS:
        _refuse(
            f"{_shown(text)} does not begin with https://", f"write the whole address: {_EXAMPLE}"
        )
    if parts.username is not None or parts.password is not None:
        _refuse(
            "it contains a user name or a password",
            "leave them out: Lastseen signs in with the API key only",
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        _refuse(
            f"{_shown(text)} has something after the host name",
            f"write only the scheme and the host: {_EXAMPLE}",
        )
    host = _host(parts, text)
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(
            attempted="reading the portal's address",
            found=f"{_shown(text)} is not encrypted",
            meaning="anyone on the way could read the API key",
            remedy="write https:// instead; http:// is accepted for this machine only",
        )
    port = _port(parts, text)
    shown_host = f"[{host}]" if ":" in host else host
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{shown_host}{suffix}"


def is_loopback(host: str) -> bool:
    """Return whether `host` (a name or a bare address) can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> SplitResult:
    if not text:
        _refuse("it is empty", f"write it as {_EXAMPLE}")
    if not text.isprintable() or " " in text or "\\" in text:
        _refuse("it has characters that no address has", f"write it as {_EXAMPLE}")
    parts: SplitResult | None
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = None
    if parts is None:
        _refuse(f"{_shown(text)} is not an address", f"write it as {_EXAMPLE}")
    return parts


def _host(parts: SplitResult, text: str) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        host = _ascii_host(host)
    if not _can_be_host(host):
        _refuse(f"{_shown(text)} has no usable host name", f"write it as {_EXAMPLE}")
    return host


def _can_be_host(host: str) -> bool:
    """Return whether a name server, or this machine, can know `host` (RFC 1035, 2.3.4)."""
    if any(character in host for character in "%@<>^`{|}\"'"):
        return False
    parts = [host] if ":" in host else host.split(".")
    return len(host) <= _LONGEST_HOST and all(0 < len(part) <= _LONGEST_LABEL for part in parts)


def _ascii_host(host: str) -> str:
    """Return an international host name by IDNA 2008, or an empty string if it has no such form."""
    import idna  # only such names need its tables

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


def _port(parts: SplitResult, text: str) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        _refuse(f"{_shown(text)} has no usable port", "write a port from 1 to 65535, or none")
    return port


def _shown(text: str) -> str:
    """Return what may be shown: no password before an `@`, and nothing that isn't an address."""
    _, separator, rest = text.strip().partition("://")
    return repr(rest.rpartition("@")[2][:120]) if separator else "the text"


def _refuse(found: str, remedy: str) -> NoReturn:
    raise UsageError(
        attempted="reading the portal's address",
        found=found,
        meaning="no portal can be reached at this address",
        remedy=remedy,
    )
