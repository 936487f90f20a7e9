"""The options of `lastseen` itself: one frozen object that every command gets.

Also the way in which commands run asynchronous work. No command's own options.
"""

import logging
import os
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lastseen.config.logging import LogFormat
from lastseen.model.progress import run_at_work

if TYPE_CHECKING:
    from typer import Context

    from lastseen.config.settings import Settings

_Result = TypeVar("_Result")

_OUTPUTS = ("output", "roster_out", "metrics_file")
"""The parameters that name files to be written."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """The options of `lastseen` itself."""

    config: Path | None = None
    """The configuration file named by `-c`; None looks for `lastseen.toml` in the folder."""
    verbosity: int = 0
    """How often `-v` was given."""
    quiet: bool = False
    """Whether only errors are shown on standard error (`-q`)."""
    log_format: LogFormat = "text"
    """Format of log lines and errors on standard error."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """The command's own options and arguments, by name."""

    @property
    def log_level(self) -> int:
        """The level from which Lastseen's own log lines are shown.

        Without `-v` people get only the document or the error. JSON lines go to a collector, which
        should always see the course of a run.
        """
        if self.quiet:
            return logging.CRITICAL
        if self.verbosity > 1:
            return logging.DEBUG
        if self.verbosity == 1 or self.log_format == "json":
            return logging.INFO
        return logging.ERROR

    def settings(self) -> "Settings":
        """Read the configuration file and the environment.

        A file that was found rather than named is reported on standard error: it may not be the one
        intended. Raises UsageError, also if a file that the command is to write is one of its
        inputs, the ledger, the configuration or the key.
        """
        from lastseen.cli.protected import refuse_inputs_as_outputs
        from lastseen.config.load import load_settings

        settings = load_settings(self.config, os.environ)
        self._report_found_file()
        plan = self.parameters.get("plan") or self.parameters.get("what")
        refuse_inputs_as_outputs(
            self._outputs(),
            settings,
            inputs=[
                ("the configuration", self.config),
                ("the plan", plan if isinstance(plan, str | Path) else None),
            ],
        )
        return settings

    def _report_found_file(self) -> None:
        from lastseen.cli.errors import print_line
        from lastseen.config.load import found_file

        found = found_file() if self.config is None else None
        if found is not None and not self.quiet:
            file = str(found.absolute())
            print_line(f"Using {file}", event="configuration", file=file)

    def _outputs(self) -> list[Path]:
        """Return the files that the command is to write."""
        given = [self.parameters.get(name) for name in _OUTPUTS]
        flat = [
            one
            for several in given
            for one in (several if isinstance(several, list | tuple) else [several])
        ]
        return [Path(one) for one in flat if isinstance(one, str | Path)]

    def ledger_url(self) -> str | None:
        """Read where the fleet's ledger is; raises UsageError."""
        from lastseen.config.load import load_ledger_url

        url = load_ledger_url(self.config, os.environ)
        self._report_found_file()
        return url


def invocation(context: "Context") -> Invocation:
    """Return the options of `lastseen` itself that hold for this command."""
    given: list[Invocation] = context.find_root().obj
    return replace(given[-1], parameters=dict(context.params))


def run_async(work: Coroutine[object, object, _Result], *, loads_the_rest: bool = False) -> _Result:
    """Run `work` in an event loop of its own and return its result.

    `loads_the_rest`: whether it calls `load_the_rest` itself. If it fails, `run_at_work` keeps the
    run that it was at, for the error's line.
    """
    import asyncio  # `lastseen --help` goes without

    if not loads_the_rest:
        _load_the_rest()
    results: list[_Result] = []
    began: list[str | None] = []

    async def kept() -> None:
        """Keep the result out of the task: asyncio would format it, thousands of decisions."""
        try:
            results.append(await work)
        finally:
            began.append(run_at_work.get())

    try:
        asyncio.run(kept())
    except BaseException:
        run_at_work.set(next(iter(began), None))
        raise
    return results[0]


async def load_the_rest() -> None:
    """Load what the commands work with; the event loop goes on meanwhile."""
    import asyncio

    await asyncio.to_thread(_load_the_rest)


def _load_the_rest() -> None:
    import gc

    import lastseen.api  # noqa: F401 - before garbage is looked for: what it loads is none

    gc.freeze()
    gc.enable()
