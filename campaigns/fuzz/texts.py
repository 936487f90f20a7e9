"""Mutations of files that people write or programs export: CSV, TOML, JSON, whatever has lines.

Bytes in, bytes out; all chance comes from the generator that is passed in. Nothing of the product
is used.
"""

import random
from collections.abc import Callable

from campaigns.mutations import bytes_changed

Mutation = Callable[[bytes, random.Random], bytes]

_SIGNS: tuple[str, ...] = (
    *"\"',;\t\n\r|.:=@<>()[]{}#\\/-+ 0129aZ",
    "\r\n",
    '""',
    "'''",
    "\0",
    "\x1b[2J",
    "\u00a0",
    "\u200b",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\u0301",
    "\u0430",
    "\u0661",
    "\uff11",
    "\uff20",
    "\U0001f600",
)
"""What is inserted: signs with a meaning in some format, and characters that look like others."""

_WORDS = (
    b"true",
    b"null",
    b"nan",
    b"inf",
    b"-1",
    b"0",
    b"1e999",
    b"9" * 30,
    b"9" * 5_000,
    b"0x10",
    b"1_000",
    b"1979-05-27T07:32:00Z",
    b"07:32:00",
    b"0001-01-01",
    b"9999-12-31",
    b"2026-02-30",
    b"20240101",
    b"2024-W01-1",
    b"01/02/2024",
    b"2024-01-01 00:00",
    b"2024-01-01T23:59:59.999999+14:00",
    b"2024-01-01T00:00:00-25:00",
    b"mailto:",
    b"xn--",
    b"../../../etc/passwd",
    b"https://",
    b"http://127.0.0.1:0",
    b"https://[::1",
    b"%00",
    b"\\u0000",
    b"=1+1",
    b"[[[[",
    b"x" * 70_000,
)


def mutated(body: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Return the names of one to three mutations, and what they make of `body`."""
    names = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutation = chance.choice(MUTATIONS)
        names.append(mutation.__name__.strip("_").replace("_", " "))
        body = mutation(body, chance)
    return ", ".join(names), body


def _sign_inserted(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + chance.choice(_SIGNS).encode() + body[place:]


def _sign_replaced(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + chance.choice(_SIGNS).encode() + body[place + 1 :]


def _byte_lost(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + body[place + 1 :]


def _cut_off(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _beginning_lost(body: bytes, chance: random.Random) -> bytes:
    return body[chance.randrange(len(body) + 1) :]


def _line_lost(body: bytes, chance: random.Random) -> bytes:
    lines = _lines(body)
    if lines:
        del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def _line_twice(body: bytes, chance: random.Random) -> bytes:
    lines = _lines(body)
    if lines:
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    return b"".join(lines)


def _lines_moved(body: bytes, chance: random.Random) -> bytes:
    lines = _lines(body)
    if len(lines) > 1:
        first, second = chance.sample(range(len(lines)), 2)
        lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def _word_replaced(body: bytes, chance: random.Random) -> bytes:
    start, end = _word(body, chance)
    return body[:start] + chance.choice(_WORDS) + body[end:]


def _word_inserted(body: bytes, chance: random.Random) -> bytes:
    start, _ = _word(body, chance)
    return body[:start] + chance.choice(_WORDS) + body[start:]


def _word_in_other_letters(body: bytes, chance: random.Random) -> bytes:
    start, end = _word(body, chance)
    word = body[start:end]
    changed = chance.choice((word.upper(), word.swapcase(), word.title(), word.lower()))
    return body[:start] + changed + body[end:]


def _other_line_endings(body: bytes, chance: random.Random) -> bytes:
    return body.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b"\x0b", b"\x00\n")))


def _other_encoding(body: bytes, chance: random.Random) -> bytes:
    text = body.decode("utf-8", "replace")
    return chance.choice(
        (
            b"\xef\xbb\xbf" + body,
            text.encode("utf-16"),
            text.encode("utf-16-le"),
            text.encode("cp1252", "replace"),
            body + b"\xff",
        )
    )


def _nested_deeply(body: bytes, chance: random.Random) -> bytes:
    start, _ = _word(body, chance)
    depth = chance.choice((50, 900, 2_000, 20_000))
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"{a=", b"}"), (b"a.", b"")))
    return body[:start] + opened * depth + closed * depth + body[start:]


MUTATIONS: tuple[Mutation, ...] = (
    _sign_inserted,
    _sign_inserted,
    _sign_replaced,
    _byte_lost,
    bytes_changed,
    _cut_off,
    _beginning_lost,
    _line_lost,
    _line_twice,
    _lines_moved,
    _word_replaced,
    _word_inserted,
    _word_in_other_letters,
    _other_line_endings,
    _other_encoding,
    _nested_deeply,
)


def _lines(body: bytes) -> list[bytes]:
    """Return the lines, each with its ending: two that run together are another text."""
    lines = body.splitlines(keepends=True)
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += b"\n"
    return lines


def _word(body: bytes, chance: random.Random) -> tuple[int, int]:
    """Return where a random run of letters, digits and hyphens begins and ends."""
    start = chance.randrange(len(body) + 1)
    while start > 0 and _in_word(body[start - 1]):
        start -= 1
    end = start
    while end < len(body) and _in_word(body[end]):
        end += 1
    return start, end


def _in_word(byte: int) -> bool:
    return chr(byte).isalnum() or byte in b"-_" or byte > 127
