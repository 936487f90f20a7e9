"""How a command that can't go on says so: four lines for a person, or one JSON object.

Every way out that isn't success passes through here, so that no key and no surprise traceback
gets past it.
"""

import sys
import traceback

from lastseen.config.logging import LogFormat, json_line, log_format, scrubbed
from lastseen.model.errors import ExitCode, LastseenError


def print_error(error: LastseenError, form: LogFormat) -> None:
    """Print what was attempted, what was found, what it means and what to do."""
    if form == "json":
        fields: dict[str, object] = {
            "level": "error",
            "error": type(error).__name__,
            "attempted": error.attempted,
            "found": error.found,
            "meaning": error.meaning,
            "remedy": error.remedy,
            "exit_code": int(error.exit_code),
        }
        _print(json_line(fields))
        return
    _print(
        f"Attempted: {_one_line(error.attempted)}\n"
        f"Found:     {_one_line(error.found)}\n"
        f"Meaning:   {_one_line(error.meaning)}\n"
        f"Remedy:    {_one_line(error.remedy)}"
    )


def print_bug(error: BaseException, form: LogFormat, *, with_traceback: bool) -> None:
    """Print one line that owns up to a bug; the traceback only where it was asked for."""
    name = type(error).__name__
    message = _one_line(str(error))
    told = "".join(traceback.format_exception(error)) if with_traceback else None
    if form == "json":
        fields: dict[str, object] = {
            "level": "critical",
            "error": name,
            "message": f"this is a bug in Lastseen: {name}: {message}",
            "exit_code": int(ExitCode.BUG),
        }
        if told:
            fields["traceback"] = told
        _print(json_line(fields))
        return
    hint = "" if told else " (`lastseen -v …` shows where)"
    _print(f"{told or ''}This is a bug in Lastseen: {name}: {message}{hint}")


def print_usage(message: str, usage: str, form: LogFormat) -> None:
    """Print what is wrong with the command line, after the usage line where there is one."""
    if form == "json":
        fields: dict[str, object] = {
            "level": "error",
            "error": "UsageError",
            "message": message,
            "exit_code": int(ExitCode.USAGE),
        }
        _print(json_line(fields))
        return
    _print(f"{usage}\n\nError: {message}" if usage else f"Error: {message}")


def print_line(text: str) -> None:
    """Print a line to standard error, scrubbed; silent where nobody reads standard error.

    Where log lines are JSON it is a JSON object as well. What can't be seen is replaced, so that
    nobody's display name moves the cursor.
    """
    if log_format() == "json":
        _print(json_line({"level": "info", "message": text}))
    else:
        _print(text)


def _print(text: str) -> None:
    visible = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in scrubbed(text))
    try:
        sys.stderr.write(visible + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        return


def _one_line(text: str) -> str:
    return " ".join(text.split())
