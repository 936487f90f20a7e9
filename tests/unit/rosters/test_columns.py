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
        ({}, ["Name", "Phone"], "no column id or email, only Name, Phone"),
        ({}, ["Mail", "E-Mail"], "Mail and E-Mail may each be the e-mail column"),
        ({"email": "Address"}, ["id", "E-Mail"], "no column Address, which roster.columns names"),
        ({"email": "Mail"}, ["id", "email"], "no column Mail, which roster.columns names"),
        ({}, ["email", "Email"], "2 columns email"),
    ],
)
def test_a_header_that_does_not_say_who_is_who_is_refused(renamed, header, found):
    with pytest.raises(UsageError, match=found):
        Columns(renamed).positions(header, source="a")


@pytest.mark.parametrize(
    "name",
    "E-Mail|e-mail|E_MAIL|Email Address|E-Mail-Adresse|Adresse e-mail|Correo electrónico|"
    "Эл. почта|メールアドレス| MAIL ".split("|"),
)
def test_the_email_column_is_found_by_its_usual_names(name):
    assert Columns({}).name_somebody(["Name", name])
    assert Columns({}).positions(["Name", name], source="a") == {"email": 1}


def test_the_columns_own_name_comes_before_its_other_names():
    assert Columns({}).positions(["Mail", "email"], source="a") == {"email": 1}


def test_a_field_that_contractors_lack_is_refused():
    with pytest.raises(UsageError, match="it names shoe_size"):
        Columns({"shoe_size": "x"})


@pytest.mark.parametrize("header", [["root:$6$salt"], ["api_key=abc", "x;y=z$"]])
def test_what_does_not_look_like_names_of_columns_is_not_shown(header):
    with pytest.raises(UsageError) as refusal:
        Columns({}).positions(header, source="a")

    assert "only" not in refusal.value.found


def test_two_columns_that_may_be_the_end_are_refused_unless_one_is_chosen():
    header = ["email", "end_date", "End Date"]

    with pytest.raises(UsageError, match="end_date and End Date may each be the end"):
        Columns({}).positions(header, source="a")
    chosen = Columns({"end_date": "End Date"}).positions(header, source="a")
    assert chosen == {"email": 0, "end_date": 2}
    with pytest.raises(UsageError, match="2 columns End Date"):
        Columns({"end_date": "End Date"}).positions([*header, "end date"], source="a")
