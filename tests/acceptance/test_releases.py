"""The whole job on every supported release, as a person does it."""

import json

import pytest

from tests.acceptance.levers import statuses


@pytest.mark.parametrize("release", ["3.1", "3.5", "3.6", "3.7"])
def test_the_job_is_done_and_undone_on_every_release(lastseen, simulated_portal, release):
    portal = simulated_portal(
        "--release", release, "--contractors", "15", "--staff", "5", "--days", "45"
    )
    environment = {**portal.environment, "LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": "1"}
    before = statuses(portal)

    reviewed = lastseen("review", "-o", "plan.json", environment=environment)
    assert reviewed.exit_code == 0, reviewed.stderr
    plan = json.loads((lastseen.folder / "plan.json").read_text())
    due = {one["email"] for one in plan["decisions"] if one["decision"] == "disable"}
    assert due

    ran = lastseen("apply", "plan.json", "--yes", "--format", "json", environment=environment)
    assert ran.exit_code == 0, ran.stderr
    receipt = json.loads(ran.stdout)
    assert {one["email"]: one["outcome"] for one in receipt["outcomes"]} == dict.fromkeys(
        due, "disabled"
    )
    after = statuses(portal)
    assert {who for who, status in after.items() if status != before[who]} == due

    undone = lastseen(
        "undo", receipt["run_id"], "--yes", "--format", "json", environment=environment
    )
    assert undone.exit_code == 0, undone.stderr
    assert {one["outcome"] for one in json.loads(undone.stdout)["outcomes"]} == {"reinstated"}
    assert statuses(portal) == before
