"""The roster as a document that an auditor can keep, and its digest.

The document is CSV (RFC 4180) in UTF-8 with a header and LF line ends, its rows in the order of
their bytes. The digest is SHA-256 over the document, so `sha256sum` recomputes it.
"""

import csv
import io
from collections.abc import Iterable
from hashlib import sha256

from lastseen.model.contractor import Contractor
from lastseen.model.formula import without_formulas

COLUMNS = ("id", "email", "display_name", "sponsor", "end_date", "kind")
"""The document's columns."""


def roster_document(people: Iterable[Contractor]) -> bytes:
    """Return the roster as CSV; the same people in another order give the same document.

    An apostrophe stands before everything that a spreadsheet would run as a formula.
    """
    rows = sorted(_line([getattr(person, column) for column in COLUMNS]) for person in people)
    return b"".join([_line(list(COLUMNS)), *rows])


def roster_digest(document: bytes) -> str:
    """Return the digest as in the plan's `population.sha256`: lower-case hexadecimal."""
    return sha256(document).hexdigest()


def _line(cells: list[object]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow([_cell(cell) for cell in cells])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    # Python before 3.13 leaves a lone carriage return unquoted, and readers end the row there.
    text = "" if value is None else str(value).replace("\r", " ")
    return without_formulas(text)
