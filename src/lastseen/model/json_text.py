"""JSON as text that is safe to show on a terminal. Pure.

JSON lets a text contain characters that steer a terminal or reverse what is read. Written as
escapes they mean the same to programs, so digests, which are over the values, stay valid.
"""

import json
import re

import msgspec

_STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Control characters beyond ASCII's first, line separators, text direction, zero width, tags."""


def indented(content: object) -> bytes:
    """Return a struct's JSON form, indented for people, ending in a newline."""
    return escaped(msgspec.json.format(msgspec.json.encode(content), indent=2)) + b"\n"


def escaped(document: bytes) -> bytes:
    r"""Return JSON with control, direction and zero-width characters as escapes, as `\u202e`."""
    if document.isascii() and b"\x7f" not in document:
        return document
    return _STEERING.sub(_as_escape, document.decode()).encode()


def _as_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"
