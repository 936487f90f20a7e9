"""`lastseen demo --fleet N`: a fleet of simulated portals, from the first sync to a run.

Every step runs the real command in a process of its own. The portals, the database and the folder
are gone at the end.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lastseen.cli.fleet import fleet_dependencies
from lastseen.cli.output import show_line
from lastseen.model.errors import LastseenError

_CONTRACTORS = "30"
_DAYS = "45"
_WORKERS = 2
_LOST = "http://127.0.0.1:9"


class FleetDemoFailed(LastseenError):
    """A step of the demo did not end as expected."""


def demonstrate_fleet(portals: int) -> None:
    """Show a fleet of N portals, and one that can't be reached. Raises FleetDemoFailed."""
    from lastseen.fleet.throwaway import INSTALL_SERVER, throwaway_postgres

    # Installing Lastseen again drops what was injected, so the extra comes first.
    with fleet_dependencies(afterwards=INSTALL_SERVER):
        import lastseen.fleet.worker  # noqa: F401 - all of it, before the server is asked for

    with (
        TemporaryDirectory(prefix="lastseen-demo-") as folder,
        throwaway_postgres() as ledger_url,
        _simulated(portals) as served,
    ):
        stage = _Stage(folder=Path(folder), environ=_environ(served, ledger_url))
        (stage.folder / "fleet.toml").write_text(_fleet_file(served), encoding="utf-8")
        _say(
            f"{portals} simulated portals listen on loopback, and an empty PostgreSQL.",
            "The fleet file names each portal and where its key is found, never the key:",
        )
        show_line(_excerpt(_fleet_file(served)))
        stage.run("What would the file change? --yes confirms it.", 0, *_SYNC)
        stage.run(
            "Review every portal. Nobody is changed by that.", 0, "fleet", "enqueue", "review"
        )
        stage.work(f"{_WORKERS} workers, as they could run on {_WORKERS} machines.")
        stage.run("What is the state of the fleet? A lost portal is never clean.", 0, *_STATUS)
        stage.run(
            "Carry it out, inside each portal's guardrails.",
            0,
            "fleet",
            "enqueue",
            "run",
            "--yes",
            "--first-run-applies",
        )
        stage.work("The same workers again.")
        stage.run("And now?", 0, *_STATUS)
        stage.run("A portal can be left alone for a while.", 0, "fleet", "pause", "portal-01")
        _say("That was all. Portals, database and keys are gone.")


_SYNC = ("fleet", "sync", "fleet.toml", "--yes")
_STATUS = ("fleet", "status")


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """Where the commands are run."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, introduction: str, expected: int, *arguments: str) -> None:
        """Say what is about to happen, show the command and run it. Raises FleetDemoFailed."""
        _say(introduction)
        show_line(f"$ lastseen {' '.join(arguments)}\n")
        ended = self._start(*arguments).wait()
        if ended != expected:
            raise _failed(arguments, ended)

    def work(self, introduction: str) -> None:
        """Let several workers drain the queue; say how long it took."""
        _say(introduction)
        command = ("worker", "--drain", "--concurrency", "5")
        for _ in range(_WORKERS):
            show_line(f"$ lastseen {' '.join(command)} &")
        began = time.monotonic()
        endings = [worker.wait() for worker in [self._start(*command) for _ in range(_WORKERS)]]
        # People on hold, and a portal that can't be reached, are what a demo has to show.
        if any(code not in (0, 3, 4) for code in endings):
            raise _failed(command, max(endings))
        show_line(f"\n(drained in {time.monotonic() - began:.1f} s)")

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "lastseen", *arguments],
            cwd=self.folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
        )


@contextmanager
def _simulated(portals: int) -> Iterator[Sequence[tuple[str, str]]]:
    """Yield address and key of each portal; one process serves all of them."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "lastseen", "simulate", "--port", "0", "--seed", "1"),
            *("--portals", str(portals), "--contractors", _CONTRACTORS, "--days", _DAYS),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(2 * portals)]
        if not all("=" in line for line in said):
            raise _failed(("simulate",), process.wait())
        values = [line.partition("=")[2] for line in said]
        yield list(zip(values[::2], values[1::2], strict=True))
    finally:
        process.terminate()
        process.communicate()


def _fleet_file(served: Sequence[tuple[str, str]]) -> str:
    entries = [(url, number) for number, (url, _) in enumerate(served, start=1)]
    return "\n".join(
        [
            "[defaults.portal]",
            'schedule = "15 2 * * *"',
            'time_zone = "Europe/Berlin"',
            "jitter_minutes = 60",
            'command = "run"',
            "",
            "[defaults.guardrails]",
            "max_disable_share = 0.5",
            "",
            *(_entry(f"portal-{n:02}", url, f"PORTAL_{n:02}_KEY") for url, n in entries),
            _entry("lost", _LOST, "PORTAL_01_KEY"),
        ]
    )


def _entry(name: str, url: str, variable: str) -> str:
    return f'[[portal]]\nname = "{name}"\nurl = "{url}"\napi_key = "env:{variable}"\n'


def _excerpt(text: str) -> str:
    """Return the beginning of a fleet file: its defaults and the first portals."""
    parts = text.split("[[portal]]")
    shown = "[[portal]]".join(parts[:3]).rstrip().replace("\n", "\n  ")
    return f"  {shown}\n  # … and {len(parts) - 3} more"


def _environ(served: Sequence[tuple[str, str]], ledger_url: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LASTSEEN_")}
    keys = {f"PORTAL_{n:02}_KEY": key for n, (_, key) in enumerate(served, start=1)}
    return {**inherited, **keys, "LASTSEEN_LEDGER__URL": ledger_url}


def _failed(arguments: Sequence[str], code: int) -> FleetDemoFailed:
    return FleetDemoFailed(
        attempted=f"showing `lastseen {' '.join(arguments)}` on simulated portals",
        found=f"it exited with {code}",
        meaning="the demo can't continue; nothing real was touched",
        remedy="read what the command printed above",
    )


def _say(*sentences: str) -> None:
    show_line("")
    for sentence in sentences:
        show_line(f"# {sentence}")
