"""The options of `lastseen` itself, also after a command's name: `lastseen review -v`.

Reads nothing itself: each command gets a hidden copy of the parent's options, and their values are
merged with those given before the command.
"""

import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from typer.core import TyperCommand, TyperGroup, TyperOption

from lastseen.cli.invocation import Invocation, invocation
from lastseen.cli.options import LogForm
from lastseen.config.logging import configure_logs

if TYPE_CHECKING:
    from typer import Context

_NAMES = ("config", "verbose", "quiet", "log_format")


def accept_after_commands(root: TyperGroup) -> None:
    """Let every command below `root` take the options of `root` after its name too."""
    options = [
        option
        for option in root.params
        if isinstance(option, TyperOption) and option.name in _NAMES
    ]
    for command in _commands(root):
        for option in options:
            hidden = copy.copy(option)
            hidden.expose_value = False
            hidden.hidden = True
            hidden.callback = _take  # type: ignore[assignment]  # typer's own Context
            command.params.append(hidden)


def _commands(group: TyperGroup) -> list[TyperCommand]:
    """Return the commands below `group` that have none below them."""
    found: list[TyperCommand] = []
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            found += _commands(command)
        elif isinstance(command, TyperCommand):
            found.append(command)
    return found


def _take(context: "Context", option: TyperOption, value: object) -> object:
    source = context.get_parameter_source(option.name)
    if source is not None and source.name == "COMMANDLINE":
        called = _with(invocation(context), option.name, value)
        configure_logs(called.log_format, called.log_level)
        context.find_root().obj.append(called)
    return value


def _with(called: Invocation, name: str, value: object) -> Invocation:
    match name:
        case "config":
            return replace(called, config=Path(str(value)))
        case "verbose":
            return replace(called, verbosity=called.verbosity + int(str(value)))
        case "quiet":
            return replace(called, quiet=bool(value))
    return replace(called, log_format=LogForm(str(value)).value)
