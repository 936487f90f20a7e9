import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

PORTAL = {"LASTSEEN_PORTAL__URL": "https://portal.example.org"}


@pytest.fixture
def ledger(lastseen):
    """A ledger whose journal has three entries, and the environment that names it."""
    file = lastseen.folder / "ledger.sqlite3"
    environment = {**PORTAL, "LASTSEEN_LEDGER__URL": f"sqlite:///{file}"}
    for who in "abc":
        lastseen(
            "exempt",
            "add",
            f"{who}@example.org",
            "--until",
            (datetime.now(UTC).date() + timedelta(days=100)).isoformat(),
            "--reason",
            "leave",
            environment=environment,
        )
    return file, environment


def test_history_needs_no_key_and_begins_empty(lastseen):
    ran = lastseen("history", environment=PORTAL)
    assert ran.exit_code == 0
    assert "No run yet" in ran.stdout


def test_a_run_is_shown_by_the_beginning_of_its_id(at_work):
    plan = json.loads(at_work("review", "--format", "json").stdout)
    (run,) = json.loads(at_work("history", "--format", "json").stdout)["runs"]
    assert run["run_id"] == plan["plan_id"]
    detail = json.loads(at_work("history", plan["plan_id"][:6], "--format", "json").stdout)
    assert detail["plan"]["digest"] == plan["digest"]
    assert plan["plan_id"] in at_work("history", plan["plan_id"]).stdout


def test_a_whole_journal_is_called_whole(lastseen, ledger):
    ran = lastseen("history", "--verify", environment=ledger[1])
    assert ran.exit_code == 0
    assert "intact" in ran.stdout


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (("--verify", "-o", "v.html"), "history --verify writes table or json"),
        (("--verify", "--format", "csv"), "history --verify writes table or json"),
        (("--export", "--format", "csv"), "history --export writes json"),
    ],
)
def test_a_check_or_an_export_in_another_format_is_refused(lastseen, ledger, given, written):
    ran = lastseen("history", *given, environment=ledger[1])
    assert ran.exit_code == 2
    assert written in ran.stderr


def test_the_export_is_one_entry_a_line_and_holds_its_own_chain(lastseen, ledger):
    ran = lastseen("history", "--export", environment=ledger[1])
    entries = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [entry["seq"] for entry in entries] == [1, 2, 3]
    assert [e["previous_hash"] for e in entries[1:]] == [e["hash"] for e in entries[:-1]]
    to_file = lastseen("history", "--export", "-o", "journal.jsonl", environment=ledger[1])
    assert "3 entries" in to_file.stderr
    assert (lastseen.folder / "journal.jsonl").read_text() == ran.stdout


def test_the_export_shows_hostile_characters_as_escapes_and_its_hashes_hold(lastseen, ledger):
    reason = "leave \x9b2J\u202e\u2066"
    until = (datetime.now(UTC).date() + timedelta(days=100)).isoformat()
    given = ("--until", until, "--reason", reason)
    added = lastseen("exempt", "add", "d@example.org", *given, environment=ledger[1])
    assert added.exit_code == 0, added.stderr
    *_, newest = lastseen("history", "--export", environment=ledger[1]).stdout.split("\n")[:-1]
    assert r"leave \u009b2J\u202e\u2066" in newest
    entry = json.loads(newest)
    given_hash = entry.pop("hash")
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert reason in text
    assert sha256(text.encode()).hexdigest() == given_hash


def test_a_changed_journal_is_reported_with_the_entry(lastseen, ledger):
    file, environment = ledger
    with closing(sqlite3.connect(file)) as database:
        for (trigger,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE journal SET content = '{}' WHERE seq = 2")
        database.commit()
    ran = lastseen("history", "--verify", "--format", "json", environment=environment)
    assert ran.exit_code == 2
    assert "entry 2" in ran.stderr
    assert json.loads(ran.stdout)["whole"] is False


def test_a_journal_whose_end_is_gone_is_noticed_with_and_without_a_head_kept_elsewhere(
    lastseen, ledger
):
    file, environment = ledger
    lines = lastseen("history", "--export", environment=environment).stdout.splitlines()
    head = json.loads(lines[-1])["hash"]
    assert lastseen("history", "--verify", "--head", head, environment=environment).exit_code == 0
    with closing(sqlite3.connect(file)) as database:
        for (trigger,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("DELETE FROM journal WHERE seq = 3")
        database.commit()
    assert lastseen("history", "--verify", environment=environment).exit_code == 2
    ran = lastseen("history", "--verify", "--head", head, environment=environment)
    assert ran.exit_code == 2


def test_a_question_about_one_person_is_no_run(at_work):
    at_work("review", "-o", "plan.json")
    plan = json.loads((at_work.folder / "plan.json").read_text())
    for _ in range(2):
        assert at_work("explain", plan["decisions"][0]["user_id"]).exit_code == 0
    runs = json.loads(at_work("history", "--format", "json").stdout)["runs"]
    assert [run["run_id"] for run in runs] == [plan["plan_id"]]


def test_a_review_that_failed_says_why(at_work, small_portal):
    refused = at_work("review", environment={"LASTSEEN_API_KEY": "sk-of-nobody-at-all"})
    assert refused.exit_code == 3
    shown = at_work("history").stdout
    assert "failed" in shown
    assert "401" in shown


@pytest.mark.parametrize("head", ["", " ", "deadbeef", "g" * 64, "sha256:" + "0" * 64])
def test_a_head_that_is_no_hash_is_a_usage_error_and_no_broken_journal(lastseen, ledger, head):
    ran = lastseen("history", "--verify", "--head", head, environment=ledger[1])

    assert ran.exit_code == 2
    assert "64 hexadecimal digits" in ran.stderr
    assert "broken" not in ran.stderr
