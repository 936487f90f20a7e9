"""Mutated inputs, short: the full number is read by `python -m campaigns.fuzz`."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from campaigns.fuzz.kinds import REVIEW, found
from campaigns.mutations import tells_another_history
from lastseen.rosters.rows import RowReader


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("answers", 3_000),
        ("csv", 250),
        ("xlsx", 100),
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


@pytest.mark.slow
def test_a_mutated_answer_disables_nobody_whom_the_honest_portal_would_not() -> None:
    assert found((REVIEW, 80, 1)) == []


def _page(*entries: dict[str, object]) -> bytes:
    return json.dumps({"response": entries, "count": len(entries)}).encode()


ONE: dict[str, object] = {"id": 1, "date": "2026-11-01T10:00:00Z", "userId": "a", "actionId": 1000}
TWO = {**ONE, "id": 2, "date": "2026-11-01T09:00:00Z", "userId": "b"}


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
