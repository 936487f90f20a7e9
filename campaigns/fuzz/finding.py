"""What a fuzzing campaign looks for, and how an error that nobody expected is told."""

import traceback

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must not happen."""

    where: str
    """Which input, or which portal and request."""
    mutation: str
    text: str
    body: bytes
    """What was read."""


def last_words() -> str:
    """Return the last line of the traceback of the exception at hand."""
    return traceback.format_exc().strip().splitlines()[-1]
