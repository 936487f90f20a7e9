"""Where a portal stands, and where a ledger goes that follows its portal."""

import json


def test_status_tells_what_the_last_review_found(at_work):
    plan = json.loads(at_work("review", "--format", "json").stdout)

    ran = at_work("status", "--format", "json")

    assert ran.exit_code == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["last_review"]["run_id"] == plan["plan_id"]
    assert told["to_disable"] == plan["summary"]["disable"]
    assert sum(one["count"] for one in told["held"]) == plan["summary"]["hold"]
    assert told["key_problem"] is None
    assert told["last_run"] is None
    assert plan["portal"] in at_work("status").stdout


def test_status_needs_no_portal_and_says_that_it_was_not_asked(at_work, free_port):
    at_work("review", "-o", "plan.json")
    nowhere = {"LASTSEEN_PORTAL__URL": f"http://127.0.0.1:{free_port}"}

    ran = at_work("status", environment=nowhere)

    assert ran.exit_code == 0, ran.stderr
    assert "not checked" in ran.stdout


def test_before_the_first_review_status_has_nothing_to_tell(at_work):
    told = json.loads(at_work("status", "--format", "json").stdout)

    assert told["last_review"] is None
    assert told["to_disable"] == told["disabled"] == 0


def test_a_portal_at_another_address_is_refused_until_it_is_confirmed(at_work, simulated_portal):
    # Given a ledger of a portal that has moved to another address
    at_work("review", "-o", "plan.json")
    moved = simulated_portal("--contractors", "25", "--staff", "5", "--days", "45")

    refused = at_work("review", environment=moved.environment)
    confirmed = at_work("review", "--same-portal", environment=moved.environment)
    after = at_work("review", environment=moved.environment)

    assert refused.exit_code == 2
    assert "--same-portal" in refused.stderr
    assert confirmed.exit_code == 0, confirmed.stderr
    assert "follow it" in " ".join(confirmed.stderr.split())
    assert after.exit_code == 0, after.stderr
