"""The canonical form is RFC 8785's: examples from the RFC, and what has no such form."""

import json
from datetime import UTC
from hashlib import sha256

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.canonical_json import NOT_CANONICAL, canonical_digest, canonical_json
from lastseen.model.decision import SeenBy
from lastseen.model.instant import Instant, instant, parse_instant


def test_the_example_of_rfc_8785_comes_out_as_printed_there():
    document = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_json(document).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_whole_floats_and_integers_are_written_alike():
    assert canonical_json({"b": 24.0, "a": 24}) == b'{"a":24,"b":24}'


def test_instants_become_text():
    at = parse_instant("2026-11-01T10:30:00Z")
    assert canonical_json([at]) == b'["2026-11-01T10:30:00Z"]'


@pytest.mark.parametrize("document", [2**53, float("nan"), float("inf"), "\ud800"])
def test_what_json_can_not_say_exactly_has_no_canonical_form(document):
    with pytest.raises(NOT_CANONICAL):
        canonical_json(document)


def test_endless_nesting_has_no_canonical_form():
    document: list[object] = []
    for _ in range(100_000):
        document = [document]
    with pytest.raises(NOT_CANONICAL):
        canonical_json(document)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(ANYTHING)
def test_canonical_json_says_the_same(document):
    assert json.loads(canonical_json(document)) == document


@given(st.dictionaries(st.text(max_size=4), ANYTHING, max_size=4))
def test_a_digest_made_piece_by_piece_is_that_of_the_whole(document):
    assert canonical_digest(document) == f"sha256:{sha256(canonical_json(document)).hexdigest()}"


class Flat(msgspec.Struct, kw_only=True):
    zulu: str | None
    alpha: int | None
    at: Instant | None
    is_so: bool
    seen_by: SeenBy | None


class WithFloat(msgspec.Struct, kw_only=True):
    share: float
    text: str


@given(
    st.text() | st.none(),
    st.integers(-(2**70), 2**70) | st.none(),
    st.datetimes(timezones=st.just(UTC)) | st.none(),
    st.booleans(),
    st.sampled_from(SeenBy) | st.none(),
)
def test_flat_structs_come_out_as_the_rfc_s_reference_writes_them(text, number, at, is_so, by):
    document = Flat(
        zulu=text,
        alpha=number,
        at=at and instant(at),
        is_so=is_so,
        seen_by=by,
    )
    try:
        expected = rfc8785.dumps(msgspec.to_builtins(document))
    except NOT_CANONICAL:
        with pytest.raises(NOT_CANONICAL):
            canonical_json(document)
    else:
        assert canonical_json(document) == expected


@pytest.mark.parametrize("text", [chr(code) for code in (0, 8, 31, 34, 92, 127, 0x2028, 0x1F600)])
def test_every_escape_of_a_flat_struct_is_the_rfc_s(text):
    document = Flat(zulu=text, alpha=1, at=None, is_so=True, seen_by=None)
    assert canonical_json(document) == rfc8785.dumps(msgspec.to_builtins(document))


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4))
def test_structs_with_floats_come_out_as_the_rfc_s_reference_writes_them(share, text):
    document = WithFloat(share=share, text=text)
    try:
        expected = rfc8785.dumps(msgspec.to_builtins(document))
    except NOT_CANONICAL:
        return
    assert canonical_json(document) == expected


def test_keys_are_sorted_by_their_utf_16_code_units():
    document = {"\ue000": 1, "\U0001f600": [2], "a": {}, "": []}
    assert canonical_digest(document) == f"sha256:{sha256(canonical_json(document)).hexdigest()}"
