"""Letters that nobody can tell apart by sight."""

import string

import pytest

from lastseen.model.lookalikes import as_latin, mixes_scripts


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("\u0430nn", "ann"),
        ("\u0440\u0430\u0443\u0440\u0430\u04cf", "paypai"),
        ("v\u0435nd\u03bfr", "vendor"),
        ("ann\u0661\u0967", "ann11"),
    ],
)
def test_a_lookalike_is_the_latin_letter_and_a_digit_a_digit(text, latin):
    assert as_latin(text) == latin


def test_what_is_latin_already_stays():
    plain = string.ascii_lowercase + string.digits + "@.-_+"

    assert as_latin(plain) == plain


def test_a_letter_that_resembles_no_other_stays():
    assert as_latin("\u0436\u4e2d") == "\u0436\u4e2d"


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("ann", False),
        ("\u0430nn", True),
        ("j\u03bfe", True),
        ("\u0585scar", True),
        ("\u0430\u043d\u043d\u0430", False),  # a name all in Cyrillic
        ("jos\u00e9", False),
        ("\u0430\u043d\u043d\u0430 1", False),
    ],
)
def test_scripts_are_mixed_only_where_latin_letters_stand_beside_lookalikes(text, mixed):
    assert mixes_scripts(text) is mixed
