"""The options of `lastseen` itself: one frozen object that every command gets.

Also the way in which commands run asynchronous work. No command's own options.
"""

import logging
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lastseen.config.logging import LogFormat

if TYPE_CHECKING:
    from typer import Context

    from lastseen.config.settings import Settings

_Result = TypeVar("_Result")


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

    @property
    def log_level(self) -> int:
        """From which level on Lastseen's own log lines are shown.

        Nobody who didn't ask for more gets anything but the document or the error; JSON lines go
        to a collector, which wants the course of a run without being asked.
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

        Raises UsageError; also where a file that the command is to write is one of its inputs,
        the ledger, the configuration or the key.
        """
        from click import get_current_context

        from lastseen.cli.protected import refuse_inputs_as_outputs
        from lastseen.config.load import load_settings

        settings = load_settings(self.config, os.environ)
        context = get_current_context(silent=True)
        given = context.params if context is not None else {}
        outputs = given.get("output") or ()
        refuse_inputs_as_outputs(
            [*([outputs] if isinstance(outputs, Path) else outputs)],
            settings,
            inputs=[("the configuration", self.config), ("the plan", given.get("plan"))],
        )
        return settings

    def ledger_url(self) -> str | None:
        """Read where the fleet's ledger is; raises UsageError."""
        from lastseen.config.load import load_ledger_url

        return load_ledger_url(self.config, os.environ)


def invocation(context: "Context") -> Invocation:
    """Return the options of `lastseen` itself that hold for this command."""
    given: list[Invocation] = context.find_root().obj
    return given[-1]


def run_async(work: Coroutine[object, object, _Result]) -> _Result:
    """Run `work` in an event loop of its own and return its result."""
    import asyncio  # `lastseen --help` goes without

    results: list[_Result] = []

    async def kept() -> None:
        """Keep the result out of the task: asyncio would format it, thousands of decisions."""
        results.append(await work)

    asyncio.run(kept())
    return results[0]
