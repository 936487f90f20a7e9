"""Finds a value in JSON by a dotted path, as `data.people` or `emails.0.value`. Pure."""

import json
from collections.abc import Mapping

import msgspec


class _Name(str):
    """A key of an object, unequal to every other one, so that duplicates are kept."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


_fields = msgspec.json.Decoder(dict[_Name, msgspec.Raw], dec_hook=lambda _, key: _Name(key))


def find(document: object, path: str) -> object:
    """Return the value at `path`, or None if there is none.

    A key may contain dots itself (the URNs of SCIM do): the longest key that fits is used.
    """
    if not path:
        return document
    if isinstance(document, list):
        head, _, rest = path.partition(".")
        return find(document[int(head)], rest) if _is_index(head, document) else None
    if not isinstance(document, Mapping):
        return None
    if path in document:
        return document[path]
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        key = ".".join(parts[:length])
        if key in document:
            return find(document[key], ".".join(parts[length:]))
    return None


def list_at(body: bytes, path: str) -> list[msgspec.Raw] | None:
    """Return the list at `path` of a JSON body, its items still encoded.

    None if there is none, or several. Raises msgspec.DecodeError if the body is not JSON.
    """
    raw: bytes | msgspec.Raw = body
    for key in filter(None, path.split(".")):
        try:
            fields = _fields.decode(raw)
        except msgspec.ValidationError:
            return None
        named = [value for name, value in fields.items() if str(name) == key]
        if len(named) != 1:
            return None
        raw = named[0]
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        return None


def beside(body: bytes, path: str) -> dict[str, msgspec.Raw]:
    """Return the fields of the objects on the way to the list at `path`, without the way."""
    fields: dict[str, msgspec.Raw] = {}
    raw: bytes | msgspec.Raw = body
    for key in filter(None, path.split(".")):
        here = {str(name): value for name, value in _fields.decode(raw).items()}
        raw = here.pop(key)
        fields.update(here)
    return fields


def row_of(item: bytes | msgspec.Raw) -> dict[str, object] | None:
    """Return an object of JSON; None if it is something else, or has a name twice.

    With a name twice it would be unknown which value counts.
    """
    try:
        row = msgspec.json.decode(item, type=dict[str, object])
        json.loads(bytes(item), object_pairs_hook=_demand_different_names)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return row


def has_different_names(body: bytes) -> bool:
    """Return whether no name occurs twice at the top of a JSON object.

    Raises msgspec.DecodeError if it is no object.
    """
    names = [str(name) for name in _fields.decode(body)]
    return len(set(names)) == len(names)


def _demand_different_names(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name occurs twice")


def _is_index(text: str, items: list[object]) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10 and int(text) < len(items)
