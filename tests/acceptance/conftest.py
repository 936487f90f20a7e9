"""The command as a person has it: its own process, its own home, nothing patched.

Fixtures: `lastseen` runs the command to its end; `simulated_portal` starts `lastseen simulate`.
Both fork from a process that has imported everything already (`testing.forked`); the commands of
the documents, and those in a terminal, are started by the console script.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from testing.forked import ForkedProcess, ForkingServer

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

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs in its environment to work on this portal."""
        return {"LASTSEEN_PORTAL__URL": self.url, "LASTSEEN_API_KEY": self.api_key}


@dataclass(frozen=True, kw_only=True)
class Command:
    """The `lastseen` command, run in an empty folder with an empty home."""

    folder: Path
    environment: Mapping[str, str]
    forking: ForkingServer | None = None
    """What commands are forked from; None: they are started by the console script."""

    def __call__(
        self,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120,
    ) -> Ran:
        """Run to the end; standard input is no terminal."""
        environment = {**self.environment, **(environment or {})}
        if self.forking is not None:
            return _forked(self, self.forking, [*map(str, arguments)], environment, stdin, timeout)
        ran = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Ran(exit_code=ran.returncode, stdout=ran.stdout, stderr=ran.stderr)

    @property
    def by_script(self) -> "Command":
        """The same, started by the console script: for what a new interpreter makes of things."""
        return replace(self, forking=None)

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


@pytest.fixture(scope="session")
def forking() -> Iterator[ForkingServer]:
    """The process that commands are forked from."""
    server = ForkingServer()
    yield server
    server.close()


@pytest.fixture
def lastseen(tmp_path: Path, forking: ForkingServer) -> Command:
    """Run the command: `lastseen("review", "--format", "json", environment=portal.environment)`."""
    folder, home = tmp_path / "folder", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return Command(
        folder=folder,
        forking=forking,
        environment={
            **kept,
            "HOME": str(home),
            "COLUMNS": "120",
            "NO_COLOR": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        },
    )


@pytest.fixture
def simulated_portal(
    lastseen: Command, forking: ForkingServer
) -> Iterator[Callable[..., SimulatedPortal]]:
    """Start a portal: `simulated_portal("--contractors", "20", "--seed", "1")`."""
    with ExitStack() as started:

        def start(*options: str) -> SimulatedPortal:
            serving, told = _served(forking, lastseen, "--port", str(_free_port()), *options)
            started.callback(_stop, serving)
            return SimulatedPortal(
                url=told["LASTSEEN_PORTAL__URL"], api_key=told["LASTSEEN_API_KEY"]
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


def _forked(
    command: Command,
    forking: ForkingServer,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    stdin: str,
    timeout: float,
) -> Ran:
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        running = forking.start(
            arguments, folder=command.folder, environment=environment, streams=(given, out, err)
        )
        try:
            exit_code = running.wait(timeout)
        finally:
            _stop(running)
        out.seek(0)
        err.seek(0)
        return Ran(exit_code=exit_code, stdout=out.read().decode(), stderr=err.read().decode())


def _served(
    forking: ForkingServer, lastseen: Command, *options: str
) -> tuple[ForkedProcess, dict[str, str]]:
    """Start `lastseen simulate`; return it with the variables that it prints."""
    reading, writing = os.pipe()
    with Path(os.devnull).open("r+b") as nowhere, os.fdopen(writing, "wb") as out:
        serving = forking.start(
            ["simulate", *options],
            folder=lastseen.folder,
            environment=lastseen.environment,
            streams=(nowhere, out, nowhere),
        )
    with os.fdopen(reading, encoding="utf-8") as said:
        return serving, dict(said.readline().rstrip().partition("=")[::2] for _ in range(2))


def _stop(process: ForkedProcess) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
