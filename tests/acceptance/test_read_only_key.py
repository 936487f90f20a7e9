"""A key that may only read: enough to review; apply and undo stop before anybody is asked."""

import json

import pytest

from tests.acceptance.levers import ask, statuses, tell

READ_ONLY = {"key_scopes": ["*:read"]}
UNLIMITED: dict[str, list[str]] = {"key_scopes": []}


@pytest.mark.parametrize("consent", [[], ["--yes"]], ids=["asking", "yes"])
def test_apply_with_a_read_only_key_says_so_before_it_asks(at_work, small_portal, consent):
    tell(small_portal, "settings", READ_ONLY)
    reviewed = at_work("review", "-o", "plan.json")
    assert reviewed.exit_code == 0, reviewed.stderr
    before = statuses(small_portal)

    ran = at_work("apply", "plan.json", *consent)

    assert ran.exit_code == 3
    assert "accounts:write" in ran.stderr
    assert "--yes" not in ran.stderr
    assert ask(small_portal, "puts") == []
    assert statuses(small_portal) == before


@pytest.mark.parametrize("consent", [[], ["--yes"]], ids=["asking", "yes"])
def test_undo_with_a_read_only_key_says_so_before_it_asks(at_work, small_portal, consent):
    at_work("review", "-o", "plan.json")
    applied = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    tell(small_portal, "settings", READ_ONLY)
    before = statuses(small_portal)

    ran = at_work("undo", applied["run_id"], *consent)

    assert ran.exit_code == 3
    assert "accounts:write" in ran.stderr
    assert "--yes" not in ran.stderr
    assert statuses(small_portal) == before
    tell(small_portal, "settings", UNLIMITED)
    assert at_work("undo", applied["run_id"], "--yes").exit_code == 0


def test_a_run_that_is_refused_is_in_the_history_with_the_reason(at_work, small_portal):
    tell(small_portal, "settings", READ_ONLY)

    ran = at_work("run", "--yes", "--first-run-applies")

    assert ran.exit_code == 3
    runs = at_work("history", "--kind", "run").stdout
    assert "failed" in runs
    assert "API key is limited" in " ".join(runs.split())
    assert "the newest run: " in " ".join(at_work("status").stdout.split())
