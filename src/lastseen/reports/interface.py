"""What every report is: a plan in, the bytes of a document out.

A format of somebody else's is an object of this shape, named by an entry point of the group
`lastseen.reports`. Nothing here opens a file or writes to a stream.
"""

from collections.abc import Mapping
from typing import Protocol, TextIO, runtime_checkable

import msgspec

from lastseen.model.plan import Plan


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Where a table will be shown, and how much of it; other formats are the same everywhere."""

    width: int = 80
    """Columns of a character each."""
    colour: bool = False
    """Whether escape sequences for colours are understood."""
    encoding: str = "utf-8"
    """What the bytes of a table are encoded in; what it can't express is escaped."""
    verbose: bool = False
    """Whether to show those kept and skipped one by one, not only their number."""


@runtime_checkable
class PlanFormat(Protocol):
    """A form that a plan can be given."""

    @property
    def endings(self) -> tuple[str, ...]:
        """File name endings that ask for this format, lower case with the dot."""

    def render(self, plan: Plan, screen: Screen) -> bytes:
        """Return the whole document. `screen` matters only to what is shown on one."""


def screen_of(stream: TextIO, environ: Mapping[str, str], *, verbose: bool = False) -> Screen:
    """Return what `stream` can show; colour only on a terminal and without `NO_COLOR`.

    `environ` gives `COLUMNS`, `TERM`, `NO_COLOR` and `FORCE_COLOR` as terminals use them.
    """
    from rich.console import Console

    console = Console(file=stream, _environ=environ)
    return Screen(
        width=console.width,
        colour=console.color_system is not None and not console.no_color,
        encoding=console.encoding,
        verbose=verbose,
    )
