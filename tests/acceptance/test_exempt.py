import json
from datetime import UTC, datetime, timedelta

import pytest

PORTAL = {"LASTSEEN_PORTAL__URL": "https://portal.example.org"}

LATER = (datetime.now(UTC).date() + timedelta(days=100)).isoformat()


def test_an_exemption_is_added_listed_and_removed_without_a_key(lastseen):
    added = lastseen(
        "exempt",
        "add",
        "Ann@Example.org",
        "--until",
        LATER,
        "--reason",
        "on leave",
        environment=PORTAL,
    )
    assert added.exit_code == 0, added.stderr
    assert added.stdout == ""
    assert f"ann@example.org is exempt until {LATER}: on leave" in added.stderr

    listed = lastseen("exempt", "list", "--format", "json", environment=PORTAL)
    (exemption,) = json.loads(listed.stdout)["exemptions"]
    assert exemption["who"] == "ann@example.org"
    assert exemption["until"] == LATER
    assert "on leave" in lastseen("exempt", "list", environment=PORTAL).stdout

    removed = lastseen("exempt", "remove", "ANN@example.org", environment=PORTAL)
    assert removed.exit_code == 0
    assert "Nobody is exempt" in lastseen("exempt", "list", environment=PORTAL).stdout


@pytest.mark.parametrize("option", ["--reason", "--ticket", "--approved-by"])
def test_an_exemption_with_the_key_in_it_is_refused(lastseen, option):
    key = "sk-0123456789abcdef0123456789abcdef"
    texts = {"--reason": "on leave", option: f"see {key}"}
    given = [word for pair in texts.items() for word in pair]
    environment = {**PORTAL, "LASTSEEN_API_KEY": key}

    added = lastseen(
        "exempt", "add", "ann@example.org", "--until", LATER, *given, environment=environment
    )

    assert added.exit_code == 2
    assert key not in added.stdout + added.stderr
    assert "Nobody is exempt" in lastseen("exempt", "list", environment=PORTAL).stdout


@pytest.mark.parametrize(
    ("until", "reason"), [("2001-01-01", "too late"), (LATER, "  "), ("2999-12-31", "too far")]
)
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


def test_somebody_whom_the_latest_review_does_not_know_is_exempt_only_with_yes(at_work):
    def add(who, *more):
        return at_work("exempt", "add", who, "--until", LATER, "--reason", "asked for", *more)

    assert add("before@example.org").exit_code == 0  # no review yet to compare with
    plan = json.loads(at_work("review", "--format", "json").stdout)

    refused = add("nobody@example.org")
    assert refused.exit_code == 2
    assert "nobody's in the latest review" in refused.stderr
    assert "nobody@example.org" not in at_work("exempt", "list").stdout

    assert add("nobody@example.org", "--yes").exit_code == 0
    assert add("NOBODY@example.org").exit_code == 0  # renewing asks nothing
    assert add(plan["decisions"][0]["email"].upper()).exit_code == 0
    assert add(plan["decisions"][0]["user_id"]).exit_code == 0


def test_a_domain_that_the_latest_review_does_not_know_is_exempt_only_with_yes(at_work):
    def add(domain, *more):
        asked = ("--until", LATER, "--reason", "asked for", *more)
        return at_work("exempt", "add", "--domain", domain, *asked)

    assert at_work("review").exit_code == 0
    refused = add("exmaple.org")
    assert refused.exit_code == 2
    assert "domain:exmaple.org" in refused.stderr
    assert "exmaple.org" not in at_work("exempt", "list").stdout
    assert add("exmaple.org", "--yes").exit_code == 0
    assert add(".example.org").exit_code == 0
    assert add("example.org").exit_code == 0


def test_addresses_are_whole_in_the_list_at_80_columns(at_work):
    who = "konstantinopolitanskaya-featherstone@subsidiary.contractors.example.org"
    at_work("exempt", "add", who, "--until", LATER, "--reason", "on leave", "--yes")
    assert who in at_work("exempt", "list", environment={"COLUMNS": "80"}).stdout


def test_an_exempt_person_is_kept(at_work):
    plan = json.loads(at_work("review", "--format", "json").stdout)
    who = next(d["email"] for d in plan["decisions"] if d["decision"] == "disable")
    at_work("exempt", "add", who, "--until", LATER, "--reason", "asked for")
    plan = json.loads(at_work("review", "--format", "json").stdout)
    (decision,) = [d for d in plan["decisions"] if d["email"] == who]
    assert (decision["decision"], decision["reason"]) == ("keep", "exempt")


def test_a_domain_is_exempt_with_a_ticket_and_an_approval_and_renewed(lastseen):
    def add(*more: str):
        command = ["exempt", "add", "--until", LATER, "--reason", "audit", *more]
        return lastseen(*command, environment=PORTAL)

    assert add("--domain", "Vendor.example", "--ticket", "T-1").exit_code == 0
    renewed = add("--domain", "vendor.example", "--approved-by", "boss@example.com")
    assert "domain:vendor.example is exempt until" in renewed.stderr
    assert "renewed once" in renewed.stderr

    listed = lastseen("exempt", "list", environment=PORTAL).stdout
    assert "approved by" in listed
    removed = lastseen("exempt", "remove", "--domain", "vendor.example", environment=PORTAL)
    assert removed.exit_code == 0


def test_an_exemption_covers_exactly_one_thing(lastseen):
    for named in ([], ["ann@example.org", "--domain", "vendor.example"], ["--domain", "*.x.org"]):
        command = ["exempt", "add", *named, "--until", LATER, "--reason", "audit"]
        assert lastseen(*command, environment=PORTAL).exit_code == 2
