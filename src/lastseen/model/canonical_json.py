"""Canonical JSON (RFC 8785): the one form over which every digest is computed.

Anyone with an implementation of that RFC gets the same bytes, and so the same digest.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec
import rfc8785

NOT_CANONICAL = (rfc8785.CanonicalizationError, RecursionError)
"""What `canonical_json` raises for a document without a canonical form, such as one with an
integer beyond 2**53 or nested without end."""


def canonical_json(document: object) -> bytes:
    """Return `document`, JSON or anything msgspec can encode as JSON, in canonical form.

    Raises one of `NOT_CANONICAL`.
    """
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


def _as_sorted(key: str) -> bytes:
    """Return the sort key of RFC 8785: UTF-16 code units."""
    return key.encode("utf-16-be", "surrogatepass")
