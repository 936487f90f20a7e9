from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.rosters.cells import (
    BeforeBelief,
    email_address,
    last_day,
    names_another,
    portal_id,
)
from tests.unit.rosters.pretended_portal import guid

WRAPPED = [
    "ann@x.example",
    "Ann <ann@x.example>",
    '"Doe, Ann" <ann@x.example>',
    "<ann@x.example>",
    "ann@x.example (Ann)",
    "mailto:ann@x.example",
    "mailto://ann@x.example",
    "MAILTO:ann%40x.example?subject=hello",
    "<mailto:ann@x.example>",
    "ann@x.example.",
    "ann@x.example;",
    "ann@x.example,",
    "'ann@x.example",
    "'ann@x.example'",
    '"ann@x.example"',
    "\u201cann@x.example\u201d",
    "\u200bann@x.example",
    "ann@x\u200b.example",
    "\ufeffann@x.example",
    "ann@x.exam\u00adple",
    "\u00a0ann@x.example\u00a0",
    "\u202aann@x.example\u202c",
    "ann\N{HANGUL FILLER}@x.example",
    "ann\N{VARIATION SELECTOR-16}@x.example",
    "a\N{COMBINING GRAPHEME JOINER}nn@x.example",
]

NO_ADDRESS = [
    "n/a",
    "-",
    "#N/A",
    "ann",
    "ann@",
    "@x.example",
    "ann@x.example; bob@x.example",
    "ann@x.example,bob@x.example",
    "ann@x.example bob@x.example",
    "Ann <ann@x.example> Bob <bob@x.example>",
    "ann@@x.example",
    "ann\uff20x.example",
    "an n@x.example",
    "ann@x.example\nbob",
    "a" * 250 + "@x.example",
    "ann@x..example",
    "ann@-x.example",
    "ann@x.example+",
    "\N{GRINNING FACE}ann@x.example",
    "*ann@x.example",
    "* ann@x.example",
    "- ann@x.example",
    "= ann@x.example",
    "\u2022ann@x.example",
    "\u2013ann@x.example",
    ".ann@x.example",
    "ann\u2018s@x.example",
    "ann@x.example/",
    "ann@x.example\N{GRINNING FACE}",
    "ann@x.example\N{ARABIC-INDIC DIGIT ONE}",
]


@pytest.mark.parametrize("written", WRAPPED)
def test_a_wrapped_address_is_unwrapped(written):
    assert email_address(written) == "ann@x.example"


@pytest.mark.parametrize("written", NO_ADDRESS)
def test_a_text_with_no_single_address_is_refused(written):
    with pytest.raises(ValueError, match="not one e-mail address"):
        email_address(written)


@pytest.mark.parametrize(
    "written",
    [
        "bob@x.example <ann@x.example>",
        "Bob [bob@x.example] <ann@x.example>",
        "'bob@x.example' <ann@x.example>",
        "joann@x.example <ann@x.example>",
        "ann@x.example bob@x.example <ann@x.example>",
        "bob\uff20x.example <ann@x.example>",
        "bob @ x.example <ann@x.example>",
        "ann@x.example (bob@x.example)",
        "ann@x.example (for Bob, bob@x.example)",
        "<ann@x.example (bob@x.example)>",
        "mailto:ann@x.example (bob@x.example)",
        "mailto:ann@x.example?cc=bob@x.example",
        "mailto:ann@x.example?CC=ann@x.example,bob@x.example",
        "mailto:ann@x.example?subject=a&bcc=bob%40x.example",
        "Ann <mailto:ann@x.example?to=Bob%20%3Cbob%40x.example%3E>",
    ],
)
def test_another_address_around_the_address_names_another_person(written):
    assert email_address(written) == "ann@x.example"
    assert names_another(written)


@pytest.mark.parametrize(
    "written",
    [
        *WRAPPED,
        "ann@x.example <ann@x.example>",
        "'Ann@X.example' <ann@x.example>",
        "ann@x.example (ANN@x.example)",
        "mailto:ann@x.example?to=ann%40x.example&subject=hello",
    ],
)
def test_the_same_address_again_names_nobody_else(written):
    assert not names_another(written)


signs = st.sampled_from(["'", '"', "<", ">", "(", ")", ";", ",", ".", " ", "\u200b", "mailto:"])
parts = st.text("abx0.'-_+\u00fc", min_size=1, max_size=6) | signs


@given(st.lists(parts, max_size=3), parts, parts, st.lists(parts, max_size=3))
def test_what_is_read_as_an_address_is_one_and_reads_the_same_again(before, name, host, after):
    try:
        address = email_address("".join((*before, f"{name}@{host}.example", *after)))
    except ValueError:
        return
    assert address.count("@") == 1
    assert email_address(address) == address


@pytest.mark.parametrize(
    "written", ["ann@localhost", "ann@my_firm.example", "ann@b\xfccher.example"]
)
def test_domains_in_use_are_read(written):
    assert email_address(written) == written


@pytest.mark.parametrize("sign", "+-=_~#$%&!?^/{|}")
def test_an_address_may_begin_with_a_sign(sign):
    assert email_address(f"{sign}ann@x.example") == f"{sign}ann@x.example"


def test_an_apostrophe_inside_a_name_stays():
    assert email_address("o'neil@x.example") == "o'neil@x.example"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-11-26T23:00:00Z", date(2026, 11, 27)),
        ("2026-11-26T22:00:00.000Z", date(2026, 11, 27)),
        ("2026-11-27T00:00:00+01:00", date(2026, 11, 27)),
        ("2026-11-26T00:00:00", date(2026, 11, 26)),
        ("2026-11-26 00:00", date(2026, 11, 26)),
        ("2026-11-26T23:00:00", date(2026, 11, 27)),
        ("2026-12-31T20:00:00-08:00", date(2027, 1, 1)),
        ("2026-12-31T00:00:00+0300", date(2026, 12, 31)),
        ("2026-12-31 10:00:00.1234567 +02:00", date(2026, 12, 31)),
        ("\u200e2026-12-31\u00a0", date(2026, 12, 31)),
        ("9999-12-31T23:59:59Z", date(9999, 12, 31)),
        ("2000-01-01", date(2000, 1, 1)),
        ("", None),
        ("   ", None),
    ],
)
def test_an_end_date_is_the_latest_day_that_it_can_be_anywhere(written, day):
    assert last_day(written) == day


@pytest.mark.parametrize(
    "written", ["0001-01-01", "1900-01-01", "1970-01-01", "1899-12-30", "1999-12-31T00:00:00Z"]
)
def test_a_date_before_the_year_2000_is_no_end(written):
    with pytest.raises(BeforeBelief):
        last_day(written)


@pytest.mark.parametrize(
    "written",
    [
        "20261231",
        "2026-W53-4",
        "2026W534",
        "2026-12-31x10:00",
        "2026-12-31T10",
        "20261231T101500",
        "2026-12-31T10:00:00,5",
        "2026-12",
        "2026-2-3",
        "\u0662\u0660\u0662\u0666-12-31",
        "31.12.2026",
        "12/31/2026",
        "2026-02-30",
        "2026-12-31T25:00",
        "46387",
        "soon",
        "unlimited",
        "-",
    ],
)
def test_other_forms_of_a_date_are_refused(written):
    with pytest.raises(ValueError, match=r".") as refusal:
        last_day(written)
    assert not isinstance(refusal.value, BeforeBelief)


@pytest.mark.parametrize("around", ["{}", "{{{}}}", " {} ", "'{}", "\u200b{}", "\ufeff{}"])
def test_an_id_is_read_without_what_is_around_it(around):
    assert portal_id(around.format(guid(1).upper())) == guid(1)


@pytest.mark.parametrize("text", ["4711", "", "@self", "0" * 32, "not an id"])
def test_a_text_that_is_no_account_id_is_none(text):
    assert portal_id(text) is None
