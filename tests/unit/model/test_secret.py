import pickle

import pytest

from lastseen.model.secret import ApiKey, key_problem

KEY = "sk-AbC/12+34=xyz"


@pytest.mark.parametrize("shown", [repr, str, "{}".format, lambda key: f"{key!s}"])
def test_a_key_shows_nothing_of_itself(shown):
    assert KEY not in shown(ApiKey(KEY))


def test_a_key_cannot_be_pickled():
    with pytest.raises(TypeError):
        pickle.dumps(ApiKey(KEY))


@pytest.mark.parametrize(
    "form", [KEY, KEY.lower(), KEY.upper(), "sk-AbC%2F12%2B34%3Dxyz", "sk-abc%2f12%2b34%3dxyz"]
)
def test_every_form_of_a_key_is_hidden(form):
    assert ApiKey(KEY).hide_in(f"got {form}!") == "got ***!"


def test_no_key_hides_nothing():
    assert ApiKey("").hide_in("all of it") == "all of it"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty"),
        ('"sk-abc"', "quotation marks"),
        ("'sk-abc'", "quotation marks"),
        ("\u201csk-abc\u201d", "quotation marks"),
        ("sk abc", "white space"),
        ("sk-äbc", "characters"),
        ("sk\x00", "characters"),
    ],
)
def test_what_can_be_no_key_is_named_without_being_repeated(value, problem):
    told = key_problem(value)
    assert told is not None
    assert problem in told
    assert "abc" not in told


def test_a_key_is_a_key():
    assert key_problem("sk-0123456789abcdef") is None
