"""Who somebody is, and whose access nobody takes away here."""

import pytest

from lastseen.model.contractor import (
    AccountType,
    Profile,
    UserId,
    goes_by,
    protection,
    user_id,
    who_key,
)

ID = "66faa6e4-f133-11ea-b126-00ffeec8b4ef"


@pytest.mark.parametrize("written", [ID.upper(), f"{{{ID}}}", f"  {ID}\n"])
def test_an_id_is_the_same_however_it_is_written(written):
    assert user_id(written) == ID


def test_an_address_and_an_id_are_compared_each_in_its_own_way():
    assert who_key(" Ann@X.example ") == who_key("ann@x.EXAMPLE")
    assert who_key(ID.upper()) == who_key(ID)


@pytest.mark.parametrize(
    ("who", "named"),
    [
        (ID.upper(), True),
        ("ANN@x.example", True),
        ("ann@y.example", False),
        ("ann", False),
        ("", False),
        (" ", False),
    ],
)
def test_somebody_goes_by_id_and_by_address_and_by_nothing_else(who, named):
    assert goes_by(who, identity=ID, email="Ann@X.example") is named


def test_nothing_names_somebody_without_id_and_address():
    assert not goes_by("", identity=None, email=None)
    assert not goes_by("ann@x.example", identity=None, email=None)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (AccountType.OWNER, "owner"),
        (AccountType.ADMINISTRATOR, "administrator"),
        (AccountType.ROOM_ADMINISTRATOR, "room administrator"),
        (AccountType.USER, None),
        (AccountType.GUEST, None),
    ],
)
def test_anyone_who_runs_the_portal_is_protected_and_others_are_not(kind, why):
    found = protection(Profile(id=UserId(ID), type=kind), is_own=False)

    assert (why in found) if why and found else found is why


def test_a_directorys_account_and_the_keys_own_are_protected():
    directory = Profile(id=UserId(ID), type=AccountType.USER, is_ldap=True)
    signing_in_elsewhere = Profile(id=UserId(ID), type=AccountType.USER, is_sso=True)

    assert "directory" in (protection(directory, is_own=False) or "")
    assert "API key" in (protection(Profile(id=UserId(ID)), is_own=True) or "")
    assert protection(signing_in_elsewhere, is_own=False) is None
