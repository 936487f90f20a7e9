"""Turns rows of named values into contractors, for every source that has rows.

Collects warnings and errors by row. Sources deliver the rows; `cells` reads single values, and
`merging` finds rows about one person.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from sys import intern

from lastseen.model.contractor import Contractor, email_key, user_id
from lastseen.model.errors import UsageError
from lastseen.rosters.cells import (
    BeforeBelief,
    believable,
    day_of,
    email_address,
    holds_id,
    last_day,
    names_another,
    one_line,
    portal_id,
    visible,
)
from lastseen.rosters.doubts import (
    ADDRESS_AS_ID,
    DATE_BEYOND,
    DOUBTS,
    SECOND_COLUMN,
    SHORT,
    TWO_ADDRESSES,
    UNCLEAR_ADDRESS,
    UNIDENTIFIED,
    Doubt,
)
from lastseen.rosters.merging import People
from lastseen.rosters.unused_cells import (
    holds_date,
    is_number,
    may_be_address,
    may_hide_somebody,
    names_people,
)

FIELDS = ("id", "email", "display_name", "sponsor", "end_date", "kind")
"""The fields that a row may have."""

PEOPLE_FIELDS = ("id", "email")
"""A source must have one of these columns."""

_LONGEST_SHOWN = 60
_NO_TEXT = (list, tuple, Mapping, bytes, bytearray, memoryview)
_WORD = re.compile(r"[^\W\d_]{1,10}|n/a|-+|\?+", re.IGNORECASE)
_DATE_LIKE = re.compile(r"[\d .,/:TZ+-]{1,30}|(\d{1,4}[ .-]*)?[^\W\d_]{1,10}[ .-]*(\d{1,4})?")


ROWS_NAMED = 10
"""How many rows one message names; the others are only counted."""

MOST_ROWS = 1_000_000
"""A source with more rows than this is not a roster, or never ends."""


class RowReader:
    """Turns rows into contractors.

    Warnings name the rows, never their content; errors also show a value that is plainly an
    address or a date: the file may be anything.
    """

    def __init__(
        self, *, source: str, unit: str, names: Mapping[str, str], most_rows: int = MOST_ROWS
    ) -> None:
        """Read up to `most_rows` rows of `source`.

        `unit` is the source's word for a row (`line`, `row`), `names` its names for the fields.
        """
        self._source = source
        self._unit = unit
        self._names = names
        self._most_rows = most_rows
        self._people = People()
        self._warnings: dict[str, list[int]] = {}
        self._errors: dict[str, list[int]] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._doubts: dict[Doubt, list[int]] = {}
        self._rows = 0

    @property
    def is_complete(self) -> bool:
        """Whether every row names somebody who can be found, nobody else, and none is short."""
        return self._doubts.keys() <= {DATE_BEYOND}

    def read_fields(
        self,
        number: int,
        fields: Sequence[object],
        positions: Mapping[str, int],
        *,
        width: int,
        other_emails: Sequence[int] = (),
    ) -> None:
        """Read a row of a table: its fields, the position of each field that counts.

        `width` is how many fields the header has. A row with content beyond it is refused; in one
        that is shorter, a separator may be lost. `other_emails` are further columns that may hold
        an address.
        """
        if any(map(has_value, fields[width:])):
            self._count(number)
            self.refuse("more fields than the header has, so columns may be shifted", number)
            return
        values = {field: fields[at] for field, at in positions.items() if at < len(fields)}
        email = _text(values.get("email"))
        others = [_text(fields[at]) for at in other_emails if at < len(fields)]
        if any(may_be_address(one) and not _same_address(one, email) for one in others):
            self._doubt(SECOND_COLUMN, number)
        used = any(map(has_value, values.values()))
        unused = () if used else fields
        matters = any(names_people(_text(cell)) or holds_date(cell) for cell in unused)
        # A longer one whose last field is empty may be shifted as well.
        believed = len(fields) == width
        self.read(number, values, has_content=matters, dates_believed=believed)
        hidden = any(may_hide_somebody(_text(cell)) for cell in unused)
        if len(fields) < width and (used or matters or hidden):
            self._note_short(number)
        elif any(has_value(cell) and not is_number(_text(cell)) for cell in unused) and not matters:
            self.warn("no id, address or date: taken for a note, and ignored", number)

    def note_beyond(self, number: int, cells: Sequence[object]) -> None:
        """Note what a row of a workbook holds beyond the header, where nothing can be shifted.

        It isn't used. It refuses the row if it names somebody, and the roster if it is a date and
        others have end dates.
        """
        if not any(map(has_value, cells)):
            return
        if any(names_people(_text(cell)) for cell in cells):
            self.refuse("an address or an account id beyond the header", number)
        elif any(map(holds_date, cells)):
            self._doubt(DATE_BEYOND, number)
        self.warn("what is beyond the last named column is not used", number)

    def read(
        self,
        number: int,
        values: Mapping[str, object],
        *,
        has_content: bool = False,
        dates_believed: bool = True,
    ) -> None:
        """Read a row: its number in the source, and its values by field.

        Values are text, numbers, dates, lists, objects or None. `has_content`: whether anything
        else in the row counts. `dates_believed`: whether the end date is certain to be in its own
        column. Raises UsageError beyond the limit of rows.
        """
        self._count(number)
        for field in PEOPLE_FIELDS:
            if _is_no_text(values.get(field)):
                self.refuse(f"{self._names.get(field, field)} is not text", number)
                return
        written_id, written_email = _text(values.get("id")), _text(values.get("email"))
        if not written_id and not written_email:
            if has_content or any(map(has_value, values.values())):
                self._doubt(UNIDENTIFIED, number)
                self.warn("neither id nor e-mail address: ignored", number)
            return
        identity = portal_id(written_id)
        if identity is None and holds_id(written_id):
            self.refuse(f"column {self._names.get('id', 'id')} is not one account id", number)
        elif written_id and identity is None:
            then = "the e-mail address is used" if written_email else "no account can be found"
            self.warn(f"the id is not a DocSpace account id: {then}", number)
            if not written_email:
                self._doubt(UNIDENTIFIED, number)
            elif "@" in written_id and not _same_address(written_id, written_email):
                self._doubt(ADDRESS_AS_ID, number)
        person = Contractor(
            id=identity if identity or written_email else user_id(written_id),
            email=self._email(written_email, number, identified=identity is not None),
            display_name=one_line(visible(_text(values.get("display_name")))),
            sponsor=_shared(one_line(visible(_text(values.get("sponsor"))))),
            end_date=self._end_date(values.get("end_date"), number, believed=dates_believed),
            kind=_shared(one_line(visible(_text(values.get("kind"))))),
        )
        for warning in self._people.add(person):
            self.warn(warning, number)

    def warn(self, warning: str, number: int) -> None:
        """Record a warning about a row."""
        self._warnings.setdefault(warning, []).append(number)

    def refuse(self, why: str, number: int, value: str = "") -> None:
        """Record an error about a row, and the value if it may be shown: `people` will refuse."""
        self._errors.setdefault(why, []).append(number)
        if value:
            self._values[why, number] = value

    def people(self) -> tuple[Contractor, ...]:
        """Return everyone read, each once, in the order of the rows.

        Raises UsageError that names every row that could not be read and, if any row has an end
        date, every row that identifies nobody, may name two people, is short, or holds a date
        beyond the header: without it, another row of the same person would decide alone.
        """
        if self._errors:
            raise UsageError(
                attempted=f"reading {self._source}",
                found="; ".join(
                    f"{self._places(numbers)}: {why}{self._values_of(why, numbers)}"
                    for why, numbers in self._errors.items()
                ),
                meaning="a wrong address or date could take somebody's access away, so the roster "
                "is used whole or not at all",
                remedy="correct these rows; leave an unknown value empty",
            )
        people = tuple(self._people)
        if not any(person.end_date for person in people):
            return people
        for doubt in DOUBTS:
            if doubt in self._doubts:
                places = self._places(self._doubts[doubt])
                raise UsageError(
                    attempted=f"reading {self._source}",
                    found=f"{places}: {doubt.found}, while others have end dates",
                    meaning=doubt.meaning,
                    remedy=doubt.remedy,
                )
        return people

    def warnings(self) -> tuple[str, ...]:
        """Return one warning for each kind, naming the rows."""
        return tuple(
            f"{self._source}, {self._places(numbers)}: {warning}"
            for warning, numbers in self._warnings.items()
        )

    def _doubt(self, doubt: Doubt, number: int) -> None:
        self._doubts.setdefault(doubt, []).append(number)

    def _note_short(self, number: int) -> None:
        self._doubt(SHORT, number)
        self.warn(
            "the row is shorter than the header: missing fields count as empty, and no guest "
            "counts as off the roster",
            number,
        )

    def _count(self, number: int) -> None:
        self._rows += 1
        if self._rows > self._most_rows:
            raise UsageError(
                attempted=f"reading {self._source}",
                found=f"{self._unit} {number} is beyond the limit of {self._most_rows:,} rows",
                meaning="it is not a roster, or it never ends",
                remedy="narrow the source down to the contractors",
            )

    def _email(self, written: str, number: int, *, identified: bool) -> str | None:
        if not written:
            return None
        column = f"column {self._names.get('email', 'email')}"
        try:
            address = email_address(written)
        except ValueError:
            if identified:
                self.warn(f"{column} is not one e-mail address: the id is used", number)
                if may_be_address(written):
                    self._doubt(UNCLEAR_ADDRESS, number)
            else:
                self.refuse(
                    f"{column} is not one e-mail address", number, _like_an_address(written)
                )
            return None
        if address != written and names_another(written):
            self._doubt(TWO_ADDRESSES, number)
            self.warn(
                f"{column} holds another address in a name, comment or query: it is ignored, and "
                "no guest counts as off the roster",
                number,
            )
        return address

    def _end_date(self, value: object, number: int, *, believed: bool) -> date | None:
        if not has_value(value):
            return None
        if not believed:
            self.warn(
                "the row has fewer or more fields than the header: its end date is ignored", number
            )
            return None
        try:
            return _day(value)
        except BeforeBelief:
            self.warn("an end date before the year 2000 is taken as no end", number)
        except (ValueError, OverflowError):
            column = self._names.get("end_date", "end_date")
            written = _like_a_date(_text(value))
            self.refuse(f"column {column} is not a date as in 2026-12-31", number, written)
        return None

    def _values_of(self, why: str, numbers: list[int]) -> str:
        """Return the values that an error is about, of the rows that are named, each once."""
        about = [(why, number) for number in numbers[:ROWS_NAMED]]
        values = [self._values[one] for one in about if one in self._values]
        named = ", ".join(f"{value!r}" for value in dict.fromkeys(values))
        return f" ({named})" if named else ""

    def _places(self, numbers: list[int]) -> str:
        named = ", ".join(str(number) for number in numbers[:ROWS_NAMED])
        more = len(numbers) - ROWS_NAMED
        units = self._unit if len(numbers) == 1 else f"{self._unit}s"
        return f"{units} {named} and {more} more" if more > 0 else f"{units} {named}"


def has_value(value: object) -> bool:
    """Return whether a field is filled: with more than blanks, an empty list or object."""
    return _is_no_text(value) or bool(_text(value))


def _is_no_text(value: object) -> bool:
    """Return whether a value is a list, an object or binary data, and not empty."""
    return isinstance(value, _NO_TEXT) and bool(value)


def _text(value: object) -> str:
    """Return a value as the text that a person would have written; whole numbers without `.0`.

    Lists, objects and binary data have none.
    """
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, _NO_TEXT):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _same_address(first: str, second: str) -> bool:
    """Return whether two texts name one address and no other; also where both are no address."""
    try:
        same = email_key(email_address(first)) == email_key(email_address(second))
        return same and not names_another(first) and not names_another(second)
    except ValueError:
        return first.casefold() == second.casefold()


def _like_an_address(text: str) -> str:
    """Return `text` if it is plainly meant as an address, or as none; a secret is neither."""
    shown = one_line(text) or ""
    meant = "@" in shown or _WORD.fullmatch(shown)
    return shown if meant and len(shown) <= _LONGEST_SHOWN and shown.isprintable() else ""


def _like_a_date(text: str) -> str:
    """Return `text` if it is plainly meant as a date: digits, and words as in `31 Dezember`."""
    return text if _DATE_LIKE.fullmatch(text) else ""


def _shared(text: str | None) -> str | None:
    """Return `text` itself, kept once: thousands of rows name the same sponsor."""
    return None if text is None else intern(text)


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        # A date that a database or a workbook keeps as a midnight without zone is that day.
        return day_of(value)
    if isinstance(value, date):
        return believable(value)
    if isinstance(value, str):
        return last_day(value)
    raise ValueError("not a date")
