from importlib import resources

import jsonschema
import msgspec
import pytest

from lastseen.model.decision import Reason, SeenBy, Verdict
from lastseen.model.plan_document import encode_plan
from lastseen.model.receipt import OutcomeKind, encode_receipt
from lastseen.schemas import SCHEMAS, generated_schema
from tests.unit.reports.samples import (
    decision,
    hostile_plan,
    incomplete_evidence,
    outcome,
    plan_of,
    receipt_of,
    roster_of,
)

PLAN_FIELDS = {
    "schema", "plan_id", "digest", "portal", "created_at", "now", "policy", "population",
    "soon", "evidence", "decisions", "summary",
}  # fmt: skip
EVIDENCE_FIELDS = {
    "complete", "covered_since", "filters", "retention_days", "session_minutes", "requests",
    "events",
}  # fmt: skip
POPULATION_FIELDS = {
    "source", "query", "listed", "matched", "portal_total", "read_at", "sha256",
}  # fmt: skip
DECISION_FIELDS = {
    "user_id", "email", "display_name", "decision", "reason", "explanation", "last_seen_at",
    "last_seen_by", "idle_days", "session_may_be_open", "return_until", "clears_at", "cohort",
    "failed_sign_ins", "sponsor",
}  # fmt: skip
RECEIPT_FIELDS = {
    "schema", "run_id", "plan_id", "started_at", "finished_at", "approved_by", "not_asked",
    "outcomes", "summary",
}  # fmt: skip
OUTCOME_FIELDS = {"user_id", "email", "outcome", "verified", "error"}
REASONS = (
    "inactive|never-seen|contract-ended|invitation-not-accepted|not-on-roster|"
    "session-may-be-open|recently-invited|active|recently-registered|recently-reinstated|exempt|"
    "protected|already-disabled|not-on-portal|unknown-guest|ambiguous|evidence-incomplete|"
    "unrecognised-event"
)
OUTCOMES = (
    "disabled|signed-out|already-disabled|spared-active|spared-changed|refused|failed|reinstated|"
    "already-active"
)


def shipped_schema(name: str) -> bytes:
    return resources.files("lastseen.schemas").joinpath(f"{name}.json").read_bytes()


def schema(name):
    return msgspec.json.decode(shipped_schema(name))


def check(document, name):
    validator = jsonschema.Draft202012Validator(
        schema(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(msgspec.json.decode(document))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_schema_is_what_the_structs_give(name):
    assert shipped_schema(name) == generated_schema(name), (
        "a struct has changed: run `python -m lastseen.schemas` and look at what changed"
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_a_valid_one_in_which_every_field_is_described(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))
    for part in schema(name)["$defs"].values():
        for field, shape in part.get("properties", {}).items():
            if part["title"] != "PlanSummary":
                assert shape["description"], field


@pytest.mark.parametrize(
    "plan",
    [
        plan_of(),
        plan_of(*roster_of(200)),
        plan_of(decision(), evidence=incomplete_evidence()),
        hostile_plan(),
    ],
)
def test_plans_are_valid(plan):
    check(encode_plan(plan), "plan-1")


def test_receipts_are_valid():
    check(encode_receipt(receipt_of(*map(outcome, OutcomeKind))), "receipt-1")
    check(encode_receipt(receipt_of(journal_head=None)), "receipt-1")


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "lastseen.plan/2"},
        {"decisions": [{}]},
        {"summary": {"disable": "3"}},
        {"evidence": None},
        {"now": 1},
    ],
)
def test_what_is_not_a_plan_is_not_valid(change):
    document = msgspec.json.decode(encode_plan(plan_of(decision()))) | change
    with pytest.raises(jsonschema.ValidationError):
        check(msgspec.json.encode(document), "plan-1")


def test_the_plans_fields_are_those_of_the_contract():
    parts = schema("plan-1")["$defs"]
    assert set(parts["Plan"]["properties"]) == PLAN_FIELDS
    assert set(parts["Population"]["required"]) == POPULATION_FIELDS
    assert set(parts["Population"]["properties"]) == POPULATION_FIELDS | {"unlisted"}
    assert set(parts["EvidenceSummary"]["properties"]) == EVIDENCE_FIELDS
    assert set(parts["Decision"]["properties"]) == DECISION_FIELDS | {"is_pending"}
    assert set(parts["PlanSummary"]["properties"]) == {
        "disable",
        "sign_out",
        "keep",
        "hold",
        "skip",
    }
    assert set(parts["Plan"]["properties"]) - set(parts["Plan"]["required"]) == {
        "population",
        "soon",
    }


def test_the_plans_values_are_those_of_the_contract():
    parts = schema("plan-1")["$defs"]
    verdicts = {"disable", "sign-out", "keep", "hold", "skip"}
    assert set(parts["Verdict"]["enum"]) == verdicts == set(Verdict)
    assert set(parts["Reason"]["enum"]) == set(REASONS.split("|")) == set(Reason)
    seen_by = {"sign-in", "activity", "api-key", "invitation", "registration"}
    assert set(parts["SeenBy"]["enum"]) == seen_by == set(SeenBy)
    filters = parts["EvidenceSummary"]["properties"]["filters"]["enum"]
    assert set(filters) == {"before-window", "after-window", "ignored"}


def test_the_receipts_fields_are_those_of_the_contract():
    parts = schema("receipt-1")["$defs"]
    assert set(parts["Receipt"]["properties"]) == RECEIPT_FIELDS | {
        "journal_head", "plan_digest", "portal", "operator",
    }  # fmt: skip
    assert set(parts["Receipt"]["required"]) == RECEIPT_FIELDS
    assert set(parts["Outcome"]["properties"]) == OUTCOME_FIELDS | {
        "cause", "reason", "session_may_be_open",
    }  # fmt: skip
    assert set(parts["OutcomeKind"]["enum"]) == set(OUTCOMES.split("|"))
