import msgspec
import pytest

from lastseen.rosters.paths import find, has_different_names, list_at, row_of

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


def test_an_object_is_a_row():
    assert row_of(b'{"a": {"b": [1]}, "c": null}') == {"a": {"b": [1]}, "c": None}


@pytest.mark.parametrize(
    "item", [b'{"end": 2028, "end": 2024}', b'{"a": {"b": 1, "b": 2}}', b"[]", b"1", b"{"]
)
def test_what_is_no_object_or_names_a_value_twice_is_no_row(item):
    assert row_of(item) is None


def test_of_two_lists_with_one_name_none_is_taken():
    assert list_at(b'{"people": [1], "people": [2]}', "people") is None


def test_a_name_that_occurs_twice_is_seen():
    assert has_different_names(b'{"a": {"b": 1, "b": 2}}')
    assert not has_different_names(b'{"a": 1, "\\u0061": 2}')
