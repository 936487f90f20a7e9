"""`lastseen demo`: serves a simulated portal and runs on it the commands that a person would type.

Every step runs the real command in a process of its own, with an empty home. Whatever happens the
portal is stopped and the home removed; only the report stays.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.output import write_out
from lastseen.model.errors import LastseenError, UsageError

if TYPE_CHECKING:
    from lastseen.api import Decision, Plan

_CONTRACTORS = "150"
_STAFF = "40"
_SEED = "7"
_MAX_SHARE = "0.5"
_SECONDS_TO_STOP = 5.0


class DemoFailed(LastseenError):
    """A step of the demo did not come out as it must."""


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
            "--fleet", metavar="N", min=1, max=200, help="Show a fleet of so many portals instead."
        ),
    ] = None,
) -> None:
    """Show the whole job on a simulated portal.

    From doctor through review, apply and explain to undo. Nothing real is touched. Takes less than
    a minute and leaves report.html, nothing else.
    """
    if fleet is not None:
        from lastseen.cli.fleet_demo import demonstrate_fleet

        demonstrate_fleet(fleet)
        return
    folder = output.resolve()
    if not folder.is_dir():
        raise UsageError(
            attempted="preparing the demo",
            found=f"{output} is no folder",
            meaning="report.html has to go somewhere; nothing was begun",
            remedy="name a folder that exists with -o",
        )
    _demonstrate(report=folder / "report.html")


def _demonstrate(*, report: Path) -> None:
    """Show the whole job, and leave the report at `report`. Raises DemoFailed."""
    with (
        TemporaryDirectory(prefix="lastseen-demo-") as home,
        _simulated_portal() as served,
    ):
        stage = _Stage(home=Path(home), served=served)
        _say(
            f"A simulated portal with {_CONTRACTORS} contractors listens on "
            f"{served['LASTSEEN_PORTAL__URL']}.",
            "What the commands below need to know; for a portal of your own the first two do.",
            "The usual guardrails stop whatever would disable more than a quarter of the roster:",
            "so many have gone missing here that this show allows half.",
        )
        stage.show_environment()
        stage.run("Is everything there that a decision needs?", "doctor")
        stage.run("Who has stopped coming? Nobody is changed by asking.", "review")
        stage.run("The same for people who do not use terminals.", "review", "-o", str(report))
        stage.run(
            "The same once more, as a plan that can be carried out.", "review", "-o", "plan.json"
        )
        plan = stage.plan()
        stage.run(
            "Carry it out. Each person is looked at again first.",
            "apply",
            "plan.json",
            "--yes",
            "-o",
            "receipt.json",
        )
        for told, decision in _examples(plan):
            who = decision.email or str(decision.user_id)
            stage.run(told, "explain", who, "--run", plan.plan_id)
        stage.run("Take all of it back.", "undo", stage.run_id(), "--yes")
        stage.run(
            "Everything is on record, and nobody has touched the record.", "history", "--verify"
        )
        _say(f"That was all. The portal is gone; the report is {report}.")


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """Where the commands are run."""

    home: Path
    served: Mapping[str, str]

    def show_environment(self) -> None:
        """Print what a person would type before the commands; the key only by its name."""
        for name, value in self._own_environment().items():
            shown = "..." if name == "LASTSEEN_API_KEY" else value
            _print(f"  export {name}={shown}")

    def run(self, told: str, *arguments: str) -> None:
        """Say what is about to happen, show the command, and run it. Raises DemoFailed."""
        _say(told)
        _print(f"$ lastseen {' '.join(arguments)}\n")
        ended = subprocess.run(
            [sys.executable, "-m", "lastseen", *arguments],
            cwd=self.home,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if ended.returncode != 0:
            raise DemoFailed(
                attempted=f"showing `lastseen {arguments[0]}` on a simulated portal",
                found=f"it ended with {ended.returncode}",
                meaning="the demo can't go on; nothing real was touched",
                remedy="what the command printed above says what it ran into",
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
            "LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": _MAX_SHARE,
        }

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LASTSEEN_")}
        return {**inherited, **self._own_environment()}


@contextmanager
def _simulated_portal() -> Iterator[Mapping[str, str]]:
    """Yield the variables that a portal of its own process prints; it ends with the block."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "lastseen",
            "simulate",
            "--port",
            "0",
            "--contractors",
            _CONTRACTORS,
            "--staff",
            _STAFF,
            "--seed",
            _SEED,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(2)]
        if not all("=" in line for line in said):
            raise DemoFailed(
                attempted="serving a simulated portal on loopback",
                found="it did not start",
                meaning="there is nothing to show the job on",
                remedy="try `lastseen simulate --port 8093` by itself and see what it says",
            )
        yield dict(line.partition("=")[::2] for line in said)
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
    """Yield one person of each verdict that the plan has, with what to say of them.

    The one kept was rather seen at work than signing in, which sign-ins alone would miss.
    """
    from lastseen.api import SeenBy, Verdict

    told = (
        (Verdict.KEEP, SeenBy.ACTIVITY, "Why is somebody kept?"),
        (Verdict.DISABLE, SeenBy.SIGN_IN, "Why is somebody disabled?"),
        (Verdict.HOLD, SeenBy.SIGN_IN, "Why is somebody on hold? Only proven absence disables."),
    )
    for verdict, seen_by, sentence in told:
        able = [one for one in plan.decisions if one.decision is verdict and one.user_id]
        for decision in sorted(able, key=lambda one: one.last_seen_by is not seen_by)[:1]:
            yield sentence, decision


def _say(*sentences: str) -> None:
    _print("")
    for sentence in sentences:
        _print(f"# {sentence}")


def _print(line: str) -> None:
    write_out(f"{line}\n".encode())
