"""Rows about the same person become one contractor. Pure."""

from collections.abc import Iterable, Iterator

from lastseen.model.contractor import Contractor, UserId, email_key


class People(Iterable[Contractor]):
    """Contractors in the order of the rows, found again by id and by address."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._people: list[Contractor] = []
        self._by_id: dict[UserId, int] = {}
        self._by_email: dict[str, int] = {}

    def __iter__(self) -> Iterator[Contractor]:
        return iter(self._people)

    def add(self, person: Contractor) -> Iterator[str]:
        """Add a person; yields warnings about a second row of a known person."""
        position = self._position(person)
        if position is None:
            if person.id is not None and person.id in self._by_id:
                yield "a second e-mail address for an id that was already read: both are looked up"
            self._people.append(person)
            self._index(len(self._people) - 1)
            return
        before = self._people[position]
        self._people[position] = merged(before, person)
        self._index(position)
        if before.end_date != person.end_date:
            yield (
                "another end date for a person who was already read: the later one counts, "
                "and none where one is missing"
            )

    def _position(self, person: Contractor) -> int | None:
        """Find the person by id, otherwise by address unless that would give one person two ids.

        One id with two addresses stays two people: the second address may be another account's,
        which must not be lost. Rows that lead to one account are joined when they are matched.
        """
        by_email = self._by_email.get(email_key(person.email)) if person.email else None
        if person.id is not None and person.id in self._by_id:
            position = self._by_id[person.id]
            known = self._people[position].email
            if not known or not person.email or email_key(known) == email_key(person.email):
                return position
            is_second = by_email is not None and self._people[by_email].id == person.id
            return by_email if is_second else None
        if by_email is None or None in (person.id, self._people[by_email].id):
            return by_email
        return None

    def _index(self, position: int) -> None:
        person = self._people[position]
        if person.id is not None:
            self._by_id.setdefault(person.id, position)
        if person.email is not None:
            key = email_key(person.email)
            # Nearly always the address itself, which need not be stored twice.
            self._by_email.setdefault(person.email if key == person.email else key, position)


def merged(first: Contractor, second: Contractor) -> Contractor:
    """Return the one person that two rows describe; the first row's values take precedence.

    The end date is different: the later one counts, and none at all if either row has
    none: a contract that continues, or may, must not count as ended.
    """
    ends = (first.end_date, second.end_date)
    return Contractor(
        id=first.id or second.id,
        email=first.email or second.email,
        display_name=first.display_name or second.display_name,
        sponsor=first.sponsor or second.sponsor,
        end_date=None if ends[0] is None or ends[1] is None else max(ends[0], ends[1]),
        kind=first.kind or second.kind,
    )
