import json
import re
import subprocess

import pytest

from tests.acceptance.conftest import COMMAND


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_standard_output_carries_the_plan_and_nothing_else(at_work, form):
    ran = at_work("review", "--format", form)
    assert ran.exit_code == 0
    assert ran.stderr == ""
    begins = {
        "table": r"\d+ of 25 contractors",
        "json": r"\{",
        "csv": "user_id",
        "html": "<!doctype html>",
    }
    assert re.match(begins[form], ran.stdout.lower().lstrip("\ufeff"))


def test_a_table_is_the_default_on_standard_output(at_work):
    assert "To be disabled" in at_work("review").stdout


def test_json_logs_are_json_line_by_line_and_stay_off_standard_output(at_work):
    ran = at_work("--log-format", "json", "review", "--format", "json")
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert lines
    assert all({"time", "level", "event", "message"} <= set(line) for line in lines)
    (plan,) = [line for line in lines if line["event"] == "plan"]
    written = json.loads(ran.stdout)
    assert plan["plan_id"] == written["plan_id"]
    assert plan["disable"] == written["summary"]["disable"]


def test_every_line_of_progress_in_json_logs_says_to_which_run_it_belongs(at_work):
    for command in (
        ("review", "-o", "plan.json"),
        ("apply", "plan.json", "--yes", "-o", "receipt.json"),
    ):
        ran = at_work("--log-format", "json", *command)
        lines = [json.loads(line) for line in ran.stderr.splitlines()]
        written = json.loads((at_work.folder / command[-1]).read_text())
        run_id = written.get("run_id") or written["plan_id"]
        steps = [line for line in lines if line["event"] == "progress"]
        assert steps
        assert {step["run_id"] for step in steps} == {run_id}


def test_verbose_tells_what_continues_on_standard_error(at_work):
    ran = at_work("-v", "review", "--format", "json")
    json.loads(ran.stdout)
    assert "sign-in log" in ran.stderr


def test_options_of_lastseen_itself_may_follow_the_command(at_work):
    (at_work.folder / "other.toml").write_text("[policy]\ninactive_days = 45\n")
    ran = at_work("review", "-v", "-c", "other.toml", "--format", "json")
    assert json.loads(ran.stdout)["policy"]["inactive_days"] == 45
    assert "sign-in log" in ran.stderr
    assert at_work("review", "-o", "plan.json", "-q").stderr == ""
    assert "To carry it out: lastseen apply " in at_work("review", "-o", "plan.json").stderr


def test_quiet_says_nothing_and_the_file_and_the_history_name_the_plan(at_work):
    environment = {"LASTSEEN_GUARDRAILS__MAX_DISABLE": "1"}
    ran = at_work("review", "-o", "plan.json", "-q", environment=environment)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", "")
    plan_id = json.loads((at_work.folder / "plan.json").read_text())["plan_id"]
    assert plan_id in at_work("history").stdout


def test_a_usage_error_is_json_where_logs_are_json(lastseen):
    for arguments in (("--log-format", "json", "review", "--frob"), ("frob", "--log-format=json")):
        ran = lastseen(*arguments)
        assert ran.exit_code == 2
        error = json.loads(ran.stderr)
        assert error["level"] == "error"
        assert error["exit_code"] == 2
        assert {"attempted", "found", "meaning", "remedy"} <= set(error)


def test_the_report_that_is_read_is_the_plan_that_is_applied(at_work):
    ran = at_work("review", "-o", "plan.json", "-o", "plan.html")
    assert ran.exit_code == 0, ran.stderr
    plan = json.loads((at_work.folder / "plan.json").read_text())
    report = (at_work.folder / "plan.html").read_text()
    assert plan["digest"] in report
    assert f"lastseen apply {(at_work.folder / 'plan.json').resolve()}" in report


def test_show_renders_a_plan_a_receipt_and_a_run_in_any_format(at_work):
    at_work("review", "-o", "plan.json")
    plan = json.loads((at_work.folder / "plan.json").read_text())
    again = at_work("show", plan["plan_id"][:8], "--format", "json")
    assert json.loads(again.stdout) == plan
    receipt = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    begins = {
        "table": f"{plan['summary']['disable']} disabled.",
        "csv": "run_id",
        "html": "<!doctype html>",
    }
    for form, first in begins.items():
        shown = at_work("show", receipt["run_id"], "--format", form)
        assert shown.exit_code == 0, shown.stderr
        assert shown.stdout.lstrip("\ufeff").startswith(first)
    assert json.loads(at_work("show", receipt["run_id"], "--format", "json").stdout) == receipt
    assert at_work("show", "f00").exit_code == 2


@pytest.mark.parametrize("what", ["nothere.json", "folder/plan", "abc"])
def test_show_says_that_there_is_no_such_file(at_work, what):
    ran = at_work("show", what)
    assert ran.exit_code == 2
    assert f"showing {what}" in ran.stderr
    assert "there is no such file" in ran.stderr


def test_one_decision_may_be_shown_alone_but_not_in_json(at_work):
    shown = at_work("review", "--only-decision", "keep").stdout
    assert "Kept: " in shown
    assert "To be disabled: " not in shown
    refused = at_work("review", "--only-decision", "keep", "--format", "json")
    assert refused.exit_code == 2
    assert at_work("review", "--only-decision", "maybe").exit_code == 2


def test_history_can_be_limited_and_kept_as_csv_and_html(at_work):
    for _ in range(2):
        at_work("review", "-o", "plan.json")
    at_work("apply", "plan.json", "--yes")
    shown = json.loads(
        at_work("history", "--kind", "review", "--limit", "1", "--format", "json").stdout
    )
    assert [run["kind"] for run in shown["runs"]] == ["review"]
    assert at_work("history", "--kind", "frob").exit_code == 2
    ran = at_work("history", "-o", "h.csv", "-o", "h.html")
    assert ran.exit_code == 0, ran.stderr
    assert (at_work.folder / "h.csv").read_text().count("\n") == 4
    assert " disabled" in (at_work.folder / "h.html").read_text()


def test_rows_that_are_left_out_are_reported_without_being_asked(at_work):
    (at_work.folder / "roster.csv").write_text("email,display_name\n,Nobody\na@example.org,A\n")
    ran = at_work(
        "review",
        "--format",
        "json",
        environment={
            "LASTSEEN_ROSTER__SOURCE": "csv",
            "LASTSEEN_ROSTER__PATH": "roster.csv",
            "LASTSEEN_ROSTER__RECONCILE": "false",
        },
    )
    assert ran.exit_code == 0, ran.stderr
    assert "neither id nor e-mail" in ran.stderr
    assert len(json.loads(ran.stdout)["decisions"]) == 1


@pytest.mark.parametrize("arguments", [("--help",), ("review", "--format", "json"), ("history",)])
def test_a_reader_that_leaves_early_is_no_error(at_work, arguments):
    running = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=at_work.folder,
        env=dict(at_work.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    said = running.stderr.read()
    running.stderr.close()
    assert said == b""
    assert running.wait(60) in (0, 1) if arguments == ("--help",) else running.wait(60) == 0


def test_a_dash_is_standard_output(at_work):
    ran = at_work("review", "-o", "-", "--format", "json")
    json.loads(ran.stdout)
    assert [file.name for file in at_work.folder.iterdir()] == []


def test_python_m_lastseen_is_the_same_command(lastseen):
    import sys

    ran = subprocess.run(
        [sys.executable, "-m", "lastseen", "--help"],
        capture_output=True,
        encoding="utf-8",
        env=dict(lastseen.environment),
        check=True,
    )
    assert ran.stdout == lastseen("--help").stdout


def test_an_output_is_never_an_input_of_the_same_command(at_work):
    roster = at_work.folder / "contractors.csv"
    roster.write_text("email\ncontractor.005@example.org\n", encoding="utf-8")
    (at_work.folder / "lastseen.toml").write_text(
        '[roster]\nsource = "csv"\npath = "contractors.csv"\n', encoding="utf-8"
    )
    assert at_work("review", "-o", "plan.json").exit_code == 0
    inputs = {
        name: (at_work.folder / name).read_bytes() for name in ("plan.json", "contractors.csv")
    }
    for arguments in (
        ("review", "-o", "contractors.csv"),
        ("review", "-o", "report.html", "--roster-out", "contractors.csv"),
        ("run", "-o", "report.json", "--metrics-file", "contractors.csv"),
        ("apply", "plan.json", "-o", "plan.json", "--yes"),
        ("show", "plan.json", "-o", "plan.json"),
    ):
        ran = at_work(*arguments)
        assert ran.exit_code == 2, arguments
        assert "that file is the" in ran.stderr
    assert inputs == {name: (at_work.folder / name).read_bytes() for name in inputs}


def test_a_configuration_that_was_found_is_named_on_standard_error(at_work):
    file = at_work.folder / "lastseen.toml"
    file.write_text("[policy]\ninactive_days = 31\n", encoding="utf-8")
    using = f"Using {file}"

    assert using in at_work("status").stderr.splitlines()
    assert using not in at_work("-c", file, "status").stderr
    assert using not in at_work("-q", "status").stderr

    ran = at_work("--log-format", "json", "status", "--format", "json")
    json.loads(ran.stdout)
    told = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["file"] for line in told if line["event"] == "configuration"] == [str(file)]
