"""Whether an answer says that its list goes on elsewhere, in a way that isn't followed. Pure.

Only `Link: rel="next"` is followed; services have many other ways. An incomplete list leaves people
out, and rows that prolong contracts. docs/rosters.md names everything that is recognised.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping

import msgspec

_BETWEEN = re.compile(r"[^a-z]")
_NEXT = frozenset(
    {"next", "nextlink", "odatanextlink", "nextpage", "nextpageurl", "nextpagelink", "nexturl"}
    | {"nexturi", "nexthref", "nextpagetoken", "nexttoken", "nextcursor", "nextoffset"}
    | {"nextrecordsurl", "continuationtoken"}
    | {"hasmore", "hasmoreitems", "hasnext", "hasnextpage", "more", "moreavailable", "morerecords"}
    | {"truncated", "istruncated"}
)
"""Filled, or true, where there is a further page."""

_LAST = frozenset({"last", "islast", "lastpage", "islastpage"})
"""False where there is a further page; as an address or a number it says nothing of the kind."""

_TOTALS = frozenset(
    {"total", "totalcount", "totalresults", "totalitems", "totalelements", "totalrecords"}
    | {"totalrows", "odatacount"}
)
_PAGES = frozenset({"totalpages", "pagecount", "pages", "lastpage"})
_HOLDERS = frozenset(
    {"links", "link", "paging", "pagination", "pageinfo", "page", "meta", "metadata"}
    | {"responsemetadata", "resultinfo", "info", "d"}
)
_TARGETS = ("href", "url", "uri")
_NO = frozenset({"", "0", "false", "f", "no", "n", "off", "none", "null"})
_DIGITS = re.compile(r"[0-9]{1,15}")


class PagingHints(msgspec.Struct, frozen=True):
    """What an answer says beside its list."""

    next_name: str | None = None
    """The name that says that there is a further page; None if none does."""
    total: int = 0
    """How many items there are in total, as far as the answer says; otherwise 0."""
    pages: int = 0
    """How many pages there are in total, as far as the answer says; otherwise 0."""


def paging_hints(beside: Mapping[str, msgspec.Raw]) -> PagingHints:
    """Return what the fields beside a list say about other pages."""
    names, totals, pages = list[str](), [0], [0]
    for name, value in _fields(beside):
        plain = _plain(name)
        if (plain in _NEXT and _is_filled(value)) or (plain in _LAST and _is_false(value)):
            names.append(name)
        if plain in _TOTALS:
            totals.append(_number(value))
        if plain in _PAGES:
            pages.append(_number(value))
    return PagingHints(names[0] if names else None, max(totals), max(pages))


def _fields(beside: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, object]]:
    """Yield names and values, also those in objects that are about pages, however deep."""
    counted = _NEXT | _LAST | _TOTALS | _PAGES | _HOLDERS
    waiting = deque((name, _value(raw)) for name, raw in beside.items() if _plain(name) in counted)
    while waiting:
        name, value = waiting.popleft()
        yield name, value
        if _plain(name) not in _HOLDERS:
            continue
        for holder in value if isinstance(value, list) else [value]:
            if isinstance(holder, dict):
                waiting += holder.items()
                yield from ((relation, holder) for relation in _relations(holder))


def _relations(link: Mapping[str, object]) -> list[str]:
    """Return the relations of a link object, as `rel` and FHIR's `relation` name them."""
    written = link.get("rel", link.get("relation"))
    words = written if isinstance(written, list) else [written]
    return [word for text in words if isinstance(text, str) for word in text.split()]


def _value(raw: msgspec.Raw) -> object:
    """Return a value; one that can't be read counts as filled."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return True


def _is_filled(value: object) -> bool:
    """Return whether a value says yes, or leads somewhere."""
    if isinstance(value, str):
        return value.strip().casefold() not in _NO
    if isinstance(value, dict) and any(name in value for name in _TARGETS):
        return any(value.get(name) for name in _TARGETS)
    return bool(value)


def _is_false(value: object) -> bool:
    """Return whether a value is a plain no; nothing at all is none."""
    return value is False or (isinstance(value, str) and value != "" and not _is_filled(value))


def _number(value: object) -> int:
    """Return a whole number, also one that is written as text; otherwise 0."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _plain(name: str) -> str:
    return _BETWEEN.sub("", name.lower())
