import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.json_text import escaped, indented

STEERING = "\x7f\x80\x9b\x9f\xad\u061c\u200b\u200e\u2028\u2029\u202e\u2066\u2069\ufeff\U000e0041"
DIRECTION = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@pytest.mark.parametrize("character", STEERING)
def test_what_steers_a_terminal_is_an_escape(character):
    shown = indented({"name": f"Zoë {character} 张伟"}).decode()
    assert character not in shown
    assert "Zoë \\u" in shown
    assert json.loads(shown) == {"name": f"Zoë {character} 张伟"}


@given(st.text())
def test_the_value_is_the_same_and_no_control_or_direction_is_left(text):
    shown = escaped(msgspec.json.encode({text: text})).decode()
    assert json.loads(shown) == {text: text}
    assert not any(
        unicodedata.category(one) in ("Cc", "Zl", "Zp")
        or unicodedata.bidirectional(one) in DIRECTION
        for one in shown
    )


def test_ordinary_text_of_any_script_stays_as_it_is():
    text = "Zoë Müller, 张伟, محمد, Ольга – 🔧"
    assert escaped(msgspec.json.encode(text)).decode() == f'"{text}"'
