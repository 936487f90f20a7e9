"""Lines on standard error: messages, and the errors of a command that can't continue.

An error is four lines for a person or one JSON object. Every line passes through here, so that no
key, no escape sequence and no surprise traceback gets past it.
"""

import re
import shutil
import sys
import traceback
from collections.abc import Mapping
from typing import Literal

from lastseen.cli.standard_streams import silence_standard_error
from lastseen.cli.wrapping import filled
from lastseen.config.logging import LogFormat, json_record, log_format, printable, scrubbed
from lastseen.model.errors import ExitCode, LastseenError, UsageError
from lastseen.model.long_values import LONGEST_ATTEMPT, LONGEST_SENTENCE, shortened
from lastseen.model.progress import run_at_work

_COMMAND = re.compile(r"`[^`]+`|lastseen [a-z].*")
_JOINED = "\x00"
"""Stands for a blank that no line may be broken at."""


def print_error(error: LastseenError, form: LogFormat) -> None:
    """Print what was attempted and found, what it means and what to do, long values shortened."""
    attempted = _brief(error.attempted, longest=LONGEST_ATTEMPT)
    found, meaning, remedy = map(_brief, (error.found, error.meaning, error.remedy))
    if form == "json":
        fields = {
            "error": type(error).__name__,
            "attempted": attempted,
            "found": found,
            "meaning": meaning,
            "remedy": remedy,
            "exit_code": int(error.exit_code),
        }
        _write(_record("error", "error", f"{attempted}: {found}", fields))
        return
    lines = (
        f"Attempted: {_one_line(attempted)}",
        f"Found:     {_one_line(found)}",
        f"Meaning:   {_one_line(meaning)}",
        f"Remedy:    {_one_line(remedy)}",
    )
    _print("\n".join(_on_terminal(line, indent=11) for line in lines))


def print_bug(error: BaseException, form: LogFormat, *, with_traceback: bool) -> None:
    """Print one line that reports a bug; the traceback only if it was requested."""
    name = type(error).__name__
    message = f"this is a bug in Lastseen: {name}: {_one_line(str(error))}"
    trace = "".join(traceback.format_exception(error)) if with_traceback else None
    if form == "json":
        fields: dict[str, object] = {"error": name, "exit_code": int(ExitCode.BUG)}
        if trace:
            fields["traceback"] = trace
        _write(_record("critical", "bug", message, fields))
        return
    hint = "" if trace else " (run it again with -v to see where)"
    _print(f"{trace or ''}{message[0].upper()}{message[1:]}{hint}")


def print_usage(message: str, *, usage: str, command: str, form: LogFormat) -> None:
    """Print what is wrong with the command line, after the usage line where there is one.

    `command`: the command as far as it was recognised, whose help says more.
    """
    brief = _brief(message, longest=LONGEST_ATTEMPT)
    if form == "json":
        error = UsageError(
            attempted="reading the command line",
            found=brief,
            meaning="the command can't be run as it was given; nothing was started",
            remedy=f"see `{command} --help`",
        )
        print_error(error, form)
        return
    _print(f"{usage}\n\nError: {brief}" if usage else f"Error: {brief}")


Level = Literal["info", "warning", "error"]
"""How much a line matters, in JSON logs."""


def print_line(
    text: str, *, event: str = "message", level: Level = "info", **fields: object
) -> None:
    """Print `text` to standard error, scrubbed; silent where nobody reads standard error.

    With JSON logs it is one JSON object, of this `event` and `level` and with these `fields`.
    Unprintable characters are replaced, so that no display name can move the cursor.
    """
    if log_format() == "json":
        _write(_record(level, event, _one_line(text), fields))
    else:
        _print("\n".join(_on_terminal(line, indent=2) for line in text.split("\n")))


def _on_terminal(line: str, *, indent: int) -> str:
    """Return `line`, on a terminal broken between words; a command stays in one piece."""
    if not (sys.stderr and sys.stderr.isatty()):
        return line
    kept = _COMMAND.sub(lambda found: found[0].replace(" ", _JOINED), line)
    text = kept.lstrip(" ")
    lead = " " * (len(kept) - len(text))
    width = max(40, shutil.get_terminal_size().columns)
    broken = filled(text, width, lead=lead, indent=" " * max(indent, len(lead)))
    return broken.replace(_JOINED, " ")


def _record(level: str, event: str, message: str, fields: Mapping[str, object]) -> str:
    """Return one line of JSON, with the run's id during a run and for the error that ended it."""
    run = run_at_work.get()
    of_run = {"run_id": run} if run is not None else {}
    return json_record(level, event, message, {**of_run, **fields})


def _print(text: str) -> None:
    """Print words; a record is printable as it is, and shortening it would break its JSON."""
    _write(printable(text))


def _write(line: str) -> None:
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        silence_standard_error()


def _brief(text: str, *, longest: int = LONGEST_SENTENCE) -> str:
    """Return `text` with long values shortened; a key is hidden first, so that no part is left."""
    return shortened(scrubbed(text), longest=longest)


def _one_line(text: str) -> str:
    return " ".join(text.split())
