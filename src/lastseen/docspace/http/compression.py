"""Decompresses the bodies of answers: gzip and deflate, nothing else."""

import zlib

from lastseen.docspace.http.request import AnswerTooLarge, UnreadableBody

_KNOWN = frozenset({"gzip", "x-gzip", "deflate"})


def decompressed(body: bytes, encoding: str, *, largest: int) -> bytes:
    """Return `body` without its `Content-Encoding` (RFC 9110).

    Raises AnswerTooLarge if it would have more than `largest` bytes, so that a small answer can't
    fill the memory, and UnreadableBody for an encoding that wasn't requested or for damaged
    data.
    """
    name = encoding.strip().lower()
    if name in ("", "identity") or not body:
        return body
    if name not in _KNOWN:
        raise UnreadableBody(f"it is compressed with {name[:40]!r}, which was not requested")
    for window in _windows(name):
        reader = zlib.decompressobj(wbits=window)
        try:
            plain = reader.decompress(body, largest + 1)
        except zlib.error:
            continue
        if len(plain) > largest:
            raise AnswerTooLarge
        if reader.eof:
            return plain
    raise UnreadableBody(f"its {name} compression is damaged")


def _windows(name: str) -> tuple[int, ...]:
    """Return zlib's `wbits` to try: servers send deflate with and without the zlib header."""
    return (-zlib.MAX_WBITS, zlib.MAX_WBITS)[::-1] if name == "deflate" else (16 + zlib.MAX_WBITS,)
