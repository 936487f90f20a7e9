import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lastseen.cli.wrapping import filled

TEXT = st.text(alphabet=st.sampled_from("ab  同👩\u0301-"))


@given(TEXT, st.integers(10, 30))
def test_every_line_fits_and_nothing_is_lost(text, width):
    lines = filled(text, width, indent="  ", breaks_words=True).split("\n")
    assert all(cell_len(line.rstrip()) <= width for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXT)
def test_a_word_is_broken_only_if_that_is_asked_for(text):
    assert filled(text, 10, indent="  ").split() == text.split()


@pytest.mark.parametrize("lead", ["", "  "])
def test_a_word_longer_than_a_line_keeps_the_lead(lead):
    assert filled("x" * 30, 20, lead=lead, indent="  ") == lead + "x" * 30
