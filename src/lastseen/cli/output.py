"""Where a command's document goes: standard output, or a file that is written whole or not at all.

Knows nothing of what a document says. A file appears under its name only when it is complete, and
only its owner may read it.
"""

import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lastseen.cli.errors import print_line
from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from lastseen.reports import Screen

SHORT_FORMATS = ("table", "json")
"""In which forms everything but a plan is shown."""


@dataclass(frozen=True)
class Destination:
    """Where the document is to go, and in which format; made by `destination`."""

    file: Path | None
    """The file to write; None is standard output."""
    format: str
    """One of the formats that the command offers."""

    def screen(self, *, verbose: bool = False) -> "Screen":
        """Return what a table will be shown on; a file is 100 columns wide and has no colour."""
        from lastseen.reports import Screen, screen_of

        if self.file is None:
            return screen_of(sys.stdout, os.environ, verbose=verbose)
        return Screen(width=100, verbose=verbose)

    def deliver(self, document: bytes, *, summary: str) -> None:
        """Write `document`, and where it went to a file `summary` to standard error.

        Raises UsageError when the file can't be written. A reader of standard output that has
        gone is no error: what the command did stays done, and its exit code tells of that.
        """
        if self.file is None:
            write_out(document)
            return
        write_file(self.file, document)
        print_line(f"{summary}\nWritten to {self.file}.")


def short_destination(file: Path | None, form: str | None) -> Destination:
    """Return where a document that is a table or JSON goes; raises as `destination` does."""
    return destination(file, form, offered=SHORT_FORMATS, by_ending=_by_ending)


def destination(
    file: Path | None,
    form: str | None,
    *,
    offered: Sequence[str],
    by_ending: Callable[[Path], str],
) -> Destination:
    """Return where the document goes, checked before any work is done.

    `form` None takes the first of `offered` on standard output, and for a file what `by_ending`
    says. Raises UsageError for a format that isn't offered and for a folder that isn't there.
    """
    if form is not None and form not in offered:
        raise _not_offered(f"the format {form!r}", offered)
    if file is None or str(file) == "-":
        return Destination(None, form or offered[0])
    resolved = file.resolve()
    if problem := _unwritable(resolved):
        raise UsageError(
            attempted=f"preparing to write {file}",
            found=problem,
            meaning="the document could not be written, so nothing was begun",
            remedy="name a file in a folder that you can write to with -o",
        )
    return Destination(resolved, form or by_ending(file))


def write_out(document: bytes) -> None:
    """Write `document` to standard output; a reader that has gone is no error."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence_standard_output()


def silence_standard_output() -> None:
    """Point standard output at nothing, so that the interpreter's last flush can't fail."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def write_file(file: Path, document: bytes) -> None:
    """Write `document` to `file` with mode 0600, whole or not at all; raises UsageError."""
    try:
        if file.exists() and not stat.S_ISREG(file.stat().st_mode):
            file.write_bytes(document)
            return
        _replace(file, document)
    except OSError as error:
        raise UsageError(
            attempted=f"writing {file}",
            found=error.strerror or type(error).__name__,
            meaning="the document was not written; whatever was done before it stays done",
            remedy="name another file with -o; `lastseen history` shows what was done",
        ) from None


def _unwritable(file: Path) -> str | None:
    """Return what is known to be in the way of writing `file`, None where nothing is."""
    if file.is_dir():
        return "it is a folder"
    if not file.parent.is_dir():
        return "its folder does not exist"
    return None if os.access(file.parent, os.W_OK) else "its folder can't be written to"


def _replace(file: Path, document: bytes) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(document)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _by_ending(file: Path) -> str:
    match file.suffix.lower():
        case ".json":
            return "json"
        case ".txt":
            return "table"
    raise _not_offered(f"the ending {file.suffix!r}", SHORT_FORMATS)


def _not_offered(found: str, offered: Sequence[str]) -> UsageError:
    return UsageError(
        attempted="choosing the format of the document",
        found=found,
        meaning=f"this command writes {', '.join(offered[:-1])} or {offered[-1]}",
        remedy=f"give --format {'|'.join(offered)}, or -o with a file of a fitting ending",
    )
