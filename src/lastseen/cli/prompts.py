"""Questions, asked on standard error with typer's own prompts.

Only asks; what the answer leads to is the command's business.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout

import typer

from lastseen.cli.errors import print_line
from lastseen.cli.wrapping import filled
from lastseen.config.logging import scrubbed
from lastseen.model.counting import counted
from lastseen.model.errors import UsageError
from lastseen.model.long_values import shortened

NAMED = 5
"""How many people a question names before it only counts them."""


def agreed(announcement: str, people: Sequence[str], *, yes: bool, attempted: str) -> bool:
    """Return whether the user agrees to `announcement`, such as "Disable 3 people on https://…".

    Raises as `agreed_to` does.
    """
    return agreed_to(f"{announcement}: {named(people)}.", yes=yes, attempted=attempted)


def agreed_to(
    sentence: str, *, yes: bool, attempted: str, otherwise: str = "Nothing was changed."
) -> bool:
    """Return whether the user agrees to what `sentence` announces. With `yes` nothing is asked.

    `attempted` is for the error message; `otherwise` is printed after a no. Raises UsageError where
    standard input is no terminal, typer.Abort where the user interrupts the question.
    """
    if yes:
        return True
    if not can_be_asked():
        raise nobody_to_ask(attempted)
    print_line(wrapped(sentence))
    agreed = confirmed("Go ahead?")
    if not agreed:
        print_line(otherwise)
    return agreed


def confirmed(question: str) -> bool:
    """Return whether the user says yes; raises typer.Abort where the user interrupts."""
    with _on_standard_error():
        return typer.confirm(question, err=True)


def can_be_asked() -> bool:
    """Return whether standard input is a terminal."""
    return bool(sys.stdin) and sys.stdin.isatty()


def nobody_to_ask(attempted: str) -> UsageError:
    """Return the error of a command that changes nothing because nobody could agree to it."""
    return UsageError(
        attempted=attempted,
        found="no terminal to ask on, and no --yes",
        meaning="nothing was changed",
        remedy="give --yes if this is meant, or run it in a terminal",
    )


def answered(question: str, default: str | None = None, *, hidden: bool = False) -> str:
    """Return the answer, or `default` for an empty one; asks again where there is no default.

    `hidden` doesn't show what is typed. Raises typer.Abort where the user interrupts.
    """
    with _on_standard_error():
        answer: str = typer.prompt(
            wrapped(question, room=len(default or "") + 5),
            default=default,
            hide_input=hidden,
            show_default=bool(default),
            err=True,
        )
    return answer.strip()


def wrapped(text: str, *, room: int = 0) -> str:
    """Return `text` in lines that fit the terminal and leave `room`.

    All lines but the first are indented, and words longer than a line are broken: no name can look
    like a line of its own.
    """
    width = max(20, shutil.get_terminal_size().columns - room)
    brief = shortened(scrubbed(" ".join(text.split())))
    return filled(brief, width, indent="  ", breaks_words=True)


def named(people: Sequence[str]) -> str:
    """Return the first few names and the number of the others."""
    from lastseen.reports.text import one_of_several

    # On one line each: a line break in a name must not forge another line of the question.
    first = ", ".join(one_of_several(" ".join(name.split())) for name in people[:NAMED])
    rest = len(people) - NAMED
    return first if rest <= 0 else f"{first} and {counted(rest, 'other')}"


@contextmanager
def _on_standard_error() -> Iterator[None]:
    """Keep standard output clean: typer writes a prompt's last character there even with `err`."""
    with redirect_stdout(sys.stderr):
        yield
