import pytest

from lastseen.cli.selecting import people, spread

GUID = "0f0e0d0c-0b0a-0908-0706-050403020100"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("plan.json --only a b", "plan.json --only a --only b"),
        ("--only a@x b@x plan.json", "--only a@x --only b@x plan.json"),
        (f"--only {GUID} b@x plan.json", f"--only {GUID} --only b@x plan.json"),
        ("--only=a@x b@x plan.json", "--only=a@x --only b@x plan.json"),
        ("plan.json --only a --yes --except d e", "plan.json --only a --yes --except d --except e"),
        ("--only a,b plan.json", "--only a,b plan.json"),
        ("--only a@x -o out.json plan.json", "--only a@x -o out.json plan.json"),
        ("-o out.json plan.json --only a b", "-o out.json plan.json --only a --only b"),
        ("--yes plan.json", "--yes plan.json"),
    ],
)
def test_every_person_after_a_flag_belongs_to_it(typed, read):
    assert spread(typed.split()) == read.split()


def test_nothing_after_two_dashes_is_touched():
    assert spread(["--only", "a", "--", "b@x", "c@x"]) == ["--only", "a", "--", "b@x", "c@x"]


def test_people_may_be_parted_by_commas_and_are_named_once():
    assert people(["a, b", "c", "a"]) == ("a", "b", "c")


def test_nobody_named_is_nobody():
    assert people(None) == ()
