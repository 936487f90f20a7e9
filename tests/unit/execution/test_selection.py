"""Who is meant by `--only`, `--except` and WHO."""

import pytest

from lastseen.execution.selection import Selection, longest_idle, select
from lastseen.execution.target import Target
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision
from lastseen.model.errors import UsageError
from tests.unit.reports.samples import decision

ANN = Target(user_id=UserId("0a6c8a6e-0000-4000-8000-00000000000a"), email="Ann@vendor.example")
BOB = Target(user_id=UserId("0a6c8a6e-0000-4000-8000-00000000000b"), email="bob@vendor.example")
CEM = Target(user_id=UserId("0a6c8a6e-0000-4000-8000-00000000000c"), email=None)
PEOPLE = (ANN, BOB, CEM)


def chosen(**selection: tuple[str, ...]) -> tuple[Target, ...]:
    return select(PEOPLE, Selection(**selection), attempted="choosing", among="those")


def test_without_a_selection_everybody_is_meant():
    assert chosen() == PEOPLE


@pytest.mark.parametrize(
    "who",
    [
        "ann@vendor.example",
        " ANN@VENDOR.EXAMPLE ",
        "0A6C8A6E-0000-4000-8000-00000000000A",
        "{0a6c8a6e-0000-4000-8000-00000000000a}",
    ],
)
def test_a_person_goes_by_id_or_address_in_any_case(who):
    assert chosen(only=(who,)) == (ANN,)
    assert chosen(except_=(who,)) == (BOB, CEM)


def test_the_order_of_the_plan_stays():
    assert chosen(only=("bob@vendor.example", "ann@vendor.example")) == (ANN, BOB)


def test_somebody_both_chosen_and_left_out_is_left_out():
    assert chosen(only=("bob@vendor.example", ANN.user_id), except_=(ANN.user_id,)) == (BOB,)


@pytest.mark.parametrize("selection", [{"only": ("eve@x.example",)}, {"except_": ("eve",)}])
def test_a_name_that_is_nobodys_is_refused(selection):
    with pytest.raises(UsageError) as error:
        chosen(**selection)
    assert "eve" in error.value.found


def test_an_empty_name_names_nobody_without_an_address():
    with pytest.raises(UsageError):
        chosen(only=("",))


def test_anyone_who_was_there_today_is_the_last_of_the_longest_idle():
    def idle(person: Target, days: int | None) -> Decision:
        return decision(user_id=person.user_id, idle_days=days)

    today, month, unknown = idle(ANN, 0), idle(BOB, 30), idle(CEM, None)
    assert longest_idle([today, month, unknown], 2) == (month, unknown)
    assert longest_idle([today, month], 1) == (month,)
