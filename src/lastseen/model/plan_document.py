"""A plan as a document: its JSON form and its digest.

The digest is SHA-256 over a canonical form, so that an edited plan is detected.
"""

import weakref
from itertools import chain

import msgspec

from lastseen.model.canonical_json import NOT_CANONICAL, canonical_digest
from lastseen.model.decision import Decision
from lastseen.model.errors import PlanRefused
from lastseen.model.json_text import escaped, indented
from lastseen.model.plan import PLAN_SCHEMA, Plan
from lastseen.model.run_id import is_run_id

_last_intact: list[weakref.ref[Plan]] = []
"""The plan whose digest was found right last, while it is in use.

A command uses the same plan several times, as it is read and before it acts.
"""


def sealed(plan: Plan) -> Plan:
    """Return the plan with its digest filled in."""
    filled = msgspec.structs.replace(plan, digest=_digest(msgspec.structs.asdict(plan)))
    _remember(filled)
    return filled


def is_intact(plan: Plan) -> bool:
    """Return whether the plan's digest is that of its content."""
    if any(known() is plan for known in _last_intact):  # nothing in it can change
        return True
    if _digest(msgspec.structs.asdict(plan)) != plan.digest:
        return False
    _remember(plan)
    return True


def _remember(plan: Plan) -> None:
    _last_intact[:] = [weakref.ref(plan)]


def encode_plan(plan: Plan) -> bytes:
    """Return the plan's JSON form, indented for people, ending in a newline."""
    # A plan of ten thousand people is megabytes: one decision after the other is formatted.
    without = indented(msgspec.structs.replace(plan, decisions=()))
    head, _, tail = without.partition(_NO_DECISIONS)
    if not plan.decisions:
        return without
    decisions = (
        (b"," if number else b"[") + _indented(one) for number, one in enumerate(plan.decisions)
    )
    return b"".join(chain((head, _NO_DECISIONS[:-2]), decisions, (b"\n  ]", tail)))


_NO_DECISIONS = b'\n  "decisions": []'
"""As it stands in the JSON of a plan without decisions, and in no text in it."""


def _indented(decision: Decision) -> bytes:
    formatted: bytes = msgspec.json.format(msgspec.json.encode(decision), indent=2)
    return b"\n    " + escaped(formatted).replace(b"\n", b"\n    ")


def decode_plan(document: bytes, *, source: str) -> Plan:
    """Read a plan's JSON form and check its digest.

    `source` names the file in the message. Raises PlanRefused if the document isn't a plan, was
    edited, or comes from a newer version.
    """
    written = _as_written(document)
    if written is not None:
        return written
    attempted = f"reading the plan {source}"
    try:
        fields = msgspec.json.decode(document)
    except RecursionError:
        raise _not_a_plan(attempted, "it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_a_plan(attempted, f"it is not JSON ({error})") from None
    name = fields.get("schema") if isinstance(fields, dict) else None
    if not isinstance(name, str) or not name.startswith("lastseen.plan/"):
        raise _another_document(attempted, name)
    if name != PLAN_SCHEMA:
        raise PlanRefused(
            attempted=attempted,
            found=f"its schema is {name!r}",
            meaning=f"this version of Lastseen understands {PLAN_SCHEMA!r} only",
            remedy="use the version of Lastseen that made the plan, or review again",
        )
    plan, problem = _converted(fields)
    try:
        digest = _digest(_content_of(plan, fields))
    except NOT_CANONICAL:
        raise _not_a_plan(attempted, "it has a number or a text that no plan has") from None
    if fields.get("digest") != digest:
        raise PlanRefused(
            attempted=attempted,
            found="its digest does not match its content",
            meaning="the plan was edited or damaged after it was made",
            remedy="review again; to leave people out use `lastseen apply plan.json --except WHO`",
        )
    if plan is None:
        raise _not_a_plan(attempted, f"a field is not as it should be ({problem})")
    if not is_run_id(plan.plan_id):
        raise _not_a_plan(attempted, f"{plan.plan_id!r} is no id of a plan")
    _remember(plan)
    return plan


def _as_written(document: bytes) -> Plan | None:
    """Return the plan in a document that is to the byte as Lastseen writes one, in half the time.

    Returns None for any other, whatever is wrong with it.
    """
    try:
        plan = msgspec.json.decode(document, type=Plan)
        is_indented = document[1:2] == b"\n"
        as_encoded = encode_plan(plan) if is_indented else msgspec.json.encode(plan)
        is_plan = plan.schema == PLAN_SCHEMA and is_run_id(plan.plan_id)
        is_good = is_plan and as_encoded == document and is_intact(plan)
    except (ValueError, OverflowError, *NOT_CANONICAL):  # msgspec's errors are ValueErrors
        return None
    return plan if is_good else None


def _converted(fields: dict[str, object]) -> tuple[Plan | None, str]:
    """Return the plan in decoded JSON; None, and the problem, if it isn't one."""
    try:
        return msgspec.convert(fields, Plan), ""
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
        return None, str(error)


def _content_of(plan: Plan | None, fields: dict[str, object]) -> dict[str, object]:
    """Return what a document's digest is made of: the plan in it, if that is all that it says.

    A plan is digested in a tenth of the time that other objects take.
    """
    if plan is None or msgspec.json.decode(msgspec.json.encode(plan)) != fields:
        return fields
    return msgspec.structs.asdict(plan)


def _digest(fields: dict[str, object]) -> str:
    """Return the digest of a plan's canonical form; raises one of `NOT_CANONICAL`."""
    return canonical_digest({key: value for key, value in fields.items() if key != "digest"})


def _another_document(attempted: str, schema: object) -> PlanRefused:
    if not isinstance(schema, str) or not schema.startswith("lastseen."):
        return _not_a_plan(attempted, "it does not say that it is a plan of Lastseen")
    return PlanRefused(
        attempted=attempted,
        found=f"it is another document of Lastseen: {schema}",
        meaning="only a plan can be carried out; nothing was changed",
        remedy="read it with `lastseen show FILE`; `lastseen show PLAN -o plan.json` writes a plan "
        "that the ledger knows",
    )


def _not_a_plan(attempted: str, found: str) -> PlanRefused:
    return PlanRefused(
        attempted=attempted,
        found=found,
        meaning="only a plan written by `lastseen review --format json` can be applied",
        remedy="run `lastseen review -o plan.json` and apply that file",
    )
