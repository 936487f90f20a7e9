"""The question before anyone's access changes, asked on standard error.

Only asks; what the answer leads to is the command's business.
"""

import sys
from collections.abc import Sequence

from lastseen.cli.errors import print_line
from lastseen.model.errors import UsageError

_NAMED = 5
"""How many people a question names before it only counts them."""


def agreed(deed: str, people: Sequence[str], *, yes: bool, attempted: str) -> bool:
    """Return whether `deed`, as in "Disable 3 people on https://…", may be done to `people`.

    Raises as `agreed_to` does.
    """
    return agreed_to(f"{deed}: {named(people)}.", yes=yes, attempted=attempted)


def agreed_to(
    sentence: str, *, yes: bool, attempted: str, otherwise: str = "Nothing was changed."
) -> bool:
    """Return whether what `sentence` says may be done. With `yes` nothing is asked.

    `attempted` goes into the message; `otherwise` is said where it may not be done. Raises
    UsageError where nobody can be asked because standard input is no terminal.
    """
    if yes:
        return True
    if not can_be_asked():
        raise nobody_to_ask(attempted)
    print_line(sentence)
    sys.stderr.write("Go ahead? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() in ("y", "yes"):
        return True
    print_line(otherwise)
    return False


def can_be_asked() -> bool:
    """Return whether somebody sits at a terminal."""
    return bool(sys.stdin) and sys.stdin.isatty()


def nobody_to_ask(attempted: str) -> UsageError:
    """Return the error of a command that changes nothing since nobody could agree to it."""
    return UsageError(
        attempted=attempted,
        found="no terminal to ask on, and no --yes",
        meaning="nothing was changed",
        remedy="give --yes if this is meant, or run it in a terminal",
    )


def answered(question: str, default: str | None = None) -> str:
    """Return what a person types, or `default` for nothing; asks again where there is none.

    Raises UsageError when standard input ends.
    """
    while True:
        sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise UsageError(
                attempted="asking for an answer",
                found="standard input ended",
                meaning="nothing was written",
                remedy="answer the question, or give the answer as an option",
            )
        if line.strip() or default is not None:
            return line.strip() or str(default)


def counted(number: int, one: str, several: str) -> str:
    """Return `1 person` or `3 people`."""
    return f"{number} {one if number == 1 else several}"


def named(people: Sequence[str]) -> str:
    """Return the first few names, and how many there are beside them."""
    first = ", ".join(people[:_NAMED])
    rest = len(people) - _NAMED
    return first if rest <= 0 else f"{first} and {counted(rest, 'other', 'others')}"
