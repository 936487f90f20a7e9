import signal
import subprocess
from urllib.request import urlopen

import pytest

from lastseen.simulator.server.fault_names import NAMES
from tests.acceptance.conftest import COMMAND


def test_two_lines_say_address_and_key_and_a_signal_ends_it_well(lastseen):
    for number in (signal.SIGTERM, signal.SIGINT):
        serving = lastseen.start("simulate", "--contractors", "5", "--days", "5")
        assert serving.stdout is not None
        said = [serving.stdout.readline() for _ in range(2)]
        assert said[0].startswith("LASTSEEN_PORTAL__URL=http://127.0.0.1:")
        assert said[1].startswith("LASTSEEN_API_KEY=")
        serving.send_signal(number)
        rest, _ = serving.communicate(timeout=20)
        assert rest == ""
        assert serving.returncode == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--filters", "sideways"),
        ("--faults", "earthquake"),
        ("--time-zone", "Mars/Olympus"),
        ("--retention-days", "0"),
        ("--port", "70000"),
    ],
    ids=" ".join,
)
def test_a_portal_that_cannot_be_is_one_clear_message(lastseen, options):
    ran = lastseen("simulate", *options, timeout=20)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("Attempted:")


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ("--filters", "before-window, after-window or ignored"),
        ("--release", "3.1, 3.5, 3.6 or 3.7"),
        ("--session-minutes", "a number of minutes or off"),
    ],
)
def test_a_wrong_choice_is_reported_with_what_there_is(lastseen, option, choices):
    ran = lastseen("simulate", option, "sideways", timeout=20)
    assert f"{option} must be {choices}" in ran.stderr


@pytest.mark.parametrize("attempt", range(3))
def test_a_reader_that_leaves_after_the_first_line_does_not_end_the_portal(lastseen, attempt):
    with subprocess.Popen(
        [COMMAND, "simulate", "--contractors", "5", "--days", "5"],
        env={**lastseen.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as running:
        assert running.stdout is not None
        url = running.stdout.readline().strip().partition("=")[2]
        running.stdout.close()
        with urlopen(f"{url}/simulator/truth") as answer:
            assert answer.status == 200
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0


def test_the_help_names_every_fault(lastseen):
    helped = "".join(lastseen("simulate", "--help").stdout.split())
    assert f"{','.join(NAMES)}." in helped


def test_a_port_that_is_taken_is_one_clear_message(lastseen, small_portal):
    port = small_portal.url.rpartition(":")[2]
    ran = lastseen("simulate", "--port", port, "--contractors", "5", "--days", "5", timeout=20)
    assert ran.exit_code == 2
    assert "port" in ran.stderr


@pytest.mark.parametrize(
    ("stream", "found"),
    [(">&-", "it is closed"), (">/dev/full", "no space left on device"), ("| true", "")],
)
def test_a_portal_whose_address_nobody_gets_is_not_served(lastseen, stream, found):
    ran = subprocess.run(
        [
            "bash",
            "-c",
            f'set -o pipefail; "$0" simulate --contractors 5 --days 5 {stream}',
            COMMAND,
        ],
        env=dict(lastseen.environment),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("Attempted: printing the simulated portal's address and key")
    assert found in ran.stderr
