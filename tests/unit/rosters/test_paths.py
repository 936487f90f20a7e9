import msgspec
import pytest

from lastseen.rosters.paths import find, list_at, text_of

VALUES: list[object] = ["a", 1, None, [1], {}]
PERSON = {"name": {"given": "Ann"}, "emails": [{"value": "a@x.org"}], "urn:a:2.0:User": {"b": 1}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name.given", "Ann"),
        ("emails.0.value", "a@x.org"),
        ("urn:a:2.0:User.b", 1),
        ("emails.1.value", None),
        ("emails.x", None),
        ("name.given.more", None),
        ("nowhere.at.all", None),
    ],
)
def test_a_dotted_path_leads_to_the_value_or_to_nothing(path, value):
    assert find(PERSON, path) == value


def test_a_list_is_found_at_its_path_with_its_items_untouched():
    items = list_at(b'{"data": {"people": [{"a": 1}, 2]}}', "data.people")

    assert [bytes(item) for item in items or []] == [b'{"a": 1}', b"2"]
    assert list_at(b"[1]", "") is not None


@pytest.mark.parametrize("path", ["data", "data.x", "x", ""])
def test_what_is_no_list_is_none(path):
    assert list_at(b'{"data": {"people": []}}', path) is None


def test_what_is_no_json_is_an_error():
    with pytest.raises(msgspec.DecodeError):
        list_at(b"<html>", "data")


def test_lists_and_objects_are_no_values():
    assert [text_of(value) for value in VALUES] == ["a", 1, None, None, None]
