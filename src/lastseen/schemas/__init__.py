"""The JSON Schemas of the documents that others build on: the plan and the receipt.

The shipped files are generated from the structs (`python -m lastseen.schemas` rewrites them); no
rule about a document is written here a second time.
"""

import ast
import inspect
from typing import Any

import msgspec

from lastseen.model.actor import Actor
from lastseen.model.decision import Decision
from lastseen.model.instant import Instant
from lastseen.model.plan import (
    PLAN_SCHEMA,
    Cohort,
    DueSoon,
    EvidenceSummary,
    Plan,
    PlanSummary,
    Policy,
    Population,
    Soon,
)
from lastseen.model.receipt import RECEIPT_SCHEMA, Outcome, Receipt

SCHEMAS = ("plan-1", "receipt-1")
"""The names of the shipped schemas; each is `NAME.json` in this package."""

_DOCUMENTS: dict[str, tuple[type[msgspec.Struct], str]] = {
    "plan-1": (Plan, PLAN_SCHEMA),
    "receipt-1": (Receipt, RECEIPT_SCHEMA),
}
_PARTS: tuple[type[msgspec.Struct], ...] = (
    Plan,
    Policy,
    Cohort,
    Population,
    Soon,
    DueSoon,
    EvidenceSummary,
    Decision,
    PlanSummary,
    Receipt,
    Outcome,
    Actor,
)


def generated_schema(name: str) -> bytes:
    """Return the JSON Schema `name` (one of `SCHEMAS`) as generated from the structs.

    Fields with a default are always written, so they are required too; one that says nothing is
    null, and a reader may take a missing one for null. Fields of later versions are allowed.
    """
    document, schema_name = _DOCUMENTS[name]
    generated = msgspec.json.schema(document)
    definitions: dict[str, dict[str, Any]] = generated["$defs"]
    for part in _PARTS:
        if part.__name__ in definitions:
            _describe(part, definitions[part.__name__])
    definitions[document.__name__]["properties"]["schema"]["const"] = schema_name
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{schema_name.replace('.', ':', 1).replace('/', ':')}",
        "title": schema_name,
        **generated,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def _describe(part: type[msgspec.Struct], definition: dict[str, Any]) -> None:
    meanings = field_docstrings(part)
    fields = msgspec.structs.fields(part)
    definition["required"] = [field.encode_name for field in fields if field.default is not None]
    for field in fields:
        shape = definition["properties"][field.encode_name]
        shape.pop("default", None)
        if field.type in (Instant, Instant | None):
            text = shape["anyOf"][0] if "anyOf" in shape else shape
            text["format"] = "date-time"
        if field.name in meanings:
            shape["description"] = meanings[field.name]


def field_docstrings(part: type[msgspec.Struct]) -> dict[str, str]:
    """Return the string under each field of a struct's source, by the field's name."""
    body = ast.parse(inspect.getsource(part)).body[0]
    assert isinstance(body, ast.ClassDef)
    meanings: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            meanings[field.target.id] = inspect.cleandoc(str(below.value.value))
    return meanings
