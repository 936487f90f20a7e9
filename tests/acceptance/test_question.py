import json
import signal
import subprocess
import time

import pytest

from tests.acceptance.conftest import COMMAND
from tests.acceptance.levers import statuses
from tests.acceptance.terminal import on_a_terminal

ASKED = "Go ahead? [y/N]"


@pytest.fixture
def plan(at_work):
    """The path of a fresh plan."""
    at_work("review", "-o", "plan.json")
    return at_work.folder / "plan.json"


@pytest.mark.parametrize("stdin", ["", "y\n"])
def test_without_a_terminal_and_without_yes_nothing_is_changed(at_work, small_portal, plan, stdin):
    before = statuses(small_portal)
    # The second run is the one that would carry something out.
    at_work("run")
    for arguments in (("apply", "plan.json"), ("run",)):
        ran = at_work(*arguments, stdin=stdin)
        assert ran.exit_code == 2
        assert "nothing was changed" in ran.stderr
        assert "--yes" in ran.stderr
        # A run still reports what it would do.
        assert bool(ran.stdout) == (arguments == ("run",))
    assert statuses(small_portal) == before


def test_undo_without_a_terminal_and_without_yes_changes_nothing(at_work, small_portal, plan):
    receipt = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    before = statuses(small_portal)
    ran = at_work("undo", receipt["run_id"])
    assert ran.exit_code == 2
    assert "nothing was changed" in ran.stderr
    assert statuses(small_portal) == before


def test_a_terminal_is_asked_with_number_and_names(at_work, small_portal, plan):
    before = statuses(small_portal)
    code, said = on_a_terminal(at_work, "apply", "plan.json", answers=[(ASKED, "n")])
    assert code == 0
    assert "Disable 11 people on http://127.0.0.1" in said
    assert "and 6 others" in " ".join(said.split())
    assert "Nothing was changed." in said
    assert statuses(small_portal) == before

    code, said = on_a_terminal(at_work, "apply", "plan.json", answers=[(ASKED, "y")])
    assert code == 0
    assert "11 disabled" in said
    assert statuses(small_portal) != before


def test_question_and_undo_name_people_alike(at_work, small_portal, plan):
    due = [
        d["email"] for d in json.loads(plan.read_text())["decisions"] if d["decision"] == "disable"
    ]
    _, said = on_a_terminal(at_work, "apply", "plan.json", answers=[(ASKED, "y")])
    assert due[0] in said
    receipt = json.loads(at_work("show", "plan.json", "--format", "json").stdout)
    assert receipt["plan_id"]
    (run,) = json.loads(at_work("history", "--kind", "apply", "--format", "json").stdout)["runs"]
    for quiet in ((), ("-q",)):  # a question is asked in words also where little is said
        _, said = on_a_terminal(at_work, *quiet, "undo", run["run_id"], answers=[(ASKED, "n")])
        assert due[0] in said


def test_the_first_run_on_a_terminal_says_that_it_only_reports_and_asks_nothing(
    at_work, small_portal
):
    before = statuses(small_portal)
    code, said = on_a_terminal(at_work, "run")
    assert code == 0
    assert ASKED not in said
    assert "only reports: nobody is changed" in " ".join(said.split())
    assert statuses(small_portal) == before
    code, said = on_a_terminal(at_work, "run", answers=[(ASKED, "y")])
    assert code == 0
    assert "11 disabled" in said


def test_a_plan_that_may_not_be_carried_out_is_refused_before_the_question(at_work, plan):
    at_work("review", "--now", "2026-01-01", "-o", "pretended.json")
    code, said = on_a_terminal(at_work, "apply", "pretended.json")
    assert code == 2
    assert ASKED not in said


def test_the_first_interrupt_ends_after_what_is_under_way(at_work, simulated_portal, lastseen):
    # Given a portal so slow that the work is under way when it is interrupted
    portal = simulated_portal(
        "--contractors", "25", "--staff", "5", "--days", "35", "--latency-ms", "150"
    )
    environment = {
        **lastseen.environment,
        **portal.environment,
        "LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": "1",
    }
    slow = type(lastseen)(folder=lastseen.folder, environment=environment)
    assert slow("review", "-o", "plan.json").exit_code == 0
    # When it is told to end
    running = subprocess.Popen(
        [COMMAND, "apply", "plan.json", "--yes", "--format", "json"],
        cwd=slow.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    time.sleep(1.0)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    # Then it says how far it came, and the same command finishes the job
    assert "Traceback" not in err
    assert running.returncode in (0, 6, 130)
    if running.returncode == 6:
        assert "not attempted" in out
    again = slow("apply", "plan.json", "--yes", "--format", "json")
    assert again.exit_code == 0
    assert {o["outcome"] for o in json.loads(again.stdout)["outcomes"]} <= {
        "disabled",
        "already-disabled",
    }


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_review_that_was_told_to_end_is_not_called_running(simulated_portal, lastseen, told):
    # Given a review of a portal so slow that it is under way for seconds
    portal = simulated_portal(
        "--contractors", "25", "--staff", "5", "--days", "35", "--latency-ms", "250"
    )
    environment = {**lastseen.environment, **portal.environment}
    slow = type(lastseen)(folder=lastseen.folder, environment=environment)
    reviewing = slow.start("review", "-o", "plan.json")
    while not json.loads(slow("history", "--format", "json").stdout)["runs"]:
        time.sleep(0.1)
    # When it is told to end
    reviewing.send_signal(told)
    reviewing.communicate(timeout=60)
    # Then the ledger knows that it did
    (run,) = json.loads(slow("history", "--format", "json").stdout)["runs"]
    assert reviewing.returncode == 130
    assert (run["kind"], run["state"]) == ("review", "interrupted")
    assert not (slow.folder / "plan.json").exists()
