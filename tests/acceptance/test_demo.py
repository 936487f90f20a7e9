import os
import re
import resource
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.acceptance.conftest import COMMAND

pytestmark = pytest.mark.slow


@pytest.fixture
def temporary(tmp_path):
    """A folder of its own for temporary files, to see what is left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def short_temporary():
    """The same with a short path, for a socket, where PostgreSQL's user may go too."""
    with TemporaryDirectory(dir="/tmp", prefix="demo-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _started(lastseen, temporary):
    """Start the demo, with its output to be read from pipes."""
    return subprocess.Popen(
        [COMMAND, "demo"],
        cwd=lastseen.folder,
        env={**lastseen.environment, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def test_the_demo_shows_the_job_and_leaves_the_report_only(lastseen, temporary):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    ran = lastseen("demo", environment={"TMPDIR": str(temporary)})
    assert ran.exit_code == 0, ran.stderr
    # About a minute on an ordinary machine; a busy one is no fault of the demo's.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 30
    for shown in ("doctor", "review", "apply", "undo"):
        assert f"\n$ lastseen {shown}" in ran.stdout
    assert ran.stdout.count("\n$ lastseen explain ") == 2
    for verdict in ("\nkeep, ", "\nhold, "):
        assert verdict in ran.stdout
    assert "The journal is intact." in ran.stdout
    assert "Nobody has been changed. To carry this out:" in ran.stdout
    assert (ran.stdout + ran.stderr).count("\n") < 100
    assert [file.name for file in lastseen.folder.iterdir()] == ["report.html"]
    assert list(temporary.iterdir()) == []
    assert list(Path(lastseen.environment["HOME"]).iterdir()) == []
    assert _serving_from(temporary) == []


@pytest.mark.postgres
def test_the_demo_of_a_fleet_reaches_its_end_and_leaves_nothing(lastseen, short_temporary):
    temporary = short_temporary
    narrow = {"TMPDIR": str(temporary), "COLUMNS": "80"}
    ran = lastseen("demo", "--fleet", "2", environment=narrow, timeout=180)
    assert ran.exit_code == 0, ran.stderr
    before, _, after = ran.stdout.partition("$ lastseen fleet enqueue run")
    assert "never" not in before.split("$ lastseen fleet status")[1]
    assert re.search(r"portal-02 +(clean|held)", after)
    assert re.search(r"[1-9]\d* disabled", after)
    assert re.search(r"lost +unreachable", after)
    assert "Paused: portal-01." in ran.stderr
    assert list(lastseen.folder.iterdir()) == []
    assert list(temporary.iterdir()) == []
    assert _serving_from(temporary) == []


def test_a_temporary_folder_too_deep_for_a_socket_is_named(lastseen, tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    ran = lastseen("demo", "--fleet", "1", environment={"TMPDIR": str(deep)})
    assert ran.exit_code == 2
    assert "TMPDIR" in ran.stderr
    assert list(deep.iterdir()) == []


def test_a_demo_that_nobody_reads_ends_soon_and_leaves_nothing(lastseen, temporary):
    running = _started(lastseen, temporary)
    assert running.stdout is not None
    running.stdout.readline()
    running.stdout.close()
    assert running.stderr is not None
    with running.stderr:
        err = running.stderr.read()
    assert running.wait(60) == 0
    assert "disabled" not in err
    assert list(temporary.iterdir()) == []
    assert _serving_from(temporary) == []


@pytest.mark.parametrize("closing", ["2>/dev/full", "2>&-"])
def test_a_demo_needs_no_standard_error(lastseen, temporary, closing):
    ran = subprocess.run(
        ["sh", "-c", f'exec "$0" demo {closing}', COMMAND],
        cwd=lastseen.folder,
        env={**lastseen.environment, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0
    assert "The journal is intact." in ran.stdout
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing(lastseen, temporary, number):
    running = _started(lastseen, temporary)
    assert running.stdout is not None
    while "$ lastseen review" not in running.stdout.readline():
        pass
    running.send_signal(number)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert list(temporary.iterdir()) == []
    assert _serving_from(temporary) == []


def _serving_from(temporary):
    """Return the processes that still run with this folder for temporary files."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if str(temporary).encode() in environment and process.name != str(os.getpid()):
            found.append(process.name)
    return found
