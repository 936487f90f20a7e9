"""The command in a process of its own, forked from one that has imported it already.

Most of what a short command takes is importing. `python -m testing.forked SOCKET` imports all of
Lastseen once and then forks for every command that it is asked for: with its own arguments, folder,
environment and standard streams, running the function that the console script runs and ending as
any interpreter does. What depends on how an interpreter starts is tested with the real script.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

_LONGEST_REQUEST = 1 << 20
_STARTING_SECONDS = 60.0


class ForkedProcess:
    """A command under way."""

    def __init__(self, connection: socket.socket, arguments: Sequence[str]) -> None:
        """Read from `connection` which process it is, and later how it ended."""
        self._connection = connection
        self._arguments = arguments
        self.pid = int(self._line())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, as `subprocess` does; raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                self.returncode = int(self._line())
            except TimeoutError:
                raise subprocess.TimeoutExpired(list(self._arguments), timeout or 0.0) from None
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the command, unless its end was seen."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            more = self._connection.recv(1)
            if not more:
                raise RuntimeError("the process that forks commands has ended")
            line += more
        return line


class ForkingServer:
    """The process that forks; one for each process that runs tests."""

    def __init__(self) -> None:
        """Start it; it is ready when the first command is wanted."""
        self._folder = TemporaryDirectory(prefix="lastseen-forking-")
        self._address = str(Path(self._folder.name) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testing.forked", self._address],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
        )

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        streams: tuple[IO[bytes], IO[bytes], IO[bytes]],
    ) -> ForkedProcess:
        """Start `lastseen` with these arguments and standard streams."""
        connection = self._connected()
        request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        descriptors = [stream.fileno() for stream in streams]
        socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], descriptors)
        return ForkedProcess(connection, arguments)

    def close(self) -> None:
        """End it; commands under way go on."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _connected(self) -> socket.socket:
        end = time.monotonic() + _STARTING_SECONDS
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(self._address)
            except OSError:
                connection.close()
                if self._process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return connection


def _import_everything() -> None:
    package = importlib.import_module("lastseen")
    for module in pkgutil.walk_packages(package.__path__, "lastseen."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _next_command(address: str) -> None:
    """Serve until in a process that is to be a command; return there, with all set up for it."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            break
        connection.close()
    listener.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, descriptors, _, _ = socket.recv_fds(connection, _LONGEST_REQUEST, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(_LONGEST_REQUEST)
    command = os.fork()
    if command:
        connection.sendall(b"%d\n" % command)
        _, status = os.waitpid(command, 0)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    connection.close()
    _become(json.loads(text), descriptors)


def _become(request: dict[str, object], descriptors: Sequence[int]) -> None:
    """Take over the arguments, folder, environment and streams of the command asked for."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as the interpreter does
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
    )
    os.chdir(str(request["folder"]))
    environment, arguments = request["environment"], request["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = [str(Path(sys.executable).with_name("lastseen")), *arguments]


if __name__ == "__main__":
    from lastseen.cli.main import main

    _import_everything()
    gc.collect()
    gc.freeze()
    _next_command(sys.argv[1])
    sys.exit(main())
