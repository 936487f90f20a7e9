"""Plans from files that nobody made with care."""

import pytest

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
