import json

import pytest

from lastseen.cli.documents import RUN_RESULT_SCHEMA, read_document
from lastseen.model.errors import UsageError
from lastseen.model.plan_document import encode_plan, sealed
from lastseen.model.receipt import encode_receipt
from tests.unit.reports.samples import decision, outcome, plan_of, receipt_of

HOSTILE_IDS = ("x$(touch pwned)", "x;y", "`x`", "x\n", "--yes")


@pytest.mark.parametrize("field", ["run_id", "plan_id"])
@pytest.mark.parametrize("text", HOSTILE_IDS)
def test_a_receipt_whose_id_a_shell_would_run_is_refused(tmp_path, field, text):
    file = tmp_path / "receipt.json"
    receipt = encode_receipt(receipt_of(outcome(), **{field: text}))
    file.write_bytes(receipt)
    with pytest.raises(UsageError) as refused:
        read_document(file)
    assert "is no id of a run or plan" in refused.value.found

    plan = json.loads(encode_plan(sealed(plan_of(decision()))))
    run = {"schema": RUN_RESULT_SCHEMA, "plan": plan, "receipt": json.loads(receipt)}
    file.write_text(json.dumps(run))
    with pytest.raises(UsageError):
        read_document(file)


def test_a_receipt_as_lastseen_writes_it_is_read(tmp_path):
    file = tmp_path / "receipt.json"
    receipt = receipt_of(outcome(), run_id="9f2c11d04a7e")
    file.write_bytes(encode_receipt(receipt))
    assert read_document(file).receipt == receipt
