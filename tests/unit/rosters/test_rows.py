from datetime import UTC, date, datetime

import pytest

from lastseen.model.contractor import Contractor
from lastseen.model.errors import UsageError
from lastseen.rosters.rows import RowReader

NAMES = {"email": "Mail", "end_date": "Until"}


def reader() -> RowReader:
    return RowReader(source="a", unit="row", names=NAMES)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (date(2026, 12, 31), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), date(2027, 1, 1)),
        ("2026-12-31", date(2026, 12, 31)),
        (None, None),
        (date(1900, 1, 1), None),
    ],
)
def test_an_end_date_may_be_a_date_an_instant_or_text(value, day):
    rows = reader()
    rows.read(1, {"email": "a@x.org", "end_date": value})

    assert rows.people() == (Contractor(email="a@x.org", end_date=day),)


@pytest.mark.parametrize("value", [46387, 46387.0, True, "soon", [1]])
def test_anything_else_refuses_the_roster_by_row_and_column(value):
    rows = reader()
    rows.read(7, {"email": "a@x.org", "end_date": value})

    with pytest.raises(UsageError, match="row 7: column Until is not a date"):
        rows.people()


def test_each_error_of_a_row_quotes_its_own_value():
    rows = reader()
    rows.read(2, {"email": "x@@y", "end_date": "31.12.2026"})

    with pytest.raises(UsageError) as refused:
        rows.people()

    assert "is not one e-mail address ('x@@y')" in refused.value.found
    assert "is not a date as in 2026-12-31 ('31.12.2026')" in refused.value.found


def test_a_whole_number_is_read_as_it_was_written():
    rows = reader()
    rows.read(1, {"email": "a@x.org", "display_name": 4711.0, "kind": 7})

    assert rows.people() == (Contractor(email="a@x.org", display_name="4711", kind="7"),)


def test_a_row_that_says_nothing_is_nothing_and_one_that_names_nobody_is_counted():
    rows = reader()
    rows.read(1, {"email": "", "display_name": None})
    rows.read(2, {"email": None, "display_name": "Ann"})

    assert not rows.is_complete
    assert rows.warnings() == ("a, row 2: neither id nor e-mail address: ignored",)


def test_a_source_without_end_is_stopped():
    rows = RowReader(source="a", unit="row", names=NAMES, most_rows=2)
    rows.read(1, {})
    rows.read(2, {})

    with pytest.raises(UsageError, match="row 3 is beyond the limit"):
        rows.read(3, {})
