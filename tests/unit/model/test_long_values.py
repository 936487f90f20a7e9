import pytest

from lastseen.model.long_values import LONGEST_ATTEMPT, shortened


@pytest.mark.parametrize(
    "value",
    ["x" * 5_000, f"{'x' * 5_000}@vendor.example", "\u00e9" * 5_000, "x" * 201],
    ids=["letters", "an address", "beyond ASCII", "just too long"],
)
def test_a_long_value_is_cut_and_its_length_told(value):
    told = shortened(f"the portal has no account {value}, nothing was changed")

    assert told.startswith(f"the portal has no account {value[:150]}")
    assert f"… ({len(value):,} characters), nothing was changed" in told
    assert len(told) < 300


@pytest.mark.parametrize("mark", ["'", '"'])
def test_a_long_value_of_several_words_is_cut_within_its_quotation_marks(mark):
    name = "Ann Bee " * 625

    told = shortened(f"it doesn't know {mark}{name}{mark}, and can't; isn't that so?")

    assert f"…{mark} (5,000 characters), and can't; isn't that so?" in told
    assert len(told) < 300


def test_sentences_of_ordinary_values_stay_as_they_are():
    people = ",".join(f"person{number}@vendor.example" for number in range(50))
    path = "/srv/" + "folder/" * 60 + "plan.json"
    sentence = f"don't stop: run `lastseen apply {path} --only {people}`; it won't ask"

    assert shortened(sentence) == sentence


@pytest.mark.parametrize("value", ["Ann Bee " * 625, "d/" * 2_500])
def test_a_line_that_is_still_too_long_is_cut_and_others_are_kept(value):
    told = shortened(f"one\nreading {value}\nthree", longest=LONGEST_ATTEMPT)

    first, second, third = told.split("\n")
    assert (first, third) == ("one", "three")
    assert second.endswith("… (5,008 characters)")
    assert len(second) <= LONGEST_ATTEMPT


def test_what_was_shortened_stays_as_it_is():
    told = shortened(f"{'x' * 5_000} '{'y ' * 5_000}' {'z/' * 5_000}")

    assert shortened(told) == told
