"""The roster `xlsx`: one sheet of an Excel file, one contractor a row.

Only parses the file; `rows` and `cells` interpret its values. Formulas that were never calculated,
which calamine doesn't report, are found in the sheet's own XML.
"""

import asyncio
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from lastseen.docspace.interface import Portal
from lastseen.model.errors import UsageError
from lastseen.rosters.cells import names_somebody
from lastseen.rosters.columns import Columns
from lastseen.rosters.files import read_file, required_path, unreadable_file
from lastseen.rosters.interface import Listing, RosterOptions
from lastseen.rosters.rows import RowReader, has_value
from lastseen.rosters.unused_dates import UnusedDates
from lastseen.rosters.workbook_xml import (
    LARGEST_WORKBOOK,
    cell_name,
    sheet_parts,
    valueless_cells,
)

_DAMAGE = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What a damaged archive makes the libraries raise. zipfile raises most of these: RuntimeError for
encrypted parts and for compression that it doesn't know."""

HEADER_ROWS = 50
"""How many rows may precede the header: titles, dates, an explanation."""


class XlsxRoster:
    """A sheet of an Excel file (.xlsx)."""

    name = "xlsx"
    outside = True

    def __init__(self, options: RosterOptions, *, largest: int = LARGEST_WORKBOOK) -> None:
        """Keep where the file is; raises UsageError if the options don't say it."""
        self._path = required_path(options)
        self._sheet = options.sheet
        self._columns = Columns(options.columns)
        self._largest = largest

    @property
    def query(self) -> str:
        """The file, and the sheet where one is named."""
        return f"{self._path.absolute()}" + (f" sheet {self._sheet}" if self._sheet else "")

    async def load(self, portal: Portal) -> Listing:
        """Read the file; the portal is not asked. Raises UsageError if it can't be read."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Listing:
        demand_no_lock_file(self._path)
        content = read_file(self._path)
        try:
            parts = _parts(content, self._path, self._largest)
            with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
                name = self._chosen(workbook)
                return self._listing(workbook.get_sheet_by_name(name), parts.get(name, b""))
        except PasswordError:
            raise unreadable_file(self._path, "it is protected by a password") from None
        except _DAMAGE:
            raise self._damaged() from None

    def _chosen(self, workbook: CalamineWorkbook) -> str:
        """Return the sheet's name: the one asked for, else the only visible one."""
        sheets = [s for s in workbook.sheets_metadata if s.typ is SheetTypeEnum.WorkSheet]
        visible = [s.name for s in sheets if s.visible is SheetVisibleEnum.Visible]
        names = [s.name for s in sheets]
        if self._sheet is not None:
            if self._sheet in names:
                return self._sheet
            found = f"it has no sheet {self._sheet!r}"
        elif len(visible) == 1:
            return visible[0]
        else:
            found = f"it has {len(visible)} visible sheets, and roster.sheet names none"
        raise UsageError(
            attempted=f"reading {self._path}",
            found=found,
            meaning="it is unknown which sheet holds the contractors",
            remedy="set roster.sheet to one of: " + ", ".join(map(repr, visible or names)),
        )

    def _listing(self, sheet: CalamineSheet, part: bytes) -> Listing:
        where = f"{self._path} (sheet {sheet.name!r})"
        reader = RowReader(source=where, unit="row", names=self._columns.names)
        rows = _numbered_rows(sheet)
        header_row, header = self._header(rows, where)
        positions = self._columns.positions(header, source=where)
        self._demand_values(sheet, part, positions, header_row, where)
        others = self._columns.other_emails(header)
        width = _filled(header)
        dates = UnusedDates(header, positions, self._columns)
        for number, cells in rows:
            dates.look(cells)
            reader.read_fields(number, cells[:width], positions, width=width, other_emails=others)
            reader.note_beyond(number, cells[width:])
        warnings = [*reader.warnings(), *dates.warnings(), *open_elsewhere(self._path)]
        people = reader.people()
        if not people:
            warnings.append(f"{where} has a header and no rows: nobody is on the roster")
        return Listing(contractors=people, warnings=tuple(warnings), complete=reader.is_complete)

    def _header(self, rows: Iterator[tuple[int, list[Any]]], where: str) -> tuple[int, list[str]]:
        """Return the first row that holds the id or the e-mail column, and its number.

        Raises UsageError if there is none, and where somebody is named above it.
        """
        likeliest: list[str] = []
        people_above: list[int] = []
        for number, cells in rows:
            header = [str(cell) for cell in cells]
            if self._columns.name_somebody(header):
                _demand_nobody_above(people_above, number, where)
                return number, header
            if any(map(names_somebody, header)):
                people_above.append(number)
            if len(list(filter(None, header))) > len(list(filter(None, likeliest))):
                likeliest = header
            if number >= HEADER_ROWS:
                break
        raise self._columns.nobody_named(likeliest, source=where)

    def _demand_values(
        self,
        sheet: CalamineSheet,
        part: bytes,
        positions: Mapping[str, int],
        header_row: int,
        where: str,
    ) -> None:
        """Raise UsageError for cells without a known value in a column that counts."""
        first_column = sheet.start[1] if sheet.start else 0
        counted = {first_column + at for at in positions.values()}
        merged = [
            cell_name(*start)
            for start, end in sheet.merged_cell_ranges or []
            if end[0] >= header_row and counted & set(range(start[1], end[1] + 1))
        ]
        empty = [
            cell_name(row, column)
            for row, column in valueless_cells(part)
            if row >= header_row and column in counted
        ]
        for cells, what, remedy in (
            (merged, "merged cells", "unmerge them, and fill each cell"),
            (empty, "formulas without a value, or errors", "correct and save it in Excel"),
        ):
            if cells:
                more = f" and {len(cells) - 10} more" if len(cells) > 10 else ""
                raise UsageError(
                    attempted=f"reading {where}",
                    found=f"{what} at {', '.join(cells[:10])}{more}",
                    meaning="the value of these cells is unknown, and a missing address or date "
                    "could take somebody's access away",
                    remedy=remedy,
                )

    def _damaged(self) -> UsageError:
        opened = any(True for _ in open_elsewhere(self._path))
        return UsageError(
            attempted=f"reading {self._path}",
            found="it is not a whole Excel file (.xlsx)"
            + (", and a program has it open" if opened else ""),
            meaning="it is just being saved, damaged, or of another kind, such as .xls or .ods",
            remedy="close it in Excel and try again, or save it as .xlsx",
        )


def _demand_nobody_above(people: list[int], header_row: int, where: str) -> None:
    """Raise UsageError if rows above the header hold an address or an id."""
    if not people:
        return
    raise UsageError(
        attempted=f"reading {where}",
        found=f"row {people[0]} names somebody, and the header is below it, in row {header_row}",
        meaning="the header was probably sorted together with the rows; people above it "
        "would be left out",
        remedy="move the header to the top",
    )


def demand_no_lock_file(path: Path) -> None:
    """Raise UsageError if `path` is the file by which Excel marks another one as open."""
    if path.name.startswith("~$"):
        raise unreadable_file(path, f"it only marks {path.name[2:]} as open in Excel")


def open_elsewhere(path: Path) -> Iterator[str]:
    """Yield a warning where a program has the file open: what isn't saved can't be read."""
    for lock, program in ((f"~${path.name}", "Excel"), (f".~lock.{path.name}#", "LibreOffice")):
        if (path.parent / lock).exists():
            yield f"{path} is open in {program}: changes that are not saved are not read"


def _parts(content: bytes, path: Path, largest: int) -> dict[str, bytes]:
    """Return the XML of each sheet by name; raises UsageError if unpacking would not end."""
    if not content.startswith(b"PK"):
        encrypted = content.startswith(b"\xd0\xcf\x11\xe0")
        raise unreadable_file(
            path,
            "it is protected by a password, or an old Excel file (.xls)"
            if encrypted
            else "it is not an Excel file (.xlsx)",
        )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > largest:
            raise unreadable_file(path, f"it unpacks to {size // 1024 // 1024} MB")
        return sheet_parts(archive)


def _filled(cells: Sequence[object]) -> int:
    """Return how many cells a row has up to the last that is filled."""
    return max((at for at, cell in enumerate(cells, start=1) if has_value(cell)), default=0)


def _numbered_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Yield each row with its number as Excel shows it."""
    yield from enumerate(sheet.iter_rows(), start=1)  # empty rows at the top included
