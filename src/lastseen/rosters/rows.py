"""From a row of named fields to a contractor: the same for every source that has rows.

What a column is called, what a date looks like, when two rows are one person. Where rows come from
is the business of the sources.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from uuid import UUID

import msgspec

from lastseen.model.contractor import Contractor, UserId, email_key, user_id
from lastseen.model.errors import UsageError
from lastseen.model.instant import parse_instant, utc_date

FIELDS = ("id", "email", "display_name", "sponsor", "end_date")
"""What a row may say of a contractor."""

PLACES_NAMED = 10
"""How many rows one warning names; of the others it gives the number."""

NOBODY = UUID(int=0)
"""The id that the portal gives to nobody in particular."""


class Row(msgspec.Struct, frozen=True):
    """One row of a source."""

    number: int
    """Where it is, counted from 1 in the source's own way: a line of a file, a row of a result."""
    fields: Mapping[str, str]
    """What it says, trimmed, by the names in `FIELDS`."""


class RowReader:
    """Makes contractors of rows, and collects what there is to say about the rows."""

    def __init__(self, *, source: str, unit: str) -> None:
        """Read for messages about `source`, whose rows are counted in `unit`: `line`, `row`."""
        self._source = source
        self._unit = unit
        self._people = _People()
        self._noted: dict[str, list[int]] = {}
        self._unreadable: list[tuple[int, str]] = []

    def read(self, row: Row) -> None:
        """Take in one row; a row that names nobody is noted and ignored."""
        fields = row.fields
        written_id, email = fields.get("id", ""), fields.get("email", "")
        if not written_id and not email:
            self.note("neither id nor e-mail: ignored", row.number)
            return
        identity = portal_id(written_id)
        if written_id and identity is None:
            then = "the e-mail address is used" if email else "nobody can be found by it"
            self.note(f"the id is not that of a DocSpace account: {then}", row.number)
        if email and not can_be_address(email):
            self.note("that is no e-mail address", row.number)
        person = Contractor(
            id=identity if identity or email else user_id(written_id),
            email=email or None,
            display_name=_one_line(fields.get("display_name", "")),
            sponsor=_one_line(fields.get("sponsor", "")),
            end_date=self._end_date(fields.get("end_date", ""), row.number),
        )
        for remark in self._people.add(person):
            self.note(remark, row.number)

    def note(self, remark: str, number: int) -> None:
        """Keep a remark on a row, for the warnings."""
        self._noted.setdefault(remark, []).append(number)

    def people(self) -> tuple[Contractor, ...]:
        """Return everyone read, each once, in the order of the rows.

        Raises UsageError where an end date could not be read: guessing at one could take someone's
        access away.
        """
        if self._unreadable:
            number, text = self._unreadable[0]
            others = [number for number, _ in self._unreadable[1:]]
            also = f"; the same goes for {self._places(others)}" if others else ""
            raise UsageError(
                attempted=f"reading {self._source}",
                found=f"{self._unit} {number} has the end date {text!r}, "
                f"which is not an ISO date{also}",
                meaning="the end of a contract can take access away, so it is not guessed at",
                remedy="write it as in 2026-12-31, or leave the field empty",
            )
        return tuple(self._people)

    def warnings(self) -> tuple[str, ...]:
        """Return one warning for each kind of remark, naming the rows."""
        return tuple(
            f"{self._source}, {self._places(numbers)}: {remark}"
            for remark, numbers in self._noted.items()
        )

    def _end_date(self, text: str, number: int) -> date | None:
        """Read a date or a date-time.

        A time in another zone than UTC may fall on two days: the later holds, so that nobody's
        contract ends a day early.
        """
        if not text:
            return None
        try:
            if len(text) <= len("2026-12-31"):
                return date.fromisoformat(text)
            return max(date.fromisoformat(text[:10]), utc_date(parse_instant(text)))
        except (ValueError, OverflowError):
            self._unreadable.append((number, text))
            return None

    def _places(self, numbers: list[int]) -> str:
        named = ", ".join(str(number) for number in numbers[:PLACES_NAMED])
        more = len(numbers) - PLACES_NAMED
        units = self._unit if len(numbers) == 1 else f"{self._unit}s"
        return f"{units} {named} and {more} more" if more > 0 else f"{units} {named}"


def column_names(columns: Mapping[str, str]) -> dict[str, str]:
    """Return what the source calls each field; a field that it is said not to have is left out.

    Raises UsageError where `columns` speaks of a field that contractors don't have.
    """
    unknown = sorted(set(columns) - set(FIELDS))
    if unknown:
        raise UsageError(
            attempted="reading roster.columns",
            found=f"it names {', '.join(unknown)}",
            meaning="a contractor has no such field",
            remedy=f"the fields are {', '.join(FIELDS)}",
        )
    names = {field: columns.get(field, field).strip() for field in FIELDS}
    return {field: name for field, name in names.items() if name}


def portal_id(text: str) -> UserId | None:
    """Return the id of an account as the portal writes it, or None where `text` can't be one.

    The portal takes anything else for a user name (UserController.cs, GetProfileByUserId), so it
    must never be asked for.
    """
    try:
        guid = UUID(text.strip())
    except ValueError:
        return None
    return None if guid == NOBODY else user_id(str(guid))


def can_be_address(text: str) -> bool:
    """Say whether the portal would look for `text` as an e-mail address.

    It answers 400 to anything else: more than 255 characters, a line break, or not exactly one @
    with something on both sides (MemberRequestDto.cs, GetMemberByEmailRequestDto).
    """
    name, _, domain = text.strip().partition("@")
    return bool(name and domain) and "@" not in domain and len(text) <= 255 and text.isprintable()


def merged(first: Contractor, second: Contractor) -> Contractor:
    """Return the one person that two rows speak of: what the first says goes before the second.

    The end date alone is different. The later one holds, and none at all where either row has
    none: a contract that goes on, or may, must not be taken for one that has ended.
    """
    ends = (first.end_date, second.end_date)
    return Contractor(
        id=first.id or second.id,
        email=first.email or second.email,
        display_name=first.display_name or second.display_name,
        sponsor=first.sponsor or second.sponsor,
        end_date=None if ends[0] is None or ends[1] is None else max(ends[0], ends[1]),
    )


def _one_line(text: str) -> str | None:
    return " ".join(text.split()) or None


class _People(Iterable[Contractor]):
    """Contractors in the order of the rows, found again by id and by address."""

    def __init__(self) -> None:
        self._people: list[Contractor] = []
        self._by_id: dict[UserId, int] = {}
        self._by_email: dict[str, int] = {}

    def __iter__(self) -> Iterator[Contractor]:
        return iter(self._people)

    def add(self, person: Contractor) -> Iterator[str]:
        """Take in a person, and yield what is odd about a second row on somebody known."""
        position = self._position(person)
        if position is None:
            self._people.append(person)
            self._index(len(self._people) - 1)
            return
        before = self._people[position]
        self._people[position] = merged(before, person)
        self._index(position)
        if before.email and person.email and email_key(before.email) != email_key(person.email):
            yield "a second e-mail address for an id that is there already: the first is used"
        if before.end_date != person.end_date:
            yield (
                "another end date for somebody who is there already: the later one holds, "
                "and none where one is missing"
            )

    def _position(self, person: Contractor) -> int | None:
        """Find the person by id, else by address unless that would give one person two ids."""
        if person.id is not None and person.id in self._by_id:
            return self._by_id[person.id]
        if person.email is None:
            return None
        position = self._by_email.get(email_key(person.email))
        if position is None or None in (person.id, self._people[position].id):
            return position
        return None

    def _index(self, position: int) -> None:
        person = self._people[position]
        if person.id is not None:
            self._by_id.setdefault(person.id, position)
        if person.email is not None:
            self._by_email.setdefault(email_key(person.email), position)
