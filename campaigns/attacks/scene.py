"""What an attack plays on: a portal served by this process, and commands in their own processes.

Who was at work is told by the simulator, which knows nothing of Lastseen's evidence.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lastseen.simulator.server.app import serve_in_thread
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.people import Kind, Person, Status
from lastseen.simulator.world.population import Population, populate

WINDOW_SECONDS = 30 * 86_400
LONGEST_SECONDS = 120.0
"""An attack that keeps a command busy for longer has broken it."""
UNTIL = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"
"""A last day for exemptions."""
BUG = 1
INTERRUPTED = -1
"""Stands for an exit code where a command did not end by itself."""


class Broke(Exception):
    """An attack succeeded."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended."""

    arguments: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Everything that was printed."""
        return self.stdout + self.stderr


@dataclass(kw_only=True)
class Scene:
    """One attack's own portal, folder and command."""

    portal: SimulatedPortal
    url: str
    folder: Path
    environment: dict[str, str]
    runs: list[Ran] = field(default_factory=list)
    spared: set[str] = field(default_factory=set)
    """People who must keep their access in this attack, whatever their idle time, by id."""
    allowed: set[str] = field(default_factory=set)
    """People who may lose it although they were seen, as after the end of their contract."""

    def run(
        self,
        *arguments: object,
        environment: Mapping[str, str | None] | None = None,
        stdin: str = "",
        stdout: int | Any = subprocess.PIPE,
        timeout: float = LONGEST_SECONDS,
    ) -> Ran:
        """Run `lastseen` to its end; a variable that is None is taken away."""
        changed = {**self.environment, **(environment or {})}
        words = tuple(map(str, arguments))
        process = subprocess.Popen(
            [sys.executable, "-m", "lastseen", *words],
            cwd=self.folder,
            env={name: value for name, value in changed.items() if value is not None},
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        try:
            out, errors = process.communicate(stdin, timeout=timeout)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, errors = process.communicate()
            code = INTERRUPTED
        ran = Ran(arguments=words, exit_code=code, stdout=out or "", stderr=errors)
        self.runs.append(ran)
        return ran

    def review(self, *options: object, environment: Mapping[str, str] | None = None) -> Any:
        """Return the plan of a review as JSON; it must work."""
        ran = self.run("review", "--format", "json", *options, environment=environment)
        if ran.exit_code != 0:
            raise Broke(f"review ended with {ran.exit_code}: {ran.stderr[-400:]}")
        return json.loads(ran.stdout)

    def decided(self, plan: Any, decision: str) -> list[dict[str, Any]]:
        """Return a plan's entries of one decision that name an account."""
        return [one for one in plan["decisions"] if one["decision"] == decision]

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def person(self, user_id: str) -> Person:
        """Return an account as it is now."""
        return self.portal.world.people[user_id]

    def change(self, user_id: str, **changes: Any) -> None:
        """Change an account on the portal."""
        world = self.portal.world
        world.people[user_id] = changed = replace(self.person(user_id), **changes)
        world.by_email[changed.email.lower()] = user_id
        world.lists.clear()

    def away(self) -> list[Person]:
        """Return active guests who were long away and may be disabled."""
        kinds = {Kind.LONG_AGO, Kind.ATTACKED, Kind.EDGE_OUTSIDE, Kind.UPPER_CASE, Kind.NEVER_CAME}
        return [one for one in self.portal.world.people.values() if one.kind in kinds]

    def at_work(self) -> set[str]:
        """Return the ids of everyone who was seen within the window, or may not be touched."""
        since = self.portal.clock().timestamp() - WINDOW_SECONDS + LONGEST_SECONDS
        return {
            one.id
            for one in self.portal.truths()
            if one.protected
            or max(one.last_sign_in_at or 0, one.last_written_activity_at or 0) >= since
        }

    def asked_to_disable(self) -> set[str]:
        """Return the ids whose status somebody asked the portal to change, and got."""
        people = self.portal.world.people
        asked = {one for put in self.portal.puts for one in put.user_ids}
        return {one for one in asked if one in people and people[one].status is Status.TERMINATED}

    def judge(self) -> None:
        """Raise Broke for what no attack may ever reach."""
        wronged = (self.asked_to_disable() & (self.at_work() | self.spared)) - self.allowed
        expect(not wronged, f"{len(wronged)} people lost access wrongly")
        key = self.portal.api_key
        for ran in self.runs:
            said = " ".join(ran.arguments)
            expect(ran.exit_code != BUG, f"`{said}` ended as a bug: {ran.stderr[-300:]}")
            expect(ran.exit_code != INTERRUPTED, f"`{said}` did not end")
            expect("Traceback" not in ran.output, f"`{said}` shows a traceback")
            expect(key.lower() not in ran.output.lower(), f"`{said}` shows the key")


def expect(holds: object, otherwise: str) -> None:
    """Raise Broke unless `holds`."""
    if not holds:
        raise Broke(otherwise)


@contextmanager
def scene(prepared: Callable[[SimulatedPortal], None] | None = None) -> Iterator[Scene]:
    """Yield a scene with forty contractors, half of whom may be disabled without a guardrail."""
    world = populate(datetime.now(UTC), Population(contractors=40, staff=6, days=60, seed=7))
    portal = SimulatedPortal(world, clock=lambda: datetime.now(UTC), setup=Setup())
    if prepared:
        prepared(portal)
    with TemporaryDirectory(prefix="lastseen-attack-") as name, serve_in_thread(portal) as url:
        folder, home = Path(name) / "folder", Path(name) / "home"
        folder.mkdir()
        home.mkdir()
        yield Scene(
            portal=portal,
            url=url,
            folder=folder,
            environment={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "COLUMNS": "120",
                "NO_COLOR": "1",
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
                "LASTSEEN_PORTAL__URL": url,
                "LASTSEEN_API_KEY": portal.api_key,
                "LASTSEEN_LEDGER__URL": f"sqlite:///{home / 'ledger.sqlite3'}",
                "LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": "1",
            },
        )


@contextmanager
def listening(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Yield a port that gives everybody the same answer, and the list of what it was sent."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(2)
                    try:
                        received.append(connection.recv(65_536))
                        connection.sendall(answer)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], received
        finally:
            done.set()
            thread.join()
