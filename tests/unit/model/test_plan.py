"""Plans from files that nobody made with care."""

import json
from hashlib import sha256

import msgspec
import pytest

from lastseen.model.canonical_json import canonical_json
from lastseen.model.errors import PlanRefused
from lastseen.model.json_text import escaped
from lastseen.model.plan_document import decode_plan, encode_plan, sealed
from tests.unit.execution.fake_portal import FakePortal
from tests.unit.execution.plans import plan_for

HOSTILE_IDS = ["x$(touch pwned)", "x;y", "x y", "`x`", "x\n", "--yes", "\u0661", "", "x" * 65]
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


@pytest.mark.parametrize("people", [0, 1, 3])
def test_a_plan_reads_as_if_all_of_it_had_been_indented_at_once(people):
    portal = FakePortal()
    names = ['Ann "\\n\\n  \\"decisions\\": []" Roe', "Zoë\n\t\u2028", "😀"]
    made = plan_for(portal, [portal.add(n) for n in range(people)])
    decisions = tuple(
        msgspec.structs.replace(one, display_name=name, explanation='\n  "decisions": []')
        for one, name in zip(made.decisions, names, strict=False)
    )
    plan = sealed(msgspec.structs.replace(made, decisions=decisions))
    at_once = escaped(msgspec.json.format(msgspec.json.encode(plan), indent=2)) + b"\n"
    assert encode_plan(plan) == at_once
    assert decode_plan(at_once, source="plan.json") == plan


def test_a_hostile_name_is_an_escape_in_a_plan_and_raw_ones_are_still_accepted():
    portal = FakePortal()
    made = plan_for(portal, [portal.add(1)])
    (one,) = made.decisions
    hostile = msgspec.structs.replace(one, display_name="Zoë \x9b2J\u202eeoR\u2066")
    plan = sealed(msgspec.structs.replace(made, decisions=(hostile,)))
    written = encode_plan(plan)
    assert '"Zoë \\u009b2J\\u202eeoR\\u2066"' in written.decode()
    raw = msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"  # as once written
    assert "\u202e" in raw.decode()
    assert decode_plan(written, source="plan.json") == plan
    assert decode_plan(raw, source="plan.json") == plan

    fields = json.loads(written)  # and as the auditors' script digests it
    digest = fields.pop("digest")
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest == "sha256:" + sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("plan_id", HOSTILE_IDS)
@pytest.mark.parametrize("indented", [True, False])
def test_a_plan_whose_id_a_shell_would_run_is_refused(plan_id, indented):
    portal = FakePortal()
    plan = sealed(plan_for(portal, [portal.add(1)], plan_id=plan_id))
    document = encode_plan(plan) if indented else msgspec.json.encode(plan)
    with pytest.raises(PlanRefused) as refused:
        decode_plan(document, source="plan.json")
    assert "is no id of a plan" in refused.value.found
