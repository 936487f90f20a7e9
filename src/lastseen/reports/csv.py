"""A plan as CSV (RFC 4180), for spreadsheets.

UTF-8 with a byte-order mark, since a spreadsheet takes a file without one for the machine's old
code page and spoils every name that isn't ASCII. Cells that a spreadsheet would run as a formula
begin with an apostrophe, and control characters are shown as escapes, so a record is a line. For
programs, which want neither, there is JSON.
"""

import csv
import io
import re

import msgspec

from lastseen.model.decision import Decision
from lastseen.model.plan import Plan
from lastseen.reports.interface import Screen
from lastseen.reports.text import defuse

_COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(Decision))
_FORMULA = re.compile(r"(^|[;|\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
"""Where a formula would begin: in front, or behind what some spreadsheets take for a separator.

Full-width signs (U+FF1D and its like) count, since a spreadsheet may narrow them.
"""


class CsvPlan:
    """One line a person, under the field names of the plan's JSON form, in the plan's order."""

    endings = (".csv",)

    def render(self, plan: Plan, screen: Screen) -> bytes:
        """Return the decisions as CSV with a header and CRLF line ends."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        for decision in plan.decisions:
            row = msgspec.to_builtins(decision)
            writer.writerow([_cell(row[column]) for column in _COLUMNS])
        return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return defuse(_FORMULA.sub(r"\1'", value))
