"""Plans from files that nobody made with care."""

import json
from hashlib import sha256

import pytest

from lastseen.model.canonical_json import canonical_json
from lastseen.model.errors import PlanRefused
from lastseen.model.plan import decode_plan

A_PLAN = b'{"schema": "lastseen.plan/1", "digest": "x", "field": %s}'


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[" * 100_000,
        A_PLAN % (b"[" * 50_000),
        A_PLAN % (b"9" * 400),
        A_PLAN % (b"9" * 5_000),
        A_PLAN % b"1e400",
        A_PLAN % b"NaN",
        A_PLAN % b'"\\ud800"',
        b"\xff\xfe{}",
    ],
    ids=range(10),
)
def test_a_file_that_is_no_plan_is_refused_in_words(document):
    with pytest.raises(PlanRefused) as refused:
        decode_plan(document, source="plan.json")
    assert len(refused.value.found) < 200


def test_a_plan_that_was_read_before_is_still_refused_once_a_field_differs():
    fields = {"schema": "lastseen.plan/1", "number": 1, "text": "1", "nothing": None}
    sealed_by_hand = fields | {"digest": "sha256:" + sha256(canonical_json(fields)).hexdigest()}

    def found(document: dict[str, object]) -> str:
        with pytest.raises(PlanRefused) as refused:
            decode_plan(json.dumps(document).encode(), source="plan.json")
        return refused.value.found

    for _ in range(2):  # its digest is right: only its fields are not a plan's
        assert "a field is not as it should be" in found(sealed_by_hand)
    for change in ({"number": 2}, {"number": "1"}, {"number": 1.5}, {"text": ""}, {"nothing": 0}):
        assert found(sealed_by_hand | change) == "its digest does not match its content"
