"""Canonical JSON (RFC 8785): the one form over which every digest is computed.

Anyone with an implementation of that RFC gets the same bytes, and so the same digest.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256

import msgspec
import msgspec.inspect
import rfc8785

NOT_CANONICAL = (rfc8785.CanonicalizationError, RecursionError)
"""What `canonical_json` raises for a document without a canonical form, such as one with an
integer beyond 2**53 or nested without end."""


def canonical_json(document: object) -> bytes:
    """Return `document`, JSON or anything msgspec can encode as JSON, in canonical form.

    Raises one of `NOT_CANONICAL`.
    """
    if isinstance(document, msgspec.Struct) and _is_flat(type(document)):
        encoded = _encoded(document)
        if encoded is not None:
            return encoded
    return rfc8785.dumps(msgspec.to_builtins(document, str_keys=True))


def canonical_digest(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of `document` in canonical form, as `sha256:…`.

    Made piece by piece: that form of ten thousand decisions would be twenty megabytes of objects.
    Raises one of `NOT_CANONICAL`.
    """
    hashed = sha256()
    for piece in _pieces(document):
        hashed.update(piece)
    return f"sha256:{hashed.hexdigest()}"


def _pieces(document: Mapping[str, object]) -> Iterator[bytes]:
    """Yield the canonical form of `document` in pieces, lists item by item."""
    opening = b"{"
    for key in sorted(document, key=_as_sorted):
        yield opening + canonical_json(key) + b":"
        value, opening = document[key], b","
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            yield from _items(value)
        else:
            yield canonical_json(value)
    yield b"}" if document else b"{}"


def _items(values: Sequence[object]) -> Iterator[bytes]:
    opening = b"["
    for value in values:
        yield opening + canonical_json(value)
        opening = b","
    yield b"]" if values else b"[]"


_LONG_NUMBER = re.compile(rb"\d{16}")
"""Where there may be a number beyond 2**53."""

_FLAT = (
    msgspec.inspect.NoneType,
    msgspec.inspect.BoolType,
    msgspec.inspect.IntType,
    msgspec.inspect.StrType,
    msgspec.inspect.DateTimeType,
    msgspec.inspect.DateType,
    msgspec.inspect.EnumType,
)
"""What msgspec writes as RFC 8785 demands; it differs in floats and in the order of other keys."""


@cache
def _is_flat(kind: type[msgspec.Struct]) -> bool:
    """Return whether every field of this class holds a single value that is no float."""
    described = msgspec.inspect.type_info(kind)
    if not isinstance(described, msgspec.inspect.StructType) or described.array_like:
        return False
    return all(
        isinstance(one, _FLAT) and field.encode_name.isascii()
        for field in described.fields
        for one in _alternatives(field.type)
    )


def _alternatives(kind: msgspec.inspect.Type) -> Sequence[msgspec.inspect.Type]:
    return kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)


def _encoded(document: msgspec.Struct) -> bytes | None:
    """Return the canonical form of a flat struct in a tenth of the time; None if in doubt."""
    try:
        encoded = msgspec.json.encode(document, order="sorted")
    except UnicodeEncodeError:
        return None
    return None if _LONG_NUMBER.search(encoded) else encoded


def _as_sorted(key: str) -> bytes:
    """Return the sort key of RFC 8785: UTF-16 code units."""
    return key.encode("utf-16-be", "surrogatepass")
