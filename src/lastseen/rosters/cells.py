"""Reads single values of a roster: an account id, an e-mail address, the last day of a contract.

Pure. A value that can't be read raises ValueError; nothing is guessed, since a wrong address or a
wrong date can take access away from somebody who is still working.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote
from uuid import UUID

from lastseen.model.contractor import UserId, user_id
from lastseen.model.email_address import can_be_domain, email_key
from lastseen.model.lookalikes import is_unseen

FIRST_BELIEVABLE_YEAR = 2000
"""Systems write 0001-01-01, 1900-01-01 or 1970-01-01 where a contract has no end."""

FURTHEST_ZONE = timedelta(hours=14)
"""The time zone in which a day begins first (UTC+14, Kiribati)."""

_NOBODY = UUID(int=0)
_GUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_LONGEST_ADDRESS = 255
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")
_MAILTO = re.compile(r"mailto:(?://)?([^?]*)(\?.*)?", re.IGNORECASE)
_BETWEEN_ADDRESSES = re.compile(r"[\s<>()\[\]\\,;:\"]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    r" ?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)


class BeforeBelief(ValueError):
    """A date too early to be the end of a contract: it means "no end"."""


def visible(text: str) -> str:
    """Return `text` without invisible characters (zero width, byte-order marks), trimmed."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(
        " " if unicodedata.category(c) == "Zs" else c
        for c in text
        if not is_unseen(c) or c in "\t\r\n"
    ).strip()


def one_line(text: str) -> str | None:
    """Return `text` with all white space as single blanks; None if nothing is left."""
    return " ".join(text.split()) or None


def portal_id(text: str) -> UserId | None:
    """Return an account's id as the portal writes it, or None if `text` can't be one.

    The portal takes anything else for a user name (UserController.cs, GetProfileByUserId), so it
    must never be sent.
    """
    try:
        guid = UUID(visible(text).lstrip("'"))
    except ValueError:
        return None
    return None if guid == _NOBODY else user_id(str(guid))


def holds_id(text: str) -> bool:
    """Return whether an account's id is in `text`, alone or among other signs."""
    return _GUID.search(visible(text)) is not None


def email_address(text: str) -> str:
    """Return the one address in `text`, without what mail programs and Excel wrap around it.

    Unwraps `Ann <ann@x.example>`, `ann@x.example (Ann)`, `mailto:ann@x.example`, quotation marks, a
    leading apostrophe, a trailing dot, comma or semicolon, and invisible characters.
    Raises ValueError if no single address is left.
    """
    address, _ = _unwrapped(text)
    address = address.strip("\"'`\u2018\u2019\u201c\u201d ").rstrip(".,; ")
    if not _ADDRESS.fullmatch(address) or not can_be_address(address):
        raise ValueError("not one e-mail address")
    name, _, domain = address.rpartition("@")
    if not can_be_domain(domain) or not all(map(_can_be_in_name, name)):
        raise ValueError("not one e-mail address")
    if name.startswith((".", "*")):
        # No address begins with a dot (RFC 5322, 3.2.3); an asterisk is a bullet or a footnote.
        raise ValueError("not one e-mail address")
    return address


def names_another(text: str) -> bool:
    """Return whether what `email_address` removes from `text` holds an address that differs.

    As in `bob@x.example <ann@x.example>`, `ann@x.example (bob@x.example)` and
    `mailto:ann@x.example?cc=bob@x.example`. Raises ValueError as `email_address` does.
    """
    key = email_key(email_address(text))
    _, removed = _unwrapped(text)
    words = _BETWEEN_ADDRESSES.split(unicodedata.normalize("NFKC", " ".join(removed)))
    return any("@" in word and not _is_address(word, key) for word in words)


def _is_address(text: str, key: str) -> bool:
    try:
        return email_key(email_address(text)) == key
    except ValueError:
        return False


def _unwrapped(text: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` without name, comment and `mailto:`, and what was removed, decoded."""
    address, name, comment, query = visible(text), "", "", ""
    if named := _NAMED.fullmatch(address):
        name, address = named[1], named[2].strip()
    before, opened, inside = address.removesuffix(")").rpartition("(")
    if opened and address.endswith(")") and ")" not in inside:
        address, comment = before.rstrip(), inside
    if mailto := _MAILTO.fullmatch(address):
        address, query = visible(unquote(mailto[1])), mailto[2] or ""
    # A sign within an address may also stand between the fields of a query.
    values = (field.partition("=")[2] or field for field in re.split("[?&]", query))
    return address, (name, comment, *(visible(unquote(value)) for value in values))


def _can_be_in_name(sign: str) -> bool:
    """Return whether a local part may hold `sign`: beyond ASCII only letters, digits and marks."""
    return sign.isascii() or unicodedata.category(sign)[0] in "LMN"


def names_somebody(text: str) -> bool:
    """Return whether a cell contains nothing but an e-mail address or an account's id."""
    if portal_id(text) is not None:
        return True
    try:
        return bool(email_address(text))
    except ValueError:
        return False


def can_be_address(text: str) -> bool:
    """Return whether the portal would look for `text` as an e-mail address.

    It answers 400 to anything else: more than 255 characters, a line break, or not exactly one @
    with something on both sides (MemberRequestDto.cs, GetMemberByEmailRequestDto).
    """
    name, _, domain = text.strip().partition("@")
    return (
        bool(name and domain)
        and "@" not in domain
        and len(text) <= _LONGEST_ADDRESS
        and text.isprintable()
    )


def last_day(text: str) -> date | None:
    """Return the last day of a contract; None if `text` is empty.

    Takes `2026-12-31` and `2026-12-31T23:00:00Z` (seconds, fraction and zone may be missing).
    An instant falls on different days in different places: the latest of them counts, so that
    no contract ends a day early. Raises ValueError for any other form, BeforeBelief for a day
    before the year 2000.
    """
    written = visible(text)
    if not written:
        return None
    if _DATE.fullmatch(written):
        return believable(date.fromisoformat(written))
    if not _INSTANT.fullmatch(written):
        raise ValueError("not an ISO date")
    # Python reads three or six digits of a fraction; smaller digits change no day.
    moment = re.sub(r"[.][0-9]+", "", written.replace(" Z", "Z").replace(" +", "+"))
    return day_of(datetime.fromisoformat(moment.replace(" -", "-")))


def day_of(moment: datetime) -> date:
    """Return the latest day that `moment` can be anywhere; a time without zone is taken as UTC.

    Raises BeforeBelief for a day before the year 2000.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        latest = (aware.astimezone(UTC) + FURTHEST_ZONE).date()
    except OverflowError:
        latest = moment.date()
    return believable(max(latest, moment.date()))


def believable(day: date) -> date:
    """Return `day`; raises BeforeBelief if it can't be meant as the end of a contract."""
    if day.year < FIRST_BELIEVABLE_YEAR:
        raise BeforeBelief(day.isoformat())
    return day
