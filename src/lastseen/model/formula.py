"""Text in CSV that a spreadsheet would run as a formula, made harmless. Pure."""

import re

_FORMULA = re.compile(r"(^|[;|\t\r\n])(?=[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
"""Where a formula would begin: at the start, or after what some spreadsheets treat as a separator.

To those, the quotation marks of CSV between separator and sign open a cell, and don't belong to it.
Full-width signs (U+FF1D and its like) count, since a spreadsheet may narrow them.
"""


def without_formulas(text: str) -> str:
    """Return `text` with an apostrophe before everything that would run as a formula."""
    return _FORMULA.sub(r"\1'", text)
