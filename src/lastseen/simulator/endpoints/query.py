"""How the portal reads the parameters of a query: what is accepted, and what is a 400.

ASP.NET binds them; these are its rules for numbers, ids, booleans, enumerations and dates.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import TypeVar

from lastseen.simulator.endpoints.dates import FIRST_TICK, BadDate, read_date
from lastseen.simulator.endpoints.wire import Invalid, Request
from lastseen.simulator.world import actions
from lastseen.simulator.world.people import NOBODY

_HEX = "[0-9a-f]"
_GUID = re.compile(
    "[{(]?" + "-?".join(f"({_HEX}{{{length}}})" for length in (8, 4, 4, 4, 12)) + "[})]?"
)
_Enumeration = TypeVar("_Enumeration", bound=IntEnum)


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """Read a whole number of 32 bits; absent or empty is the default."""
    text = query.get(name.lower(), "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise _invalid(name, text) from None
    if "_" in text or not -(2**31) <= value < 2**31:
        raise _invalid(name, text)
    return value


def count(request: Request) -> int:
    """Read `count`: from 1 to as many as the release allows, which is the default as well."""
    most = request.release.largest_page
    value = number(request.query, "count", most)
    if not request.release.refuses_large_pages:
        return min(value, most) if value > 0 else most
    if not 1 <= value <= most:
        raise Invalid({"count": f"The field Count must be between 1 and {most}."})
    return value


def guid(query: Mapping[str, str], name: str) -> str | None:
    """Read an id in any of .NET's spellings; the empty id and an absent one are `None`."""
    text = query.get(name.lower(), "").strip()
    if not text:
        return None
    found = read_guid(text)
    if found is None:
        raise _invalid(name, text)
    return None if found == NOBODY else found


def read_guid(text: str) -> str | None:
    """Bring an id to lower case with dashes; `None` if it is none."""
    found = _GUID.fullmatch(text.strip().lower())
    return "-".join(found.groups()) if found else None


def boolean(query: Mapping[str, str], name: str) -> bool | None:
    """Read `true` or `false` in any case."""
    text = query.get(name.lower(), "").strip()
    if not text:
        return None
    if text.lower() not in {"true", "false"}:
        raise _invalid(name, text)
    return text.lower() == "true"


def choice(
    query: Mapping[str, str], name: str, names: Mapping[str, int], *, flags: int = 0
) -> int | None:
    """Read an enumeration by name (any case) or number; `flags` are bits that may be combined."""
    text = query.get(name.lower(), "").strip()
    if not text:
        return None
    value = read_choice(text, names, flags=flags)
    if value is None:
        raise _invalid(name, text)
    return value


def read_choice(text: str, names: Mapping[str, int], *, flags: int = 0) -> int | None:
    """Read one name or number of an enumeration; `None` if it has no such value."""
    if (value := names.get(text.strip().lower())) is not None:
        return value
    try:
        value = int(text)
    except ValueError:
        return None
    combined = 0 < value <= flags and not value & ~flags
    return value if value in names.values() or combined else None


def member(query: Mapping[str, str], name: str, of: type[_Enumeration]) -> _Enumeration | None:
    """Read an enumeration of this package; the zero value and an absent one are `None`."""
    names = {entry.name.replace("_", "").lower(): int(entry) for entry in of}
    value = choice(query, name, names)
    return of(value) if value else None


def action(request: Request) -> int | None:
    """Read `action`, by name or id. 0, -1 and absent are no filter; an unknown id is a 400."""
    text = request.query.get("action", "").strip()
    if not text:
        return None
    known = actions.NAMES.get(text.lower())
    if known is None:
        try:
            known = int(text)
        except ValueError:
            raise _invalid("action", text) from None
        if known != 0 and not request.release.knows(known):
            raise _invalid("action", text)
    return known if known > 0 else None


def date(query: Mapping[str, str], name: str) -> int | None:
    """Read a date; answers ticks of 100 ns since 1970, `None` where absent or the first of all."""
    text = query.get(name.lower(), "")
    if not text.strip():
        return None
    try:
        ticks = read_date(text)
    except BadDate:
        raise _invalid(name, text) from None
    return None if ticks == FIRST_TICK else ticks


def _invalid(name: str, text: str) -> Invalid:
    return Invalid({name: f"The value '{text}' is not valid for {name[:1].upper()}{name[1:]}."})
