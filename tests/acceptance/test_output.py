import json
import subprocess

import pytest

from tests.acceptance.conftest import COMMAND


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_standard_output_carries_the_plan_and_nothing_else(at_work, form):
    ran = at_work("review", "--format", form)
    assert ran.exit_code == 0
    assert ran.stderr == ""
    begins = {"table": "11 of 25", "json": "{", "csv": "user_id", "html": "<!doctype html>"}
    assert ran.stdout.lower().lstrip("\ufeff").startswith(begins[form])


def test_a_table_is_the_default_on_standard_output(at_work):
    assert "To be disabled" in at_work("review").stdout


def test_json_logs_are_json_line_by_line_and_stay_off_standard_output(at_work):
    ran = at_work("--log-format", "json", "review", "--format", "json")
    json.loads(ran.stdout)
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert lines
    assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)


def test_verbose_tells_what_goes_on_on_standard_error(at_work):
    ran = at_work("-v", "review", "--format", "json")
    json.loads(ran.stdout)
    assert "sign-in log" in ran.stderr


def test_rows_that_are_left_out_are_told_without_being_asked(at_work):
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
