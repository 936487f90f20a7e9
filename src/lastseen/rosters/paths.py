"""Finds a value in JSON by a dotted path, as `data.people` or `emails.0.value`. Pure."""

from collections.abc import Mapping

import msgspec


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
    """Return the list at `path` of a JSON body, its items still encoded; None if there is none.

    Raises msgspec.DecodeError if the body is not JSON.
    """
    raw: bytes | msgspec.Raw = body
    for key in filter(None, path.split(".")):
        try:
            fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        except msgspec.ValidationError:
            return None
        if key not in fields:
            return None
        raw = fields[key]
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        return None


def text_of(value: object) -> object:
    """Return a value as a cell: lists and objects can't be one and become None."""
    return None if isinstance(value, list | Mapping) else value


def _is_index(text: str, items: list[object]) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10 and int(text) < len(items)
