"""Outputs that must not be written: files that the same command reads, or that Lastseen keeps."""

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lastseen.model.errors import UsageError
from lastseen.regular_file import in_home, real_path

if TYPE_CHECKING:
    from lastseen.config.settings import Settings
    from lastseen.rosters import RosterOptions


def refuse_inputs_as_outputs(
    outputs: Sequence[Path],
    settings: "Settings",
    *,
    inputs: Sequence[tuple[str, Path | str | None]],
) -> None:
    """Raise UsageError if one of `outputs` is an input, the ledger, the configuration or the key.

    Also if two of them are the same file.
    `inputs`: what else the command reads, by name; None for what it doesn't.
    """
    _refuse_one_file_twice(outputs)
    protected = [*_protected(settings), *((name, Path(file)) for name, file in inputs if file)]
    for output in outputs:
        for name, file in protected:
            if str(output) != "-" and _can_be_a_path(file) and _is_same(output, file):
                raise UsageError(
                    attempted=f"preparing to write {output}",
                    found=f"that file is {name}",
                    meaning="the document would replace it, so nothing was started",
                    remedy="give another file",
                )


def _refuse_one_file_twice(outputs: Sequence[Path]) -> None:
    for place, output in enumerate(outputs):
        if str(output) != "-" and any(_is_same(output, one) for one in outputs[:place]):
            raise UsageError(
                attempted=f"preparing to write {output}",
                found="two documents are to be written to that file",
                meaning="one would replace the other, so nothing was started",
                remedy="give each document a file of its own",
            )


def _protected(settings: "Settings") -> Iterator[tuple[str, Path]]:
    yield "the configuration", Path("lastseen.toml")
    yield from _of_roster(settings.roster)
    key_file = os.environ.get("LASTSEEN_API_KEY_FILE", "").strip()
    for named in (settings.portal.api_key_file, Path(key_file) if key_file else None):
        if named is not None:
            yield "the API key's file", in_home(named)
    ledger = _ledger_file(settings.ledger_url)
    if ledger is not None:
        for file in _parts(ledger):
            yield "the ledger", file
        for lock in ledger.parent.glob(f"{glob.escape(ledger.name)}.*.lock"):
            yield "a lock of the ledger", lock


def _of_roster(roster: "RosterOptions") -> Iterator[tuple[str, Path]]:
    """Yield the files that the roster is read from, and those with its secrets."""
    if roster.path is not None:
        yield "the roster", Path(roster.path)
    database = _sqlite_file(roster.url) if roster.url else None
    if database is not None:
        for file in _parts(database):
            yield "the roster", file
    for value in roster.headers.values():
        kind, _, name = value.rpartition(" ")[2].partition(":")
        if kind == "file" and name:
            yield "a secret of the roster", in_home(Path(name))


def _parts(database: Path) -> Iterator[Path]:
    """Yield a SQLite file and those that SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        yield database.with_name(database.name + ending)


def _ledger_file(url: str | None) -> Path | None:
    """Return the file that holds the ledger, or None for a server or memory."""
    if url is None:
        from platformdirs import user_data_path

        return user_data_path("lastseen", appauthor=False) / "ledger.sqlite3"
    return _sqlite_file(url)


def _sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite address, or None for another one."""
    scheme, _, file = url.partition(":///")
    if scheme.partition("+")[0] != "sqlite" or not file:
        return None
    return in_home(Path(file.partition("?")[0]))


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, through links as well."""
    with suppress(OSError):  # one of them may not be there yet
        if one.samefile(other):
            return True
    return _real(one) == _real(other) or real_path(one) == real_path(other)


def _can_be_a_path(path: Path) -> bool:
    return "\0" not in str(path)


def _real(path: Path) -> Path:
    return real_path(path.absolute().parent) / path.name
