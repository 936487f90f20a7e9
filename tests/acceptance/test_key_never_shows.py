"""The API key is in no output, no file, no ledger and no process list, whatever happens."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.answering import portal_that_answers
from tests.acceptance.levers import statuses

LATER = (datetime.now(UTC).date() + timedelta(days=100)).isoformat()
WRONG_KEY = "sk-ffffffffffffffffffffffffffffffff"
WAYS = ((), ("-vv",), ("-vv", "--log-format", "json"))


def assert_nowhere(key, ran, lastseen):
    """Fail when the key is in what a command printed or left behind."""
    assert key not in ran.stdout
    assert key not in ran.stderr
    places = (lastseen.folder, Path(lastseen.environment["HOME"]))
    left = [file for place in places for file in place.rglob("*") if file.is_file()]
    assert [file for file in left if key.encode() in file.read_bytes()] == []


def test_no_command_shows_the_key(at_work, small_portal):
    key = small_portal.api_key
    who = next(person for person in statuses(small_portal) if "contractor" in person)
    for arguments in (
        ("init", "--portal-url", small_portal.url, "--yes"),
        ("doctor",),
        ("review", "-o", "plan.html"),
        ("review", "-o", "plan.json"),
        ("apply", "plan.json", "--yes", "-o", "receipt.json"),
        ("run", "--yes", "--first-run-applies"),
        ("explain", who),
        ("exempt", "add", who, "--until", LATER, "--reason", "x"),
        ("exempt", "list"),
        ("history",),
        ("history", "--export"),
        ("history", "--verify"),
    ):
        ran = at_work("-vv", *arguments)
        assert ran.exit_code == 0, (arguments, ran.stderr)
        assert_nowhere(key, ran, at_work)


def test_no_json_log_shows_the_key(at_work, small_portal):
    for arguments in (("doctor",), ("run", "--yes", "--first-run-applies")):
        ran = at_work("-vv", "--log-format", "json", *arguments)
        assert ran.exit_code == 0, (arguments, ran.stderr)
        assert_nowhere(small_portal.api_key, ran, at_work)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_no_failure_shows_the_key(lastseen, way):
    for status in (401, 402):
        with portal_that_answers(status, f"who is {WRONG_KEY}?") as url:
            ran = lastseen(
                *way,
                "doctor",
                environment={"LASTSEEN_PORTAL__URL": url, "LASTSEEN_API_KEY": WRONG_KEY},
            )
        assert ran.exit_code in (3, 4)
        assert_nowhere(WRONG_KEY, ran, lastseen)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_an_unreachable_portal_does_not_show_the_key(lastseen, way):
    ran = lastseen(
        *way,
        "review",
        environment={
            "LASTSEEN_PORTAL__URL": "https://no-such-portal.invalid",
            "LASTSEEN_API_KEY": WRONG_KEY,
        },
    )
    assert ran.exit_code == 3
    assert_nowhere(WRONG_KEY, ran, lastseen)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("kept_in", ["variable", "file"])
def test_a_bug_does_not_show_the_key(lastseen, tmp_path, way, kept_in):
    # Given a Lastseen with a bug that puts the key into its message
    (tmp_path / "sitecustomize.py").write_text(
        "import lastseen.cli.progress as room\n"
        "def broken(called):\n"
        f"    raise RuntimeError('Authorization: Bearer {WRONG_KEY}')\n"
        "room.watched = broken\n"
    )
    environment = {
        "PYTHONPATH": str(tmp_path),
        "LASTSEEN_PORTAL__URL": "https://portal.example.org",
    }
    if kept_in == "variable":
        environment["LASTSEEN_API_KEY"] = WRONG_KEY
    else:
        (tmp_path / "key").write_text(f"{WRONG_KEY}\n")
        (tmp_path / "key").chmod(0o600)
        environment["LASTSEEN_API_KEY_FILE"] = str(tmp_path / "key")
    # When it meets the bug
    ran = lastseen.by_script(*way, "review", environment=environment)
    # Then it says so, without the key, and shows where only if asked to
    assert ran.exit_code == 1
    assert "bug in Lastseen: RuntimeError: Authorization: Bearer ***" in ran.stderr
    assert ("Traceback" in ran.stderr) is bool(way)
    assert_nowhere(WRONG_KEY, ran, lastseen)


def test_a_key_given_in_the_wrong_place_is_not_repeated(lastseen):
    environment = {
        "LASTSEEN_PORTAL__URL": "https://portal.example.org",
        "LASTSEEN_API_KEY": WRONG_KEY,
    }
    for arguments in (("review", WRONG_KEY), ("explain", WRONG_KEY, "--run", "1"), (WRONG_KEY,)):
        ran = lastseen(*arguments, environment=environment)
        assert ran.exit_code == 2
        assert_nowhere(WRONG_KEY, ran, lastseen)


def test_no_process_list_shows_the_key_and_no_child_inherits_it(lastseen, simulated_portal):
    # Another seed than other tests have, who may show their portal's key just now
    portal = simulated_portal("--contractors", "25", "--latency-ms", "100", "--seed", "31")
    command = type(lastseen)(
        folder=lastseen.folder, environment={**lastseen.environment, **portal.environment}
    )
    running = command.start("review")
    try:
        looks = 0
        while running.poll() is None:
            assert portal.api_key not in "".join(_command_lines())
            assert _children(running.pid) == []
            looks += 1
            time.sleep(0.05)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 0
    assert looks > 3


def _command_lines():
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                yield (process / "cmdline").read_text(errors="replace")
            except OSError:
                continue


def _children(pid: int):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += task.read_text().split()
        except OSError:
            continue
    return found


def test_a_file_of_the_key_that_others_can_read_is_refused(lastseen):
    file = lastseen.folder / "key"
    file.write_text(WRONG_KEY)
    file.chmod(0o644)
    ran = lastseen(
        "review",
        environment={
            "LASTSEEN_PORTAL__URL": "https://portal.example.org",
            "LASTSEEN_API_KEY_FILE": str(file),
        },
    )
    assert ran.exit_code == 2
    assert WRONG_KEY not in ran.stderr
    assert file.name in ran.stderr
