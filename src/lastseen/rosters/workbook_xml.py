"""Finds in an Excel file's own XML what calamine does not report: cells without a known value.

A formula that a program wrote and nobody calculated has no value (`<f>` without `<v>`, ECMA-376
18.3.1.40); calamine reads it as an empty cell, and an error such as #REF! too.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from defusedxml.ElementTree import fromstring, iterparse

LARGEST_WORKBOOK = 512 * 1024 * 1024
"""Bytes to which a workbook may unpack."""

_RELATIONSHIPS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_READ_BY_CALAMINE = ("xl/sharedStrings.xml", "xl/styles.xml")


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the XML of each worksheet by the sheet's name.

    Every part that will be read is unpacked here, which fails where it is larger than the archive
    says, and must be whole XML: calamine reads over damage and leaves people out. Raises
    zipfile.BadZipFile, or ValueError if it is no workbook.
    """
    try:
        workbook = fromstring(archive.read("xl/workbook.xml"))
        relationships = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        targets = {one.get("Id"): one.get("Target", "") for one in relationships}
        parts: dict[str, bytes] = {}
        for sheet in workbook.iter():
            if _local(sheet.tag) == "sheet":
                target = targets[sheet.get(_RELATIONSHIPS)]
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                parts[sheet.get("name", "")] = _whole(archive.read(path))
        for name in _READ_BY_CALAMINE:
            if name in archive.namelist():
                _whole(archive.read(name))
    except (KeyError, SyntaxError) as error:
        raise ValueError("not an Excel workbook") from error
    return parts


def valueless_cells(part: bytes) -> Iterator[tuple[int, int]]:
    """Yield row and column, from 0, of formulas without a value and of cells with an error."""
    if b"<f" not in part and b't="e"' not in part:
        return
    for _, element in iterparse(io.BytesIO(part), events=("end",)):
        name = _local(element.tag)
        if name == "c":
            place = _REFERENCE.fullmatch(element.get("r", ""))
            if place is not None and _is_valueless(element):
                yield int(place[2]) - 1, _column(place[1])
        if name == "row":
            element.clear()


def _whole(part: bytes) -> bytes:
    """Return the part; raises ValueError if it is not one whole XML document without a DTD."""
    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_dtd
    try:
        parser.Parse(part, True)
    except ExpatError as error:
        raise ValueError("damaged XML") from error
    return part


def _refuse_dtd(*_: object) -> None:
    raise ValueError("no workbook has a DTD")


def cell_name(row: int, column: int) -> str:
    """Return a cell's address as Excel shows it, as `C7`; row and column count from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def _is_valueless(cell: Any) -> bool:
    if cell.get("t") == "e":
        return True
    children = {_local(child.tag): child for child in cell}
    if "f" not in children:
        return False
    # A text formula may well yield an empty text.
    value = children.get("v")
    return value is None or (not value.text and cell.get("t") != "str")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
