"""The roster `csv`: a file with one contractor a line.

Only parses the file; `rows` and `cells` interpret its values.
"""

import asyncio
import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from lastseen.docspace.interface import Portal
from lastseen.model.errors import UsageError
from lastseen.rosters.cells import names_somebody
from lastseen.rosters.columns import Columns
from lastseen.rosters.files import read_file, required_path
from lastseen.rosters.interface import Listing, RosterOptions
from lastseen.rosters.rows import PEOPLE_FIELDS, RowReader
from lastseen.rosters.unused_dates import UnusedDates

DELIMITERS = (",", ";", "\t")
"""Possible separators of fields, the likeliest first; the header shows which one is used."""

_SWALLOWED = (
    "a quoted field contains what looks like another row: a quotation mark is missing, or there "
    "is one too many"
)
_LINE_END = re.compile(r"\r\n?|\n")


class CsvRoster:
    """A CSV file in UTF-8 with a header, with or without byte-order mark, in any line ending."""

    name = "csv"
    outside = True

    def __init__(self, options: RosterOptions) -> None:
        """Keep where the file is; raises UsageError if the options don't say it."""
        self._path = required_path(options)
        self._columns = Columns(options.columns)

    @property
    def query(self) -> str:
        """The file."""
        return str(self._path.absolute())

    async def load(self, portal: Portal) -> Listing:
        """Read the file; the portal is not asked. Raises UsageError if it can't be read."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Listing:
        text = _decoded(read_file(self._path), self._path)
        reader = RowReader(source=str(self._path), unit="line", names=self._columns.names)
        number = None
        try:
            delimiter = self._delimiter(text)
            records = _records(text, delimiter)
            _, header = next(records)
            positions = self._columns.positions(header, source=str(self._path))
            others = self._columns.other_emails(header)
            dates = UnusedDates(header, positions, self._columns)
            naming = [positions[field] for field in PEOPLE_FIELDS if field in positions]
            for number, fields in records:
                swallowed = _swallowed_rows(fields, delimiter, width=len(header))
                if any(
                    names_somebody(row[at]) for row in swallowed for at in naming if at < len(row)
                ):
                    reader.refuse(_SWALLOWED, number)
                else:
                    dates.look(fields)
                    reader.read_fields(
                        number, fields, positions, width=len(header), other_emails=others
                    )
        except _NotCsv as error:
            raise UsageError(
                attempted=f"reading {self._path}",
                found=str(error),
                meaning="a quotation mark is probably missing, or one too many",
                remedy="correct that line; a quotation mark inside a field is written twice",
            ) from None
        people, warnings = reader.people(), (*reader.warnings(), *dates.warnings())
        if number is None:
            warnings = (f"{self._path} has a header and no rows: nobody is on the roster",)
        return Listing(contractors=people, warnings=warnings, complete=reader.is_complete)

    def _delimiter(self, text: str) -> str:
        """Return the delimiter with which the header has an id or an e-mail column.

        Raises UsageError if none does.
        """
        if not text.strip():
            raise UsageError(
                attempted=f"reading {self._path}",
                found="the file is empty",
                meaning="even an empty roster has a header",
                remedy="check the program that writes the file",
            )
        headers = [_header(text, sign) for sign in DELIMITERS]
        for sign, header in zip(DELIMITERS, headers, strict=True):
            if self._columns.name_somebody(header):
                return sign
        raise self._columns.nobody_named(max(headers, key=len), source=str(self._path))


class _NotCsv(Exception):
    """A record can't be split into fields; the text says which and why."""


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
    likely, remedy = "another encoding, such as Windows-1252", "save it as CSV in UTF-8"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        likely = "UTF-16"
    elif content.startswith(b"PK\x03\x04"):
        likely = "a workbook, not a CSV file"
        remedy = 'set roster.source to "xlsx", or save it as CSV in UTF-8'
    return UsageError(
        attempted=f"reading {path}",
        found=f"line {line} has a byte {content[offset]:#04x} (byte {offset + 1} of the file) "
        "that is not text in UTF-8",
        meaning=f"the file is probably {likely}",
        remedy=remedy,
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


def _swallowed_rows(
    fields: Sequence[str], delimiter: str, *, width: int
) -> Iterator[Sequence[str]]:
    """Yield what looks like further rows, as wide as the header, in fields of several lines.

    The last line of such a field goes on in the fields behind it; only its own part is yielded.
    """
    for at, field in enumerate(fields):
        if "\n" not in field and "\r" not in field:
            continue
        _, *middle, last = (line.split(delimiter) for line in _LINE_END.split(field))
        yield from (row for row in middle if len(row) >= max(width, 2))
        if len(last) >= 2 and len(last) + len(fields[at + 1 :]) >= width:
            yield last


def _header(text: str, delimiter: str) -> list[str]:
    """Return the header as this delimiter splits it; empty if it can't be split."""
    try:
        return next((fields for _, fields in _records(text, delimiter)), [])
    except _NotCsv:
        return []
