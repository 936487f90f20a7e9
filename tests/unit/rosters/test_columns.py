import pytest

from lastseen.model.errors import UsageError
from lastseen.rosters.columns import Columns


def test_columns_are_found_in_any_case_and_without_invisible_characters():
    columns = Columns({"email": "E-Mail"})

    assert columns.positions(["\ufeffe-mail ", "ID", "x"], source="a") == {"email": 0, "id": 1}


def test_an_empty_name_says_that_the_source_lacks_the_field():
    assert "id" not in Columns({"id": ""}).names
    assert Columns({"id": ""}).positions(["id", "email"], source="a") == {"email": 1}


@pytest.mark.parametrize(
    ("renamed", "header", "found"),
    [
        ({}, ["Name", "Mail"], "no column id or email, only Name, Mail"),
        ({"email": "Mail"}, ["id", "email"], "no column Mail, which roster.columns names"),
        ({}, ["email", "Email"], "2 columns email"),
    ],
)
def test_a_header_that_does_not_say_who_is_who_is_refused(renamed, header, found):
    with pytest.raises(UsageError, match=found):
        Columns(renamed).positions(header, source="a")


def test_a_field_that_contractors_lack_is_refused():
    with pytest.raises(UsageError, match="it names shoe_size"):
        Columns({"shoe_size": "x"})


@pytest.mark.parametrize("header", [["root:$6$salt"], ["api_key=abc", "x;y=z$"]])
def test_what_does_not_look_like_names_of_columns_is_not_shown(header):
    with pytest.raises(UsageError) as refusal:
        Columns({}).positions(header, source="a")

    assert "only" not in refusal.value.found
