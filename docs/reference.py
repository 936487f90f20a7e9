"""Generates the reference parts of the documents from the code: `python -m docs.reference`.

A page holds `<!-- begin NAME -->` and `<!-- end NAME -->`; the text between them is rewritten.
The texts are the docstrings under the fields of the settings, the texts of the roster options, and
the commands' own help.
"""

import json
import re
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import typer

from lastseen.cli.main import app
from lastseen.config.settings import Settings
from lastseen.rosters.interface import OPTIONS, RosterOptions
from lastseen.schemas import field_docstrings

HERE = Path(__file__).parent

WIDTH = 80
"""Columns of a help text."""


def keys() -> str:
    """Return a table of keys for every table of the configuration."""
    tables = [_table(name, struct) for name, struct in _tables(Settings, "")]
    return "\n\n".join([*tables, *_single_keys()])


def commands() -> str:
    """Return the help text of every command."""
    root = typer.main.get_command(app)
    return "\n\n".join(
        f"{'#' * (2 if name.count(' ') < 2 else 3)} {name}\n\n```text\n{text}\n```"
        for name, text in _helps(root, "lastseen")
    )


PARTS: dict[str, Callable[[], str]] = {"keys": keys, "commands": commands}
"""The generated parts, by name."""


def regenerated(text: str) -> str:
    """Return a page with its generated parts up to date."""

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- begin {name} -->\n\n{PARTS[name]()}\n\n<!-- end {name} -->"

    pattern = r"<!-- begin (?P<name>[\w-]+) -->.*?<!-- end (?P=name) -->"
    return re.sub(pattern, replaced, text, flags=re.DOTALL)


def main() -> None:
    """Rewrite every page."""
    for page in sorted(HERE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        page.write_text(regenerated(text), encoding="utf-8")


def docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the docstring under each field of a struct on one line, by the field's name."""
    return {name: " ".join(text.split()) for name, text in field_docstrings(struct).items()}


def _tables(struct: type[msgspec.Struct], path: str) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Yield every table below `struct`: what it is called in the file, and its model."""
    for field in msgspec.structs.fields(struct):
        below, is_list = _struct_in(field.type)
        if below is not None:
            name = f"{path}{field.encode_name}"
            yield (f"[[{name}]]" if is_list else f"[{name}]"), below
            yield from _tables(below, f"{name}.")


def _struct_in(of: typing.Any) -> tuple[type[msgspec.Struct] | None, bool]:
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return of, False
    is_list = typing.get_origin(of) in (tuple, list)
    for argument in typing.get_args(of):
        struct, _ = _struct_in(argument)
        if struct is not None:
            return struct, is_list
    return None, False


def _single_keys() -> Iterator[str]:
    """Yield a table for each setting that the model keeps outside a table: `ledger_url`."""
    meanings = docstrings(Settings)
    for field in msgspec.structs.fields(Settings):
        if _struct_in(field.type)[0] is None:
            table, _, key = field.name.partition("_")
            yield "\n".join([*_head(f"[{table}]"), _row(key, field, meanings[field.name])])


def _table(name: str, struct: type[msgspec.Struct]) -> str:
    meanings = docstrings(struct) | roster_options(struct)
    fields = [f for f in msgspec.structs.fields(struct) if _struct_in(f.type)[0] is None]
    return "\n".join([*_head(name), *(_row(f.encode_name, f, meanings[f.name]) for f in fields)])


def roster_options(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the meaning of each option that belongs to single sources of rosters."""
    if struct is not RosterOptions:
        return {}
    return {
        name: ": ".join(filter(None, (", ".join(option.sources), option.text)))
        for name, option in OPTIONS.items()
    }


def _head(name: str) -> list[str]:
    return [f"## {name}", "", "| key | values | default | meaning |", "|---|---|---|---|"]


def _row(key: str, field: msgspec.structs.FieldInfo, meaning: str) -> str:
    cells = (f"`{key}`", _values(field.type), _default(field), meaning.replace("|", "\\|"))
    return f"| {' | '.join(cells)} |"


def _values(of: typing.Any) -> str:
    origin, arguments = typing.get_origin(of), typing.get_args(of)
    if origin is typing.Annotated:
        return _values(arguments[0])
    if origin is typing.Literal:
        # Sorted: Python takes two literals for one whose values only differ in order.
        return ", ".join(sorted(f"`{json.dumps(value)}`" for value in arguments))
    if origin in (types.UnionType, typing.Union):
        return _values(next(one for one in arguments if one is not type(None)))
    if origin is tuple:
        return f"list of {_values(arguments[0])}"
    if origin is not None:
        return "table"
    return {
        "int": "whole number",
        "float": "number",
        "bool": "`true`, `false`",
        "Path": "file",
    }.get(of.__name__, "text")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "not set" if value is None else f"`{msgspec.json.encode(value).decode()}`"


def _helps(command: typing.Any, name: str, above: typing.Any = None) -> Iterator[tuple[str, str]]:
    """Yield each command's full name and help; typer brings a click of its own, hence no types."""
    at = command.context_class(
        command,
        parent=above,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **command.context_settings,
    )
    yield at.command_path, command.get_help(at).rstrip()
    for one in command.list_commands(at) if hasattr(command, "list_commands") else ():
        below = command.get_command(at, one)
        if not below.hidden:
            yield from _helps(below, one, at)


if __name__ == "__main__":
    main()
