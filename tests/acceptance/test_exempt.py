import json

import pytest

PORTAL = {"LASTSEEN_PORTAL__URL": "https://portal.example.org"}


def test_an_exemption_is_added_listed_and_removed_without_a_key(lastseen):
    added = lastseen(
        "exempt",
        "add",
        "Ann@Example.org",
        "--until",
        "2999-12-31",
        "--reason",
        "on leave",
        environment=PORTAL,
    )
    assert added.exit_code == 0, added.stderr
    assert added.stdout == ""
    assert "ann@example.org is exempt until 2999-12-31: on leave" in added.stderr

    listed = lastseen("exempt", "list", "--format", "json", environment=PORTAL)
    (exemption,) = json.loads(listed.stdout)["exemptions"]
    assert exemption["who"] == "ann@example.org"
    assert exemption["until"] == "2999-12-31"
    assert "on leave" in lastseen("exempt", "list", environment=PORTAL).stdout

    removed = lastseen("exempt", "remove", "ANN@example.org", environment=PORTAL)
    assert removed.exit_code == 0
    assert "Nobody is exempt" in lastseen("exempt", "list", environment=PORTAL).stdout


@pytest.mark.parametrize(("until", "reason"), [("2001-01-01", "too late"), ("2999-01-01", "  ")])
def test_an_exemption_needs_a_reason_and_a_day_to_come(lastseen, until, reason):
    ran = lastseen(
        "exempt",
        "add",
        "ann@example.org",
        "--until",
        until,
        "--reason",
        reason,
        environment=PORTAL,
    )
    assert ran.exit_code == 2
    assert ran.stderr.startswith("Attempted:")


def test_a_name_that_no_review_has_met_is_noted_after_the_first_review(at_work):
    def added(who):
        ran = at_work("exempt", "add", who, "--until", "2999-12-31", "--reason", "asked for")
        assert ran.exit_code == 0
        return ran.stderr

    assert "spelled right" not in added("nobody@example.org")
    plan = json.loads(at_work("review", "--format", "json").stdout)
    assert "spelled right" in added("nobody@example.org")
    assert "spelled right" not in added(plan["decisions"][0]["email"].upper())
    assert "spelled right" not in added(plan["decisions"][0]["user_id"])


def test_an_exempt_person_is_kept(at_work):
    plan = json.loads(at_work("review", "--format", "json").stdout)
    who = next(d["email"] for d in plan["decisions"] if d["decision"] == "disable")
    at_work("exempt", "add", who, "--until", "2999-12-31", "--reason", "asked for")
    plan = json.loads(at_work("review", "--format", "json").stdout)
    (decision,) = [d for d in plan["decisions"] if d["email"] == who]
    assert (decision["decision"], decision["reason"]) == ("keep", "exempt")
