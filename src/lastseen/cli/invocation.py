"""What stands before the command's name on a command line.

One frozen object, made once by `main` and handed to every command, and the way in which commands
run what takes time. No command's own options.
"""

import logging
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
    log_format: LogFormat = "text"
    """How log lines and errors look on standard error."""

    @property
    def log_level(self) -> int:
        """From which level on Lastseen's own log lines are shown.

        A person who did not ask for more gets the document, or the error, and nothing else; JSON
        lines go to a collector, which wants the course of a run without being asked.
        """
        if self.verbosity > 1:
            return logging.DEBUG
        if self.verbosity == 1 or self.log_format == "json":
            return logging.INFO
        return logging.ERROR

    def settings(self) -> "Settings":
        """Read the configuration file and the environment; raises UsageError."""
        from lastseen.config.load import load_settings

        return load_settings(self.config, os.environ)

    def ledger_url(self) -> str | None:
        """Read where the fleet's ledger is; raises UsageError."""
        from lastseen.config.load import load_ledger_url

        return load_ledger_url(self.config, os.environ)


def invocation(context: "Context") -> Invocation:
    """Return the invocation that `main` made for this command."""
    began: list[Invocation] = context.find_root().obj
    return began[-1]


def run_async(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run `work` in an event loop of its own and return what it returns."""
    import asyncio  # `lastseen --help` goes without

    results: list[_Result] = []

    async def kept() -> None:
        """Keep what `work` returns, but not as the task's result.

        That asyncio would spell out when it ends, though it be a plan of thousands of decisions.
        """
        results.append(await work)

    asyncio.run(kept())
    return results[0]
