"""Mutated inputs, short: the full number is read by `python -m campaigns.fuzz`."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from campaigns.fuzz.databases import said
from campaigns.fuzz.judging import Mutant, is_over, wrong
from campaigns.fuzz.kinds import REVIEW, found
from campaigns.fuzz.rosters import COLUMNS, column, csv_columns, objects, sheet_records
from campaigns.mutations import tells_another_history
from lastseen.model.contractor import Profile, UserId
from lastseen.model.decision import Reason
from lastseen.rosters.rows import RowReader


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("answers", 3_000),
        ("csv", 250),
        ("xlsx", 100),
        ("sql", 200),
        ("http", 200),
        ("scim", 200),
        ("configuration", 400),
        ("plan", 300),
    ],
)
def test_no_mutated_input_is_a_bug_or_disables_somebody_wrongly(kind: str, number: int) -> None:
    assert found((kind, number, 1)) == []


def test_an_end_that_is_taken_from_a_shifted_column_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    careful = RowReader.read

    def careless(reader: RowReader, number: int, values: Mapping[str, Any], **_: bool) -> None:
        careful(reader, number, values)

    monkeypatch.setattr(RowReader, "read", careless)
    monkeypatch.setattr(RowReader, "refuse", lambda *_: None)
    assert found(("csv", 600, 5))


@pytest.mark.parametrize(
    "name", ["mail", "e mail", "E-Mail", "em\u00a0ail", "\u202email", '"mail"']
)
def test_a_mutated_header_still_names_the_e_mail_column_as_the_product_takes_it(name: str) -> None:
    assert column(name) == "email"
    assert column(f"{name}s") != "email"


def test_a_year_of_five_digits_is_no_later_end() -> None:
    assert is_over("cid@vendor.example,Cid,29020-01-01,2024-02-29")
    assert not is_over("cid@vendor.example,Cid,2020-01-01,2029-02-28")


def test_a_date_inside_an_address_makes_it_another_address() -> None:
    ann = Profile(id=UserId("a"), email="ann@vendor.example", display_name="Ann")

    def judged(email: str) -> str | None:
        record = f"{said('email', email)} | {said('end_date', '2028-12-31')}"
        mutant = Mutant(mutation="", body=b"", records=[record])
        return wrong(ann, Reason.NOT_ON_ROSTER, mutant)

    assert judged("ann@2026-02-30vendor.example") is None
    assert judged("ann@vendor.9999-12-31example") is None
    assert judged("2028-12-31ann@vendor.example") is None
    assert judged("ann@vendor.example") is not None
    assert judged("2028-12-31 ann@vendor.example") is not None


def test_a_date_outside_the_column_of_the_end_is_no_end() -> None:
    record = f"{said('id', '2029-12-31 00:00:00')} | {said('end_date', '2024-02-29')}"

    assert is_over(record)
    assert not is_over(f"{said('id', '')} | {said('end_date', '2029-12-31 00:00:00')}")


def test_a_byte_order_mark_on_a_line_of_its_own_is_not_the_header() -> None:
    assert csv_columns(["\ufeff", "\rid;E-Mail", "\r;a@x.org"], ";") == ["id", "email"]


def test_an_address_beside_the_list_or_of_an_inactive_user_is_on_no_row() -> None:
    row = {"id": "", "email": "cid@vendor.example", "end_date": "2024-02-29"}
    inactive = {"emails": [{"value": "cid@vendor.example"}], "active": False}
    document = {"data": {"email": "cid@vendor.example", "people": [row, inactive]}}

    read = objects(json.dumps(document).encode())

    assert [one for one in read if "2024" in one] == [" | cid@vendor.example | 2024-02-29"]
    assert len([one for one in read if "cid@" in one and "|" in one]) == 1


def test_an_end_within_an_address_is_not_the_end_of_the_contract() -> None:
    address = {"value": "cid@vendor.example", "end_date": "2028-12-31"}
    ended = {"emails": [address], "end_date": "2024-02-29"}
    prolonged = {"emails": [address], "end_date": "2028-12-31"}

    assert is_over(objects(json.dumps([ended]).encode())[-1])
    assert not is_over(objects(json.dumps([prolonged]).encode())[-1])


def test_a_start_in_the_future_is_no_end_unless_columns_may_be_shifted() -> None:
    header = _sheet_row(*COLUMNS)
    ended = ("", "cid@vendor.example", "Cid", "2320-01-01", "2024-02-29")

    assert is_over(sheet_records([header, _sheet_row(*ended)])[1])
    assert not is_over(sheet_records([header, _sheet_row(*ended[:4], "2028-12-31")])[1])
    assert not is_over(sheet_records([header, _sheet_row(*ended[1:])])[1])
    assert not is_over(sheet_records([_sheet_row(*COLUMNS[1:]), _sheet_row(*ended)])[1])


def _sheet_row(*texts: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)


def test_rows_beside_a_number_of_thousands_of_digits_are_read() -> None:
    assert objects(b'[{"email": "cid@vendor.example"}, ' + b"9" * 5_000 + b"]")


@pytest.mark.slow
def test_a_mutated_answer_disables_nobody_whom_the_honest_portal_would_not() -> None:
    assert found((REVIEW, 80, 1)) == []


def _page(*entries: dict[str, object]) -> bytes:
    return json.dumps({"response": entries, "count": len(entries)}).encode()


ONE: dict[str, object] = {"id": 1, "date": "2026-11-01T10:00:00Z", "userId": "a", "actionId": 1000}
TWO = {**ONE, "id": 2, "date": "2026-11-01T09:00:00Z", "userId": "b"}


def _lifetimes(days: object) -> bytes:
    answer = {"loginHistoryLifeTime": days, "auditTrailLifeTime": 29}
    return json.dumps({"response": answer}).encode()


@pytest.mark.parametrize("days", [[[]], [], {}, True, 180.5, "180", None])
def test_a_lifetime_of_another_type_is_no_other_history(days: object) -> None:
    assert not tells_another_history(_lifetimes(180), _lifetimes(days))
    assert tells_another_history(_lifetimes(180), _lifetimes(90))


@pytest.mark.parametrize(
    ("after", "another"),
    [
        (_page(ONE, TWO), False),
        (_page(TWO, ONE), False),
        (_page(ONE), False),
        (_page(ONE, ONE, TWO), False),
        (_page({**ONE, "date": "2026-11-01T13:00:00+03:00"}, TWO), False),
        (_page({**ONE, "date": None}, TWO), False),
        (_page({**ONE, "date": "2026-11-01T10:00:00"}, TWO), False),
        (b"<html>", False),
        (_page(ONE, {**TWO, "date": "2026-10-01T09:00:00Z"}), True),
        (_page({**ONE, "userId": "c"}, TWO), True),
        (_page({**ONE, "actionId": 1005}, TWO), True),
    ],
)
def test_only_what_an_honest_portal_could_have_sent_is_another_history(
    after: bytes, another: bool
) -> None:
    assert tells_another_history(_page(ONE, TWO), after) is another
