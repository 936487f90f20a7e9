"""The command as a person has it: its own process, its own home, nothing patched.

Fixtures: `lastseen` runs the command to its end; `simulated_portal` starts `lastseen simulate`.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("lastseen"))
"""The console script, as the installation under test laid it."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class SimulatedPortal:
    """A portal that listens on loopback for as long as its test lasts."""

    url: str
    api_key: str
    process: subprocess.Popen[str]

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs in its environment to work on this portal."""
        return {"LASTSEEN_PORTAL__URL": self.url, "LASTSEEN_API_KEY": self.api_key}


@dataclass(frozen=True, kw_only=True)
class Command:
    """The `lastseen` command, run in an empty folder with an empty home."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(
        self,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120,
    ) -> Ran:
        """Run to the end; standard input is no terminal."""
        ran = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Ran(exit_code=ran.returncode, stdout=ran.stdout, stderr=ran.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start a command that goes on until it is stopped."""
        return subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )


@pytest.fixture
def lastseen(tmp_path: Path) -> Command:
    """Run the command: `lastseen("review", "--format", "json", environment=portal.environment)`."""
    folder, home = tmp_path / "folder", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return Command(
        folder=folder,
        environment={
            **kept,
            "HOME": str(home),
            "COLUMNS": "120",
            "NO_COLOR": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        },
    )


@pytest.fixture
def simulated_portal(lastseen: Command) -> Iterator[Callable[..., SimulatedPortal]]:
    """Start a portal: `simulated_portal("--contractors", "20", "--seed", "1")`."""
    with ExitStack() as started:

        def start(*options: str) -> SimulatedPortal:
            process = lastseen.start("simulate", "--port", str(_free_port()), *options)
            started.callback(_stop, process)
            assert process.stdout is not None
            said = dict(process.stdout.readline().rstrip().partition("=")[::2] for _ in range(2))
            return SimulatedPortal(
                url=said["LASTSEEN_PORTAL__URL"],
                api_key=said["LASTSEEN_API_KEY"],
                process=process,
            )

        yield start


@pytest.fixture
def small_portal(simulated_portal: Callable[..., SimulatedPortal]) -> SimulatedPortal:
    """A portal on which a review decides quickly, and finds somebody for each verdict."""
    return simulated_portal("--contractors", "25", "--staff", "5", "--days", "45")


@pytest.fixture
def at_work(lastseen: Command, small_portal: SimulatedPortal) -> Command:
    """The command, set up for the small portal, where half of the people have gone missing."""
    allowed = {"LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": "1"}
    return replace(
        lastseen, environment={**lastseen.environment, **small_portal.environment, **allowed}
    )


@pytest.fixture
def free_port() -> int:
    """A port of loopback that nothing listens on."""
    return _free_port()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
