"""The roster `csv`: a file that names one contractor a line.

Only how such a file is read; what its fields mean stands in `rows`.
"""

import asyncio
import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from lastseen.docspace.interface import Portal
from lastseen.model.errors import UsageError
from lastseen.rosters.interface import Listing, RosterOptions
from lastseen.rosters.rows import Row, RowReader, can_be_address, column_names, portal_id

DELIMITERS = (",", ";", "\t")
"""What may part two fields, the likeliest first; the header shows which it is."""

PEOPLE_COLUMNS = ("id", "email")
"""One of these a file must have."""


class CsvRoster:
    """A CSV file in UTF-8 with a header, with or without byte-order mark, in any line ending."""

    name = "csv"
    outside = True

    def __init__(self, options: RosterOptions) -> None:
        """Keep where the file is; raises UsageError where the options don't say it."""
        if options.path is None:
            raise UsageError(
                attempted="opening the roster csv",
                found="roster.path is not set",
                meaning="the source csv reads a file",
                remedy="set roster.path in the configuration, or LASTSEEN_ROSTER__PATH",
            )
        self._path = options.path
        self._renamed = options.columns
        self._names = column_names(options.columns)

    async def load(self, portal: Portal) -> Listing:
        """Read the file; the portal is not asked. Raises UsageError where it can't be read."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Listing:
        text = _decoded(_content(self._path), self._path)
        reader = RowReader(source=str(self._path), unit="line")
        number = None
        try:
            records = _records(text, self._delimiter(text))
            _, header = next(records)
            positions = self._positions(header)
            for number, fields in records:
                named = _named(fields, positions)
                if not any(field.strip() for field in fields[len(header) :]):
                    reader.read(Row(number, named))
                elif _names_somebody(named):
                    reader.note("more fields than the header has: the surplus is ignored", number)
                    reader.read(Row(number, named))
                else:
                    reader.note("more fields than the header has: the row is ignored", number)
        except _NotCsv as error:
            raise UsageError(
                attempted=f"reading {self._path}",
                found=str(error),
                meaning="a quotation mark is probably missing, or one too many",
                remedy="correct that line; a quotation mark inside a field is written twice",
            ) from None
        people, warnings = reader.people(), reader.warnings()
        if number is None:
            warnings = (f"{self._path} has a header and no rows: nobody is on the roster",)
        return Listing(contractors=people, warnings=warnings)

    def _delimiter(self, text: str) -> str:
        """Return what parts the header's fields so that an id or an e-mail column is among them.

        Raises UsageError where nothing does.
        """
        if not text.strip():
            raise UsageError(
                attempted=f"reading {self._path}",
                found="the file is empty",
                meaning="a roster with nobody on it still has a header",
                remedy="look at what writes the file",
            )
        wanted = [self._names[field] for field in PEOPLE_COLUMNS if field in self._names]
        headers = [_header(text, sign) for sign in DELIMITERS]
        for sign, header in zip(DELIMITERS, headers, strict=True):
            if {_folded(name) for name in wanted} & {_folded(name) for name in header}:
                return sign
        names = [name.strip() for name in max(headers, key=len)]
        shown = ", ".join(name if name.isprintable() else repr(name) for name in names)
        raise self._unusable_header(
            f"it has no column {' or '.join(wanted)}, only: {shown[:200]}",
            'name the columns under [roster.columns], as in email = "Mail", '
            "or give the file a header",
        )

    def _positions(self, header: list[str]) -> dict[str, int]:
        """Return where each field stands; raises UsageError where that can't be told."""
        folded = [_folded(name) for name in header]
        positions: dict[str, int] = {}
        for field, name in self._names.items():
            found = folded.count(_folded(name))
            if found > 1:
                raise self._unusable_header(f"it has {found} columns {name}", "keep one of them")
            if found:
                positions[field] = folded.index(_folded(name))
            elif field in self._renamed:
                raise self._unusable_header(
                    f"it has no column {name}, which roster.columns names for {field}",
                    "correct roster.columns, or the file's header",
                )
        return positions

    def _unusable_header(self, found: str, remedy: str) -> UsageError:
        return UsageError(
            attempted=f"reading the header of {self._path}",
            found=found,
            meaning="it can't be told what the file says of whom",
            remedy=remedy,
        )


class _NotCsv(Exception):
    """A record can't be told apart into fields; the text says which and why."""


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            attempted=f"reading the roster {path.absolute()}",
            found=reason.lower(),
            meaning="it can't be told who the contractors are",
            remedy="correct roster.path, or the file's permissions",
        ) from None


def _decoded(content: bytes, path: Path) -> str:
    """Return the text; raises UsageError, naming line and byte, where it isn't text in UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # `error.object` lacks the byte-order mark, where there was one.
        raise _not_text(content, path, len(content) - len(error.object) + error.start) from None
    nul = content.find(b"\0")
    if nul >= 0:
        raise _not_text(content, path, nul)
    return text


def _not_text(content: bytes, path: Path, offset: int) -> UsageError:
    line = len((content[:offset] + b"?").splitlines())
    likely = "another encoding, such as Windows-1252"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        likely = "UTF-16"
    elif content.startswith(b"PK\x03\x04"):
        likely = "a workbook, not a CSV file"
    return UsageError(
        attempted=f"reading {path}",
        found=f"line {line} has a byte {content[offset]:#04x} (byte {offset + 1} of the file) "
        "that is not text in UTF-8",
        meaning=f"the file is probably {likely}",
        remedy="save it as CSV in UTF-8",
    )


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that isn't blank, with the line on which it begins; raises _NotCsv.

    Strict, since a quotation mark that is never closed would swallow the people after it.
    """
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for fields in reader:
            if fields:
                yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _NotCsv(f"the record that begins on line {begins} is not CSV: {error}") from None


def _header(text: str, delimiter: str) -> list[str]:
    """Return the header as this delimiter parts it; empty where it doesn't part it at all."""
    try:
        return next((fields for _, fields in _records(text, delimiter)), [])
    except _NotCsv:
        return []


def _named(fields: list[str], positions: Mapping[str, int]) -> dict[str, str]:
    return {
        field: fields[position].strip()
        for field, position in positions.items()
        if position < len(fields)
    }


def _names_somebody(fields: Mapping[str, str]) -> bool:
    """Say whether an id or an address stands where it should, in a row that is too long."""
    return bool(portal_id(fields.get("id", ""))) or can_be_address(fields.get("email", ""))


def _folded(name: str) -> str:
    return name.strip().casefold()
