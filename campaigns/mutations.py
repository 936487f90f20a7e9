"""Mutations of a portal's answers, and whether a mutated answer still tells the same history.

Bytes in, bytes out; all chance comes from the generator that is passed in. Nothing of the product
is used: whether an answer can be read is decided here a second time, on purpose.
"""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]

_UNIT = b'{"a":'
_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    -(2**63) - 1,
    10**300,
    0.5,
    1e308,
    "",
    " ",
    "null",
    "\u0000",
    "\ud7ff\ufffd",
    "x" * 70_000,
    [],
    {},
    [[]],
    {"id": 1},
    [None],
)
_RAW = (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"0x10", b"01", b"'a'", b"undefined", b"--1")
_DATES = (
    "2026-11-01T13:30:00.0000000+03:00",
    "2026-11-01T10:30:00Z",
    "2026-11-01T10:30:00.123Z",
    "2026-11-01T10:30:00",
    "2026-11-01 10:30:00Z",
    "2026-11-01",
    "20261101T103000Z",
    "2026-W44-7T10:30:00Z",
    "01/11/2026 10:30",
    "Sun, 01 Nov 2026 10:30:00 GMT",
    "/Date(1793529000000)/",
    "1793529000",
    "0001-01-01T00:00:00.0000000Z",
    "9999-12-31T23:59:59.9999999Z",
    "2026-02-30T10:30:00Z",
    "2026-11-01T24:00:00Z",
    "2026-11-01T10:30:60Z",
    "2026-11-01T10:30:00+25:00",
    "2026-11-01T10:30:00.00000000000000000000000000000000000000Z",
    "\u0662\u0660\u0662\u0666-11-01T10:30:00Z",
)
"""Forms that a date might have; the first is the portal's own."""

_FLAGS = ("isOwner", "isAdmin", "isRoomAdmin", "isLDAP", "isVisitor")
_NOBODY = "00000000-0000-0000-0000-000000000000"


def mutated(body: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Return the name of a mutation, and what it makes of `body`."""
    mutation = chance.choice(MUTATIONS)
    name = mutation.__name__.strip("_").replace("_", " ")
    return name, mutation(body, chance)


def tells_another_history(before: bytes, after: bytes) -> bool:
    """Say whether `after` can be read without contradiction and tells what `before` did not.

    Such an answer is what an honest portal with another history, other people or other settings
    would have sent: nobody can find fault with it. Entries that are merely missing, doubled, moved
    or written in another way don't make it one.
    """
    known, told = _told(before), _told(after)
    return told is not None and known is not None and not told <= known


def _truncated(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _with_a_tail(body: bytes, chance: random.Random) -> bytes:
    return body + chance.choice((b"}", b" {}", body[:50], b"\x00", b"<html>", b"\n\n"))


def _with_broken_text(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + chance.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x00")) + body[place:]


def bytes_changed(body: bytes, chance: random.Random) -> bytes:
    """Return `body` with one to eight bytes changed."""
    changed = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 8))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _with_bytes_lost(body: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(body) + 1)
    return body[:start] + body[start + chance.choice((1, 3, 40)) :]


def _something_else(body: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        (
            b"",
            b"null",
            b"[]",
            b"{}",
            b"0",
            b'"text"',
            b"<!DOCTYPE html><title>Sign in</title>",
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            b'{"status":1,"statusCode":500,"error":{"message":"no"}}',
            b'{"response":[],"count":0,"status":0,"statusCode":200}',
            b'{"response":null,"count":0,"status":0,"statusCode":200}',
            b"[" + body + b"]",
        )
    )


def _nested_deeply(body: bytes, chance: random.Random) -> bytes:
    depth = chance.choice((50, 900, 2_000, 100_000))
    if chance.random() < 0.5:
        return b"[" * depth + b"]" * depth
    deep = _UNIT * depth + b"1" + b"}" * depth
    return body.replace(b'"count"', b'"deep":' + deep + b',"count"', 1)


def _with_a_raw_number(body: bytes, chance: random.Random) -> bytes:
    """Put something that is no JSON, or too large a number, in the place of a number."""
    places = [i for i in range(1, len(body)) if body[i - 1] == 58 and 48 <= body[i] <= 57]
    if not places:
        return body
    start = chance.choice(places)
    end = start
    while end < len(body) and 48 <= body[end] <= 57:
        end += 1
    number = chance.choice((*_RAW, b"9" * chance.choice((19, 400, 5_000)), b"1.0", b"1e3", b"-7"))
    return body[:start] + number + body[end:]


def _with_a_key_twice(body: bytes, chance: random.Random) -> bytes:
    """Say a key once more, with another value of another type, before or behind its own."""
    key = chance.choice((b"id", b"date", b"userId", b"actionId", b"status", b"count", b"response"))
    value = chance.choice((b"null", b"[]", b"{}", b"true", b'"x"', b"-5"))
    found = body.find(b'"' + key + b'":')
    if found < 0:
        return body
    twin = b'"' + key + b'":' + value
    if chance.random() < 0.5:
        return body[:found] + twin + b"," + body[found:]
    end = body.find(b"}", found)
    return body[:end] + b"," + twin + body[end:]


def _with_a_value_of_another_type(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        holder, key = _somewhere(document, chance)
        if holder is None:
            return chance.choice(_VALUES)
        holder[key] = chance.choice(_VALUES)
        return document

    return _rewritten(body, change)


def _without_a_key(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        holder, key = _somewhere(document, chance)
        if holder is not None:
            del holder[key]
        return document

    return _rewritten(body, change)


def _with_a_key_in_other_letters(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        holder, key = _somewhere(document, chance)
        if isinstance(holder, dict):
            value = holder.pop(key)
            holder[chance.choice((str.upper, str.capitalize, str.lower))(key)] = value
        return document

    return _rewritten(body, change)


def _with_a_date_in_another_form(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        items = [i for i in _items(document) if isinstance(i, dict)]
        if items:
            item = chance.choice(items)
            field = "date" if "date" in item else "registrationDate"
            own = item.get(field)
            item[field] = chance.choice((*_DATES, *_same_instant(own)))
        return document

    return _rewritten(body, change)


def _with_entries_left_out(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        items = _items(document)
        if items:
            many = chance.choice((1, 1, 2, max(1, len(items) // 2), len(items)))
            for _ in range(min(many, len(items))):
                items.pop(chance.choice((0, -1, chance.randrange(len(items)))))
            if chance.random() < 0.8:
                document["count"] = len(items)
        return document

    return _rewritten(body, change)


def _with_entries_twice(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        items = _items(document)
        if items:
            items.insert(chance.randrange(len(items) + 1), chance.choice(items))
            if chance.random() < 0.8:
                document["count"] = len(items)
        return document

    return _rewritten(body, change)


def _with_entries_moved(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        items = _items(document)
        if len(items) > 1:
            if chance.random() < 0.5:
                chance.shuffle(items)
            else:
                first, second = chance.sample(range(len(items)), 2)
                items[first], items[second] = items[second], items[first]
        return document

    return _rewritten(body, change)


def _with_a_false_envelope(body: bytes, chance: random.Random) -> bytes:
    def change(document: Any) -> Any:
        if isinstance(document, dict):
            key = chance.choice(("count", "total", "status", "statusCode"))
            document[key] = chance.choice((0, 1, -1, 2, 99, 100, 101, 403, 500, 10**12, None, "1"))
        return document

    return _rewritten(body, change)


MUTATIONS: tuple[Mutation, ...] = (
    _truncated,
    _with_a_tail,
    _with_broken_text,
    bytes_changed,
    _with_bytes_lost,
    _something_else,
    _nested_deeply,
    _with_a_raw_number,
    _with_a_key_twice,
    _with_a_value_of_another_type,
    _without_a_key,
    _with_a_key_in_other_letters,
    _with_a_date_in_another_form,
    _with_entries_left_out,
    _with_entries_twice,
    _with_entries_moved,
    _with_a_false_envelope,
)


def _rewritten(body: bytes, change: Callable[[Any], Any]) -> bytes:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return json.dumps(change(document), separators=(",", ":")).encode("utf-8", "surrogatepass")


def _items(document: Any) -> list[Any]:
    items = document.get("response") if isinstance(document, dict) else None
    return items if isinstance(items, list) else []


def _somewhere(document: Any, chance: random.Random) -> tuple[Any, Any]:
    """Return a dict or list somewhere in `document`, and a key or an index in it."""
    holder, key = None, None
    node = document
    while isinstance(node, dict | list) and node:
        holder = node
        key = chance.choice(list(node)) if isinstance(node, dict) else chance.randrange(len(node))
        node = holder[key]
        if chance.random() < 0.15:
            break
    return holder, key


def _same_instant(written: Any) -> list[Any]:
    """Return other ways of writing the same instant."""
    moment = _instant(written)
    if moment is None:
        return []
    return [
        moment.isoformat(),
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        {"utcTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZoneOffset": "03:00:00"},
        {"utcTime": moment.isoformat()},
    ]


def _told(body: bytes) -> set[Any] | None:
    """Return what an answer tells, entry by entry; None where it contradicts itself."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    response = document.get("response")
    entries = response if isinstance(response, list) else [response]
    told = [_entry(entry) for entry in entries]
    return None if None in told else set(told)


def _entry(entry: Any) -> Any:
    """Return what one entry tells, None where it can't be read."""
    if not isinstance(entry, dict):
        return None
    if "loginHistoryLifeTime" in entry:
        lifetimes = entry.get("loginHistoryLifeTime"), entry.get("auditTrailLifeTime")
        # A value of another type can't be read, and some of them can't be in a set.
        return lifetimes if all(type(days) is int for days in lifetimes) else None
    if "actionId" in entry or "date" in entry:
        moment = _instant(entry.get("date"))
        user = entry.get("userId")
        if moment is None or not isinstance(user, str | None):
            return None
        who = (user or _NOBODY).strip().strip("{}").lower()
        return "event", moment, who or _NOBODY, repr(entry.get("actionId"))
    registered = entry.get("registrationDate")
    return (
        "person",
        repr(entry.get("id")),
        repr(entry.get("status")),
        repr(entry.get("email")),
        None if registered is None else _instant(registered) or repr(registered),
        tuple(bool(entry.get(flag)) for flag in _FLAGS),
    )


def _instant(written: Any) -> datetime | None:
    if isinstance(written, dict):
        written = written.get("utcTime")
        if isinstance(written, str) and "+" not in written and not written.endswith("Z"):
            written += "Z"
    if not isinstance(written, str):
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None
