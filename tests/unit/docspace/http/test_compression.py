import gzip
import zlib

import pytest

from lastseen.docspace.http.compression import decompressed
from lastseen.docspace.http.request import AnswerTooLarge, UnreadableBody

TEXT = b'{"response": []}' * 50
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
BARE = RAW.compress(TEXT) + RAW.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), " GZIP "),
        (zlib.compress(TEXT), "deflate"),
        (BARE, "deflate"),
        (b"", "br"),
    ],
)
def test_a_body_comes_out_as_it_was_meant(body, encoding):
    assert decompressed(body, encoding, largest=10_000) == (TEXT if body else b"")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])
def test_an_encoding_that_was_not_asked_for_is_named(encoding):
    with pytest.raises(UnreadableBody, match=encoding):
        decompressed(b"x", encoding, largest=10)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(TEXT, mtime=0)[:-9]])
def test_damaged_data_is_no_shorter_answer(body):
    with pytest.raises(UnreadableBody, match="damaged"):
        decompressed(body, "gzip", largest=10_000)


def test_a_small_body_that_grows_without_end_is_left():
    with pytest.raises(AnswerTooLarge):
        decompressed(gzip.compress(b"0" * 5_000_000), "gzip", largest=100_000)
