"""The contract of report formats: a plan in, the bytes of a document out.

Another package may bring a format: an object with `endings` and `render`, registered as an entry
point of the group `lastseen.reports` under the format's name. `docs/plugins.md` shows one.
Nothing here opens a file or writes to a stream.
"""

from collections.abc import Mapping
from typing import Protocol, TextIO, runtime_checkable

import msgspec

from lastseen.model.decision import Verdict
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Plan


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Where a table will be shown, and how much of it; other formats are the same everywhere."""

    width: int = 80
    """Columns of one character each."""
    colour: bool = False
    """Whether escape sequences for colours are understood."""
    encoding: str = "utf-8"
    """Encoding of the table's bytes; characters that it lacks are escaped."""
    everyone: bool = False
    """Whether people who are kept or skipped are listed too, not only counted."""
    in_full: bool = False
    """Whether nothing is cut to fit its column, as in a file."""
    limit: int | None = None
    """The most people that one section lists, the longest idle first; None lists all."""


class PlanContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a report may say beyond the plan itself."""

    screen: Screen = Screen()
    """Where a table will be shown."""
    guardrails: Guardrails | None = None
    """The limits under which the plan would be applied; None if they aren't known."""
    stopped_by: str | None = None
    """Which guardrail would stop the plan, and how to proceed; None if none would."""
    still_allowed: int = 0
    """How many people of a plan that a guardrail would stop may be disabled all the same."""
    max_disable: int | None = None
    """How many people `--max-disable` allows; None if it was not given."""
    soon_days: int | None = None
    """People who will be due within this many days are listed; None lists nobody."""
    account: str | None = None
    """The portal account of the API key; None if it isn't known."""
    applied_by: str | None = None
    """The newest run that carried the plan out, in full or in part; None if none did."""
    left: int = 0
    """How many people of a plan that was carried out in part are left."""
    plan_file: str | None = None
    """The file that this plan was written to as JSON, for the command that applies it."""
    only: Verdict | None = None
    """The one decision whose people are shown; None shows all."""


@runtime_checkable
class PlanFormat(Protocol):
    """A document format for plans."""

    @property
    def endings(self) -> tuple[str, ...]:
        """File name endings that select this format, in lower case with the dot."""

    def render(self, plan: Plan, context: PlanContext) -> bytes:
        """Return the whole document.

        Names, addresses and explanations in `plan` come from outside: escape them. An exception is
        reported to the user as the format's own fault.
        """


def screen_of(stream: TextIO, environ: Mapping[str, str], *, everyone: bool = False) -> Screen:
    """Return what `stream` can show; colour only on a terminal and without `NO_COLOR`.

    Without `everyone` a section lists only its first people. `environ` provides `COLUMNS`, `TERM`,
    `NO_COLOR` and `FORCE_COLOR` as terminals use them.
    """
    from rich.console import Console

    console = Console(file=stream, _environ=environ)
    return Screen(
        width=console.width,
        colour=console.color_system is not None and not console.no_color,
        encoding=console.encoding,
        everyone=everyone,
        in_full=everyone,
        limit=None if everyone else LISTED,
    )


LISTED = 10
"""How many people a section of a table on a screen lists unless everyone is requested."""
