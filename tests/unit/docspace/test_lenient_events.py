"""Events in an unusual form are read or refused: none is left out, none is recognised wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.docspace.lenient_events import ACTIONS, action_number, read_lenient_events
from lastseen.docspace.wire import MalformedResponse
from tests.unit.docspace.scripted import event, guid, ok


def read(*events, **more):
    return read_lenient_events(ok(list(events), **more).body)


def test_events_come_in_the_order_of_the_page():
    assert [one.id for one in read(event(3), event("2"), event(1.0))] == [3, 2, 1]


@pytest.mark.parametrize("identity", [None, True, "", "x", "1e3", 1.5, [1], "9" * 19, "-4"])
def test_an_event_without_a_usable_id_makes_the_page_unreadable(identity):
    with pytest.raises(MalformedResponse):
        read(event(2), event(identity))


@pytest.mark.parametrize("person", [7, [guid(1)], {"id": guid(1)}, None, False])
def test_a_person_in_an_unknown_form_is_not_taken_for_nobody(person):
    with pytest.raises(MalformedResponse):
        read(event(1, userId=person))


def test_an_event_of_an_unknown_user_is_an_event():
    assert [one.user_id for one in read(event(1, userId=""))] == [""]


@pytest.mark.parametrize("date", [None, "", 5, "yesterday", {}])
def test_an_event_without_a_date_makes_the_page_unreadable(date):
    with pytest.raises(MalformedResponse):
        read(event(1, at=date))


def test_a_page_that_announces_more_than_it_brings_is_unreadable():
    with pytest.raises(MalformedResponse):
        read(event(1), count=2)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("LoginSuccessViaPassword", 1029),
        ("loginsuccessviapassword", 1029),
        (" LoginFail ", 1005),
        ("1029", 1029),
        (1029.0, 1029),
        ("-1", -1),
    ],
)
def test_an_action_is_known_by_number_digits_or_name(written, number):
    assert action_number(written) == number


@pytest.mark.parametrize("written", [None, True, False, "", " ", [], {}, 1.5])
def test_an_action_that_says_nothing_is_recognised_as_nothing(written):
    assert action_number(written) == -1


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_no_unknown_name_is_ever_taken_for_a_sign_in(name):
    known = {known.lower() for known in ACTIONS}
    number = action_number(name)

    digits = name.strip().removeprefix("-")
    if name.strip().lower() not in known and not (digits.isascii() and digits.isdigit()):
        assert number < 0
    assert number == action_number(name)


def test_unknown_names_are_told_apart():
    assert len({action_number(f"Action{n}") for n in range(1_000)}) == 1_000
