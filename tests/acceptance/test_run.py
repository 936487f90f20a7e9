import json
import re

from tests.acceptance.levers import statuses


def test_the_first_run_only_reports_and_the_second_applies(at_work, small_portal):
    before = statuses(small_portal)
    first = at_work("run", "--yes", "--format", "json")
    assert first.exit_code == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["applied"] is False
    assert told["receipt"] is None
    assert told["plan"]["summary"]["disable"] == 11
    assert statuses(small_portal) == before

    second = at_work("run", "--yes", "--format", "json")
    assert second.exit_code == 0, second.stderr
    assert json.loads(second.stdout)["receipt"]["summary"] == {"disabled": 11}
    assert statuses(small_portal) != before


def test_without_yes_and_without_a_terminal_a_run_only_reports(at_work, small_portal):
    before = statuses(small_portal)
    first = at_work("run", "--format", "json")
    assert first.exit_code == 0, first.stderr
    assert json.loads(first.stdout)["plan"]["summary"]["disable"] == 11

    second = at_work("run", "--format", "json")
    assert second.exit_code == 2
    assert "--yes" in second.stderr
    assert json.loads(second.stdout)["applied"] is False
    assert statuses(small_portal) == before


def test_with_json_logs_every_line_on_standard_error_is_json(at_work):
    ran = at_work("--log-format", "json", "run", "--yes", "-o", "run.json")
    assert ran.exit_code == 0
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert any("Nothing was carried out" in line.get("message", "") for line in lines)


def test_what_a_run_wrote_as_json_can_be_shown_and_only_a_plan_applied(at_work, small_portal):
    before = statuses(small_portal)
    at_work("run", "--yes", "-o", "first.json")
    shown = at_work("show", "first.json")
    assert shown.exit_code == 0, shown.stderr
    assert "11 of 25 contractors to be disabled." in shown.stdout
    assert "lastseen apply first.json" not in shown.stdout
    assert "`run --yes`" in " ".join(at_work("status").stdout.split())
    refused = at_work("apply", "first.json", "--yes")
    assert refused.exit_code == 2
    assert "lastseen.run-result/1" in refused.stderr
    assert "lastseen show FILE" in refused.stderr
    assert statuses(small_portal) == before

    at_work("run", "--yes", "-o", "second.json")
    receipt = at_work("show", "second.json", "-o", "receipt.json", "-o", "receipt.html")
    assert receipt.exit_code == 0, receipt.stderr
    written = at_work.folder / "receipt.json"
    assert json.loads(written.read_text())["summary"] == {"disabled": 11}
    assert "11 disabled." in at_work("show", "receipt.json").stdout


def test_a_run_in_another_ledger_is_looked_for_there(at_work):
    applied = at_work("run", "--yes", "--first-run-applies", "-o", "run.json")
    command = re.search(r"lastseen undo (\w+)", applied.stderr)
    assert command is not None
    elsewhere = at_work.folder / "elsewhere.sqlite3"
    other = {"LASTSEEN_LEDGER__URL": f"sqlite:///{elsewhere}"}
    for refused in (
        at_work("undo", command[1], "--yes", environment=other),
        at_work("show", command[1], environment=other),
    ):
        assert refused.exit_code == 2
        assert f"in the ledger {elsewhere}" in refused.stderr
        assert "LASTSEEN_LEDGER__URL" in refused.stderr
    for table in (at_work("history", environment=other), at_work("status", environment=other)):
        assert f"{elsewhere}" in "".join(table.stdout.split())
    assert at_work("undo", command[1], "--yes").exit_code == 0


def test_a_first_run_may_be_let_apply(at_work):
    ran = at_work("run", "--yes", "--first-run-applies", "-o", "report.html")
    assert ran.exit_code == 0
    assert ran.stdout == ""
    assert "11 disabled" in ran.stderr
    assert "<html" in (at_work.folder / "report.html").read_text()


def test_the_documents_of_a_run_say_that_it_was_carried_out_by_whom_and_under_which_limits(
    at_work,
):
    applied = at_work("run", "--yes", "--first-run-applies", "-o", "run.txt", "-o", "run.html")
    command = re.search(r"lastseen undo (\w+)", applied.stderr)
    assert command is not None
    table = (at_work.folder / "run.txt").read_text()
    page = (at_work.folder / "run.html").read_text()
    assert f"Carried out by run {command[1]}" in table
    assert command[0] in page
    for shown in (table, page):
        assert "Nobody has been changed" not in shown
        assert "lastseen apply" not in shown
    assert "At most 50 people" in page
    assert re.search(r"API key of</dt><dd>[\w.]+@", page)


def test_a_guardrail_stops_a_run_and_leaves_the_plan_to_look_through(at_work, small_portal):
    before = statuses(small_portal)
    ran = at_work(
        "run",
        "--yes",
        "--first-run-applies",
        "-o",
        "report.html",
        environment={"LASTSEEN_GUARDRAILS__MAX_DISABLE": "3"},
    )
    assert ran.exit_code == 5
    assert (at_work.folder / "report.html").exists()
    assert statuses(small_portal) == before


def test_an_approved_number_is_no_longer_in_the_way(at_work):
    limits = {"LASTSEEN_GUARDRAILS__MAX_DISABLE": "3"}
    plain = at_work("run", "--yes", environment=limits)
    assert "A guardrail would stop this" in plain.stdout
    for form in ("table", "json"):
        command = ("run", "--max-disable", "11", "--format", form)
        approved = at_work(*command, environment=limits)
        assert "A guardrail would stop this" not in approved.stdout + approved.stderr
        too_few = at_work("run", "--max-disable", "10", "--format", form, environment=limits)
        assert "A guardrail would stop this" in too_few.stdout + too_few.stderr


def test_a_pretended_run_never_applies_and_says_so(at_work, small_portal):
    before = statuses(small_portal)
    ran = at_work("run", "--yes", "--first-run-applies", "--now", "2999-01-01", "--format", "json")
    assert ran.exit_code in (0, 4)
    assert "Nothing was carried out" in ran.stderr
    assert json.loads(ran.stdout)["schema"] == "lastseen.plan/1"
    assert statuses(small_portal) == before


def test_strict_tells_of_somebody_on_hold_after_applying(at_work):
    ran = at_work("run", "--yes", "--first-run-applies", "--strict")
    assert ran.exit_code == 4
    assert "11 disabled." in ran.stdout
