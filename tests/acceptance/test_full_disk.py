"""A full disk after people were disabled: what was done stays done, and is found again."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import COMMAND, Command
from tests.acceptance.levers import statuses

FULL = Path("/dev/full")

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")


def told(said: str) -> dict[str, str]:
    """The four lines of an error by their names, as the last that was said."""
    lines = said.splitlines()[-4:]
    names = [line.partition(":")[0] for line in lines]
    assert names == ["Attempted", "Found", "Meaning", "Remedy"], said
    return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}


def on_full_disk(command: Command, *arguments: str) -> tuple[int, str]:
    """Run with standard output on a full disk; return the exit code and standard error."""
    with FULL.open("w") as full:
        ran = subprocess.run(
            [COMMAND, *arguments],
            cwd=command.folder,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_receipt_that_cannot_be_written_names_the_run_and_undoes_nothing(
    at_work, small_portal, form
):
    at_work("review", "-o", "plan.json")

    code, said = on_full_disk(at_work, "apply", "plan.json", "--yes", "--format", form)

    error = told(said)
    (run, *_) = json.loads(at_work("history", "--format", "json", "--kind", "apply").stdout)["runs"]
    assert code == 2
    assert "no space left" in error["Found"]
    assert f"Run {run['run_id']}: 11 disabled" in error["Meaning"]
    assert "`lastseen history`" in error["Remedy"]
    assert list(statuses(small_portal).values()).count("Terminated") >= 11
    receipt = json.loads(at_work("show", run["run_id"], "--format", "json").stdout)
    assert receipt["summary"]["disabled"] == 11
    assert at_work("undo", run["run_id"], "--yes").exit_code == 0


def test_a_receipt_that_no_file_takes_names_the_way_to_it(at_work, small_portal):
    at_work("review", "-o", "plan.json")

    ran = at_work("apply", "plan.json", "--yes", "--format", "json", "-o", str(FULL))

    assert ran.exit_code == 2
    (run, *_) = json.loads(at_work("history", "--format", "json", "--kind", "apply").stdout)["runs"]
    assert f"Run {run['run_id']}: 11 disabled" in told(ran.stderr)["Meaning"]
    assert "changes made before it remain" in told(ran.stderr)["Meaning"]
    assert "`lastseen show RUN`" in told(ran.stderr)["Remedy"]


def test_commands_that_only_read_say_so_too(at_work):
    for arguments in (("review",), ("status",), ("history",), ("doctor",)):
        code, said = on_full_disk(at_work, *arguments)
        assert (code, "no space left" in told(said)["Found"]) == (2, True), arguments


def in_shell(command: Command, line: str) -> tuple[int, str]:
    """Run a line of shell in which `lastseen` is the command; return exit code and stderr."""
    ran = subprocess.run(
        ["bash", "-c", f'set -o pipefail; lastseen() {{ "{COMMAND}" "$@"; }}; {line}'],
        cwd=command.folder,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return ran.returncode, ran.stderr


def test_a_receipt_for_a_closed_standard_output_names_the_run(at_work):
    at_work("review", "-o", "plan.json")

    code, said = in_shell(at_work, "lastseen apply plan.json --yes --limit 1 >&-")

    error = told(said)
    assert code == 2
    assert error["Found"] == "it is closed"
    assert ": 1 disabled" in error["Meaning"]


@pytest.mark.parametrize("away", ["2>/dev/full", "2>&-", "2>&- <&-"])
def test_nobody_who_reads_errors_changes_no_exit_code(at_work, small_portal, away):
    at_work("review", "-o", "plan.json")
    before = list(statuses(small_portal).values()).count("Terminated")

    code, _ = in_shell(at_work, f"lastseen apply plan.json --yes --limit 1 -o receipt.json {away}")

    assert code == 0
    assert list(statuses(small_portal).values()).count("Terminated") == before + 1
    assert in_shell(at_work, "lastseen history --verify")[0] == 0  # nothing was written into it


@pytest.mark.parametrize("asked", ["--help", "--version", "review --help", "history", "status"])
@pytest.mark.parametrize(
    ("away", "wanted"), [("| true", 0), (">/dev/full", 2), (">&-", 2), (">&- 2>&-", 2)]
)
def test_output_that_nobody_takes_is_no_bug(at_work, asked, away, wanted):
    code, said = in_shell(at_work, f"lastseen {asked} {away}")

    assert code == wanted, said
    assert "bug" not in said
