"""How `--only` and `--except` take several people after one flag.

The command line's library reads one value a flag; people write `--only ann@x.org bob@x.org`.
Nothing is decided here but which word belongs to which flag.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from typer.core import TyperCommand

_FLAGS = ("--only", "--except")
_TAKING_A_VALUE = (*_FLAGS, "-o", "--output", "--format")
_GUID = re.compile(r"\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?", re.IGNORECASE)


class SelectingCommand(TyperCommand):
    """A command whose `--only` and `--except` take every person that follows them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the flag before each further person, then read the line as usual."""
        return super().parse_args(ctx, spread(args))


def spread(arguments: Sequence[str]) -> list[str]:
    """Return the command line with the flag repeated before each person after it.

    The word right after a flag is always its own. A later one is taken as a person where it looks
    like one (an id or an e-mail address) or where the plan has been named before.
    """
    line: list[str] = []
    flag: str | None = None
    plan_named = False
    for position, word in enumerate(arguments):
        if word == "--":
            return [*line, *arguments[position:]]
        if word.startswith("-") and len(word) > 1:
            name = word.partition("=")[0]
            flag = name if name in _FLAGS else None
        elif position and arguments[position - 1] in _TAKING_A_VALUE:
            pass
        elif flag is not None and (plan_named or _looks_like_a_person(word)):
            line.append(flag)
        else:
            plan_named, flag = True, None
        line.append(word)
    return line


def people(words: Iterable[str] | None) -> tuple[str, ...]:
    """Return everyone named, in the order given; one word may name several, parted by commas."""
    names = (name.strip() for word in words or () for name in word.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _looks_like_a_person(word: str) -> bool:
    return all("@" in name or _GUID.fullmatch(name) for name in word.split(","))
