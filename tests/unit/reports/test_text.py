import unicodedata
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lastseen.model.instant import Instant
from lastseen.model.lookalikes import is_blank
from lastseen.reports.text import LONGEST, ago, defuse, one_of_several, took
from tests.unit.reports.samples import HOSTILE, NOW

MARKED = st.text(alphabet=st.sampled_from("aé\x1b\u0301\u200d\u202e\n\u2028 م\U0001f600\ud800"))


@given(st.one_of(st.text(), MARKED))
def test_defused_text_is_printable_and_on_one_line(text):
    shown = defuse(text)
    assert all(c.isprintable() or c in "\u200c\u200d" for c in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()  # no half of a surrogate pair is left


@given(st.one_of(st.text(), MARKED))
def test_defusing_twice_changes_nothing_more(text):
    assert defuse(defuse(text)[:LONGEST]) == defuse(text)[:LONGEST]


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S"))))
def test_ordinary_text_stays_as_it_is(text):
    assume(not any(is_blank(one, before="") for one in text))
    assert defuse(text[:LONGEST]) == text[:LONGEST]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
@pytest.mark.parametrize("text", [*HOSTILE, "Zoë", "张伟", "محمد", "👩‍🔧"])
def test_what_an_encoding_lacks_is_escaped(text, encoding):
    assert defuse(text, encoding=encoding).encode(encoding)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200db", "a\\u200db"),
        ("a\u00a0b", "a b"),
        ("\u2028", "\\u2028"),
        ("a\u3164b", "a\\u3164b"),
        ("\u115f\u1160\uffa0", "\\u115f\\u1160\\uffa0"),
        ("a\u2800b", "a\\u2800b"),
        ("a\u034fb", "a\\u034fb"),
        ("a\ufe0fb", "a\\ufe0fb"),
        ("a\U000e0101", "a\\U000e0101"),
        ("\u2800\ufe0f", "\\u2800\\ufe0f"),
        ("\u2764\ufe0f\ufe0f", "\u2764\ufe0f\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_what_disturbs_becomes_visible(text, shown):
    assert defuse(text) == shown


def test_joiners_stay_where_scripts_need_them():
    persian = "\u0645\u06cc\u200c\u0631\u0648\u0645"
    assert defuse(persian) == persian


@pytest.mark.parametrize("text", ["\u2764\ufe0f", "\u8fbb\U000e0100", "\u1820\u180b"])
def test_variation_selectors_stay_where_they_show(text):
    assert defuse(text) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ann.o'neil+x@a.example", "ann.o'neil+x@a.example"),
        ("zoë@müller.example", "zoë@müller.example"),
        ("a@a.example, b@b.example", '"a@a.example, b@b.example"'),
        ("a@a.example\uff0cb@b.example", '"a@a.example\uff0cb@b.example"'),
        ("a@a.example and 3 others", '"a@a.example and 3 others"'),
        ('a", "b', '"a\\", \\"b"'),
        ("a@a.example,\u3164b", '"a@a.example,\\u3164b"'),
    ],
)
def test_one_name_in_a_list_never_looks_like_two(name, shown):
    assert one_of_several(name) == shown


def test_combining_marks_are_not_endless():
    shown = defuse("o" + "\u0301" * 500)
    assert sum(unicodedata.combining(c) > 0 for c in shown) == 4


def test_endless_text_is_cut_with_an_ellipsis():
    assert defuse("x" * 10_000) == "x" * LONGEST + "…"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=41, hours=23), "41 days ago"),
        (timedelta(seconds=-30), "just now"),
    ],
)
def test_ago_counts_whole_units(span, words):
    assert ago(Instant(NOW - span), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.85, "850 ms"), (3.21, "3.2 s"), (14, "14 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_took_uses_the_unit_that_fits(seconds, words):
    assert took(NOW, Instant(NOW + timedelta(seconds=seconds))) == words
