"""Whether an answer says that its list goes on elsewhere, in a way that isn't followed. Pure.

Only `Link: rel="next"` is followed; services have many other ways. A list that is cut leaves people
out, and rows that prolong contracts.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

_BETWEEN = re.compile(r"[^a-z]")
_NEXT = frozenset(
    {"next", "nextlink", "odatanextlink", "nextpage", "nextpageurl", "nextpagelink", "nexturl"}
    | {"nexthref", "nextpagetoken", "nexttoken", "nextcursor", "nextoffset"}
    | {"hasmore", "hasnext", "hasnextpage", "more", "moreavailable"}
)
_TOTALS = frozenset({"total", "totalcount", "totalresults", "totalitems", "totalelements"})
_HOLDERS = frozenset({"links", "paging", "pagination", "pageinfo", "meta", "metadata", "page"})


class Further(msgspec.Struct, frozen=True):
    """What an answer says beside its list."""

    next_name: str | None
    """The name under which a further page is named; None if none is."""
    total: int
    """How many items there are in total, as far as the answer says; otherwise 0."""


def further(beside: Mapping[str, msgspec.Raw]) -> Further:
    """Return what the fields beside a list say about other pages."""
    names, totals = list[str](), [0]
    for name, value in _fields(beside):
        plain = _BETWEEN.sub("", name.lower())
        if plain in _NEXT and value and value != "false":
            names.append(name)
        if plain in _TOTALS and isinstance(value, int) and not isinstance(value, bool):
            totals.append(value)
    return Further(names[0] if names else None, max(totals))


def _value(raw: msgspec.Raw) -> object:
    """Return a value; one that can't be read counts as filled."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return True


def _fields(beside: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, object]]:
    """Yield names and values, and those in objects that are about pages."""
    for name, raw in beside.items():
        plain = _BETWEEN.sub("", name.lower())
        if plain in _NEXT | _TOTALS | _HOLDERS:
            value = _value(raw)
            yield name, value
            if plain in _HOLDERS and isinstance(value, dict):
                yield from value.items()
