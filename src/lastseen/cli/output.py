"""Where a command's documents go: standard output, or files written whole or not at all.

Knows nothing of a document's content. A file appears under its name only when it is complete, and
only its owner may read it.
"""

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lastseen.cli.errors import Level, print_line
from lastseen.cli.invocation import Invocation
from lastseen.cli.standard_streams import silence_standard_output
from lastseen.config.logging import log_format
from lastseen.model.errors import UsageError
from lastseen.regular_file import is_anothers, others_can_write, real_path

if TYPE_CHECKING:
    from lastseen.reports import Screen

SHORT_FORMATS = ("table", "json")
"""Formats of documents that are read once: a diagnosis, an explanation, a list."""
EXPLANATION_FORMATS = ("table", "json", "html")
"""Formats of the page about one person."""
RECORD_FORMATS = ("table", "json", "csv", "html")
"""Formats of documents that are kept: receipts and the history."""

_ENDINGS = {".json": "json", ".txt": "table", ".csv": "csv", ".html": "html", ".htm": "html"}
_FILE_WIDTH = 120
_THIS_COMMAND = "this command"


READER_SECONDS = 5.0
"""How long a program may take to begin reading from a pipe that a document is written to."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One line on a document, for standard error."""

    text: str
    """The line, for people."""
    event: str
    """Its name in JSON logs."""
    level: Level = "info"
    """How much it matters, in JSON logs."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """Ids and counts, for JSON logs."""


@dataclass(frozen=True)
class Destination:
    """One place for a document, and the format in which it goes there."""

    file: Path | None
    """The file to write; None is standard output."""
    format: str
    """One of the formats that the command offers."""

    def screen(self, *, everyone: bool = False) -> "Screen":
        """Return what a table will be shown on; a file has no colour, and nothing in it is cut."""
        from lastseen.reports import Screen, screen_of

        if self.file is None:
            return screen_of(sys.stdout, os.environ, everyone=everyone)
        return Screen(width=_FILE_WIDTH, everyone=everyone, in_full=True)


@dataclass(frozen=True)
class Destinations:
    """All places for one document; made by `destinations`."""

    places: tuple[Destination, ...]
    """At least one."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The requested formats."""
        return tuple(place.format for place in self.places)

    @property
    def shows_table(self) -> bool:
        """Whether a table goes to standard output."""
        return any(place.file is None and place.format == "table" for place in self.places)

    @property
    def only_screen(self) -> bool:
        """Whether a table on standard output is all: nobody waits for a file or a document."""
        return self.formats == ("table",) and self.places[0].file is None

    def file_in(self, form: str) -> Path | None:
        """Return the first file in that format."""
        return next((one.file for one in self.places if one.format == form and one.file), None)

    def deliver(
        self, render: Callable[[Destination], bytes], summary: Summary, *, called: Invocation
    ) -> None:
        """Write the document to every place, and `summary` to standard error if a file was written.

        `render` makes the document for one place; all are made before the first is written. Raises
        UsageError if a file can't be written. A reader of standard output that has gone is no
        error: the exit code still tells what the command did.
        """
        documents = [(place, render(place)) for place in self.places]
        for place, document in documents:
            if place.file is None:
                write_out(document, summary=summary.text)
            else:
                write_file(place.file, document, summary=summary.text)
        files = [str(place.file) for place in self.places if place.file]
        if called.quiet or not (files or log_format() == "json"):
            return
        written = f"\nWritten to {', '.join(files)}." if files else ""
        print_line(
            summary.text + written,
            event=summary.event,
            level=summary.level,
            files=files,
            **summary.fields,
        )


def short_destinations(
    files: Sequence[Path] | None, form: str | None, *, writer: str = _THIS_COMMAND
) -> Destinations:
    """Return where a document goes that is a table or JSON; raises as `destinations` does."""
    by_ending = _by_ending(SHORT_FORMATS, writer)
    return destinations(files, form, offered=SHORT_FORMATS, by_ending=by_ending, writer=writer)


def explanation_destinations(files: Sequence[Path] | None, form: str | None) -> Destinations:
    """Return where an explanation goes; raises as `destinations` does."""
    offered = EXPLANATION_FORMATS
    return destinations(files, form, offered=offered, by_ending=_by_ending(offered))


def record_destinations(files: Sequence[Path] | None, form: str | None) -> Destinations:
    """Return where a receipt or the history goes; raises as `destinations` does."""
    return destinations(files, form, offered=RECORD_FORMATS, by_ending=_by_ending(RECORD_FORMATS))


def destinations(
    files: Sequence[Path] | None,
    form: str | None,
    *,
    offered: Sequence[str],
    by_ending: Callable[[Path], str],
    writer: str = _THIS_COMMAND,
) -> Destinations:
    """Return where the document goes, checked before any work is done.

    `form` None takes the first of `offered` for standard output, and `by_ending` of its name for a
    file. Raises UsageError for a format that isn't offered, for one format for several files, and
    for a folder that doesn't exist. `writer`: how the error calls what writes the document.
    """
    if form is not None and form not in offered:
        raise _not_offered(f"the format {form!r}", offered, writer)
    if form is not None and len(files or ()) > 1:
        raise UsageError(
            attempted="choosing the format of the document",
            found="--format together with more than one -o",
            meaning="one format can't be meant for several files",
            remedy="leave --format out: each file's ending names its format",
        )
    places = tuple(
        _destination(file, form, offered=offered, by_ending=by_ending) for file in files or ()
    )
    return Destinations(places or (Destination(None, form or offered[0]),))


def _destination(
    file: Path, form: str | None, *, offered: Sequence[str], by_ending: Callable[[Path], str]
) -> Destination:
    if str(file) == "-":
        return Destination(None, form or offered[0])
    return Destination(writable_file(file, option="-o"), form or by_ending(file))


def writable_file(file: Path, *, option: str) -> Path:
    """Return the file to write, checked before any work is done; raises UsageError."""
    try:
        resolved = target_of(file)
        problem = _planted(file) or _unwritable(resolved)
    except OSError as error:  # a name that is too long, or links that lead in a circle
        resolved, problem = file, (error.strerror or type(error).__name__).lower()
    if problem:
        raise UsageError(
            attempted=f"preparing to write {file}",
            found=problem,
            meaning="the document could not be written, so nothing was started",
            remedy=f"give {option} a file in a folder that you can write to",
        )
    return resolved


def write_out(document: bytes, *, summary: str = "") -> bool:
    """Write `document` to standard output; return whether anybody reads it.

    A reader that has gone is no error. Raises UsageError, with `summary` in it, where it can't be
    written for another reason, such as a full disk.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence_standard_output()
        return False
    except OSError as error:
        silence_standard_output()
        raise output_lost(error, summary=summary) from None
    return True


class NobodyReads(Exception):
    """The reader of standard output has gone, so that nothing more needs to be shown."""


def show_line(line: str) -> None:
    """Write a line to standard output; raises NobodyReads, and UsageError as `write_out` does."""
    if not write_out(f"{line}\n".encode()):
        raise NobodyReads


def output_lost(error: OSError, *, summary: str = "") -> UsageError:
    """Return the error for a document that standard output did not take."""
    return UsageError(
        attempted="writing the document to standard output",
        found=closed_or_full(error),
        meaning=f"{summary} The document is lost, but what was done stays done".strip(),
        remedy="`lastseen history` shows what was done, and `lastseen show RUN` the document",
    )


def closed_or_full(error: BaseException | None) -> str:
    """Return in a few words why standard output takes nothing."""
    if not isinstance(error, OSError):
        return "it takes nothing"
    is_closed = error.errno == errno.EBADF
    return "it is closed" if is_closed else (error.strerror or type(error).__name__).lower()


def write_file(
    file: Path, document: bytes, *, summary: str = "", reader_seconds: float = READER_SECONDS
) -> None:
    """Write `document` to `file` with mode 0600, completely or not at all.

    A pipe that nobody reads is given up after `reader_seconds`. Raises UsageError, with `summary`
    in it.
    """
    try:
        if _is_device(file):
            _write_to_device(file, document, reader_seconds)
            return
        _replace(file, document)
    except OSError as error:
        raise UsageError(
            attempted=f"writing {file}",
            found=(error.strerror or type(error).__name__).lower(),
            meaning=f"{summary} The document was not written; changes made before it "
            "remain".strip(),
            remedy="give -o another file; `lastseen history` shows what was done, and `lastseen "
            "show RUN` the document",
        ) from None


def _unwritable(file: Path) -> str | None:
    """Return why `file` can't be written, if that can be determined; None if it can be written.

    Raises OSError if its name can't be one.
    """
    if file.is_dir():
        return "it is a folder"
    with suppress(FileNotFoundError):
        file.stat()
    if not file.parent.is_dir():
        return "its folder does not exist"
    if file.is_socket():
        return "it is a socket"
    return None if os.access(file.parent, os.W_OK) else "its folder is not writable"


def _planted(file: Path) -> str | None:
    """Return which folder on the way to `file` is a link that somebody else made, if any."""
    for folder in file.absolute().parents:
        if folder.is_symlink() and is_anothers(folder.lstat()):
            return f"{folder} is a link that belongs to another user"
    return None


def target_of(file: Path) -> Path:
    """Return the file to write: links are followed only if nobody else could have made them."""
    plain = real_path(file.absolute().parent) / file.name
    if not plain.is_symlink() or others_can_write(plain.parent) or _is_device(plain):
        return plain
    return real_path(plain)


def _is_device(file: Path) -> bool:
    """Return whether `file` is there and neither a regular file nor a link, which are replaced.

    A link that leads to a device or a pipe counts as one, as `/dev/stdout` does, unless others
    could have made it.
    """
    try:
        mode = (file.lstat() if others_can_write(file.parent) else file.stat()).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _write_to_device(file: Path, document: bytes, reader_seconds: float) -> None:
    """Write to a device or a pipe; raises OSError if nobody reads from the pipe in time."""
    descriptor = _opened_for_writing(file, deadline=time.monotonic() + reader_seconds)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(document)


def _opened_for_writing(file: Path, *, deadline: float) -> int:
    """Open a device or a pipe; without O_NONBLOCK a pipe would wait for a reader without end."""
    while True:
        try:
            return os.open(file, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            awaited = error.errno == errno.ENXIO and file.is_fifo()
            if not awaited or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _replace(file: Path, document: bytes) -> None:
    temporary = file.with_name(f".lastseen-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(document)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _by_ending(offered: Sequence[str], writer: str = _THIS_COMMAND) -> Callable[[Path], str]:
    def format_of(file: Path) -> str:
        named = _ENDINGS.get(file.suffix.lower())
        if named in offered:
            return str(named)
        raise _not_offered(f"the ending {file.suffix!r}", offered, writer)

    return format_of


def _not_offered(found: str, offered: Sequence[str], writer: str) -> UsageError:
    several = ", ".join(offered[:-1])
    return UsageError(
        attempted="choosing the format of the document",
        found=found,
        meaning=f"{writer} writes {' or '.join(filter(None, (several, offered[-1])))}",
        remedy=f"give --format {'|'.join(offered)}, or -o a file with such an ending",
    )
