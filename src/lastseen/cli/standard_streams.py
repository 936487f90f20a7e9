"""Standard input, output and error as every command may rely on them: open, and never in the way.

A stream may be closed (`>&-`), its reader gone, or its disk full. Nothing here decides what is
written.
"""

import os
import sys

_INPUT, _OUTPUT, _ERROR = 0, 1, 2


def open_closed_streams() -> None:
    """Open what the caller closed, before another file takes its number and gets what is printed.

    Standard output is opened so that writing fails: a document must not be lost in silence.
    """
    for descriptor, flags in ((_INPUT, os.O_RDONLY), (_OUTPUT, os.O_RDONLY), (_ERROR, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free: this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(_INPUT, closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(_OUTPUT, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(_ERROR, "w", encoding="utf-8", closefd=False)


def silence_standard_output() -> None:
    """Point standard output at nothing, so that the interpreter's last flush can't fail."""
    _silence(sys.stdout.fileno())


def silence_standard_error() -> None:
    """Point standard error at nothing: nobody can be told anything more."""
    _silence(_ERROR)


def unwritten_output() -> OSError | None:
    """Return why what was printed to standard output can't be written, None if it can."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return None


def settle_standard_error() -> None:
    """Flush standard error; what can't be written must not become the process's exit code."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        silence_standard_error()


def _silence(descriptor: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
