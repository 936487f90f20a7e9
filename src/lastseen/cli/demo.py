"""`lastseen demo`: serves a simulated portal and runs on it the commands that a person would type.

Every step runs the real command in a process of its own, with an empty home. In any case the portal
is stopped and the home removed; only the report stays.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.output import NobodyReads, show_line
from lastseen.model.errors import LastseenError, UsageError

if TYPE_CHECKING:
    from lastseen.api import Decision, Plan

_CONTRACTORS = "150"
_STAFF = "40"
_SEED = "7"
_EXPLAINED_LINES = 6
_TABLE_LINES = 16
"""So many lines of the table are shown, up to its second person on a screen of 80 columns."""
_SECONDS_TO_STOP = 5.0


class DemoFailed(LastseenError):
    """A step of the demo failed."""


def demo(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Where report.html goes; default: here."
        ),
    ] = Path(),
    fleet: Annotated[
        int | None,
        typer.Option(
            "--fleet", metavar="N", min=1, max=200, help="Show a fleet of N portals instead."
        ),
    ] = None,
) -> None:
    """Show the whole job on a simulated portal.

    From doctor through review, explain and apply to undo, in about a minute. Touches nothing real
    and leaves only report.html.
    """
    if fleet is not None:
        from lastseen.cli.fleet_demo import demonstrate_fleet

        with suppress(NobodyReads):
            demonstrate_fleet(fleet)
        return
    folder = output.resolve()
    if not folder.is_dir():
        raise UsageError(
            attempted="preparing the demo",
            found=f"{output} is not a folder",
            meaning="report.html has to go somewhere; nothing was started",
            remedy="give -o a folder that exists",
        )
    with suppress(NobodyReads):
        _demonstrate(report=folder / "report.html")


def _demonstrate(*, report: Path) -> None:
    """Show the whole job, and leave the report at `report`. Raises DemoFailed."""
    with (
        TemporaryDirectory(prefix="lastseen-demo-") as home,
        _simulated_portal() as served,
    ):
        stage = _Stage(home=Path(home), served=served)
        _say(
            f"Lastseen on a simulated portal with {_CONTRACTORS} contractors. Nothing real is "
            "touched.",
            "All commands below are real. This is set in the environment:",
        )
        stage.show_environment()
        stage.run("First: does the portal show enough to decide anything?", "doctor", lines=8)
        stage.run(
            "Who no longer uses the portal? A review decides about everyone and changes nobody.",
            *("review", "-o", "plan.json", "-o", str(report), "-o", "-"),
            lines=_TABLE_LINES,
            and_from="Summary",
        )
        plan = stage.plan()
        for sentence, decision in _examples(plan):
            who = decision.email or str(decision.user_id)
            stage.run(sentence, "explain", who, "--run", plan.plan_id, lines=_EXPLAINED_LINES)
        stage.run(
            "Carry the plan out. Each person is rechecked first; it asks unless given --yes.",
            "apply",
            "plan.json",
            "--yes",
            "-o",
            "receipt.json",
        )
        stage.run(
            "A mistake? One command takes the run back.",
            "undo",
            stage.run_id(),
            "--yes",
            "-o",
            "undone.json",
        )
        stage.run(
            "Everything is on record, and the record is intact.", "history", "--limit", "2", lines=6
        )
        stage.run(None, "history", "--verify", lines=1)
        _say(f"That was all. The portal has stopped; the report is {report}.")


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """Where the commands are run."""

    home: Path
    served: Mapping[str, str]

    def show_environment(self) -> None:
        """Print the exports that a person would type first, without the key's value."""
        for name, value in self._own_environment().items():
            shown = "..." if name == "LASTSEEN_API_KEY" else value
            show_line(f"  export {name}={shown}")

    def run(
        self,
        said: str | None,
        *arguments: str,
        lines: int | None = None,
        and_from: str | None = None,
    ) -> None:
        """Introduce the command, show it, run it, and print the first `lines` of its output.

        The end of the output is printed too, from the line with `and_from` on. Raises DemoFailed.
        """
        if said is not None:
            _say(said)
        show_line(f"$ lastseen {' '.join(arguments)}")
        with _started(
            *arguments, cwd=self.home, env=self._environment(), captured=lines is not None
        ) as process:
            captured, _ = process.communicate()
        if lines is not None:
            for line in _shortened(captured, lines, and_from):
                show_line(line)
        if process.returncode != 0:
            raise DemoFailed(
                attempted=f"showing `lastseen {arguments[0]}` on a simulated portal",
                found=f"it exited with {process.returncode}",
                meaning="the demo can't continue; nothing real was touched",
                remedy="read what the command printed above",
            )

    def plan(self) -> "Plan":
        """Return the plan that the review wrote."""
        from lastseen.api import decode_plan

        return decode_plan((self.home / "plan.json").read_bytes(), source="plan.json")

    def run_id(self) -> str:
        """Return the id of the run that carried the plan out."""
        import msgspec

        from lastseen.api import Receipt

        receipt = (self.home / "receipt.json").read_bytes()
        return msgspec.json.decode(receipt, type=Receipt).run_id

    def _own_environment(self) -> dict[str, str]:
        return {
            **self.served,
            "LASTSEEN_LEDGER__URL": f"sqlite:///{self.home / 'ledger.sqlite3'}",
        }

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LASTSEEN_")}
        columns = str(shutil.get_terminal_size().columns)
        colour = {"FORCE_COLOR": "1"} if sys.stdout.isatty() else {}
        return {**colour, "COLUMNS": columns, **inherited, **self._own_environment()}


@contextmanager
def _simulated_portal() -> Iterator[Mapping[str, str]]:
    """Serve a portal in its own process; yield the variables that it prints."""
    size = ("--contractors", _CONTRACTORS, "--staff", _STAFF, "--seed", _SEED)
    with _started("simulate", "--port", "0", *size, captured=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(2)]
        if not all("=" in line for line in said):
            raise DemoFailed(
                attempted="serving a simulated portal on loopback",
                found="it did not start",
                meaning="there is no portal to show anything on",
                remedy="run `lastseen simulate --port 8093` by itself and read its message",
            )
        yield dict(line.partition("=")[::2] for line in said)


@contextmanager
def _started(
    *arguments: str,
    captured: bool,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[str]"]:
    """Yield a process that runs `lastseen` with these arguments; it never outlives the block."""
    interrupts: list[int] = []
    # An interrupt inside Popen would lose the process just started, and it would run on.
    before = signal.signal(signal.SIGINT, lambda number, _frame: interrupts.append(number))
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "lastseen", *arguments],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if captured else None,
            encoding="utf-8",
        )
    except OSError:
        signal.signal(signal.SIGINT, before)
        raise
    try:
        signal.signal(signal.SIGINT, before)
        if interrupts:
            raise KeyboardInterrupt
        yield process
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _examples(plan: "Plan") -> Iterator[tuple[str, "Decision"]]:
    """Yield one person kept and one on hold, each with an introduction.

    The person kept is preferably one whose sign-ins alone would not show them.
    """
    from lastseen.api import SeenBy, Verdict

    introductions = (
        (Verdict.KEEP, SeenBy.ACTIVITY, "Why is somebody kept?"),
        (Verdict.HOLD, SeenBy.SIGN_IN, "Why is somebody on hold? Only proven absence disables."),
    )
    for verdict, seen_by, sentence in introductions:
        able = [one for one in plan.decisions if one.decision is verdict and one.user_id]
        for decision in sorted(able, key=lambda one: one.last_seen_by is not seen_by)[:1]:
            yield sentence, decision


def _shortened(text: str, lines: int, and_from: str | None) -> Iterator[str]:
    """Yield the first `lines` of `text`, and its end from the line with `and_from` on."""
    whole = text.splitlines()
    yield from whole[:lines]
    left = whole[lines:]
    end = next((place for place, line in enumerate(left) if and_from and and_from in line), None)
    if end is None:
        end = len(left)
    if end:
        yield from ("  ...",) if and_from is None else ("  ...", "")
    yield from left[end:]


def _say(*sentences: str) -> None:
    show_line("")
    for sentence in sentences:
        show_line(f"# {sentence}")
