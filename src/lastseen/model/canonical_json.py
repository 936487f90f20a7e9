"""Canonical JSON (RFC 8785): the one form that every digest is made over.

An outsider with any implementation of that RFC gets the same bytes, and so the same digest.
"""

from typing import Any

import msgspec
import rfc8785

NOT_CANONICAL = (rfc8785.CanonicalizationError, RecursionError)
"""What `canonical_json` raises for a document that has no canonical form, such as one with an
integer beyond 2**53 or nested without end."""


def canonical_json(document: Any) -> bytes:
    """Return `document`, JSON or whatever msgspec makes JSON of, in canonical form.

    Raises one of `NOT_CANONICAL`.
    """
    return rfc8785.dumps(msgspec.to_builtins(document, str_keys=True))
