"""Which column of a source holds which field of a contractor, by `[roster.columns]` and the header.

For every source with named columns. How values are interpreted is up to `rows`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from lastseen.model.errors import UsageError
from lastseen.rosters.cells import names_somebody, visible
from lastseen.rosters.rows import FIELDS, PEOPLE_FIELDS

EMAIL_NAMES = frozenset(
    {
        "email",
        "mail",
        "emailaddress",
        "mailaddress",
        "emailadresse",
        "mailadresse",
        "adresseemail",
        "adressemail",
        "courriel",
        "adressecourriel",
        "correo",
        "correoelectrónico",
        "correoelectronico",
        "direccióndecorreo",
        "indirizzoemail",
        "postaelettronica",
        "endereçodeemail",
        "enderecodeemail",
        "emailadres",
        "mailadres",
        "epost",
        "epostadress",
        "adresemail",
        "adrespocztyelektronicznej",
        "почта",
        "электроннаяпочта",
        "элпочта",
        "емейл",
        "имейл",
        "邮箱",
        "电子邮件",
        "电子邮箱",
        "メール",
        "メールアドレス",
        "이메일",
    }
)
"""What the e-mail column may also be called, without blanks, hyphens and dots, in any case."""

_NAMES_SHOWN = 20
_BETWEEN = re.compile(r"[\s._-]+")
_PLAIN_NAME = re.compile(r"[^\W_][\w .,/()'-]{0,39}")


class Columns:
    """The names that a source has for the fields."""

    def __init__(self, renamed: Mapping[str, str]) -> None:
        """Apply `[roster.columns]`: an empty name means that the source lacks the field.

        Raises UsageError for a field that contractors don't have.
        """
        unknown = sorted(set(renamed) - set(FIELDS))
        if unknown:
            raise UsageError(
                attempted="reading roster.columns",
                found=f"it names {', '.join(unknown)}",
                meaning="a contractor has no such field",
                remedy=f"the fields are {', '.join(FIELDS)}",
            )
        self._renamed = frozenset(renamed)
        named = {field: renamed.get(field, field).strip() for field in FIELDS}
        self.names: dict[str, str] = {field: name for field, name in named.items() if name}
        """What the source calls each field that it has."""
        self.end_is_chosen = "end_date" in renamed
        """Whether the configuration says which column is the end of a contract."""
        self._wanted = [self.names[field] for field in PEOPLE_FIELDS if field in self.names]

    def name_somebody(self, header: Sequence[str]) -> bool:
        """Return whether the id or the e-mail column is in `header`."""
        wanted = {folded(name) for name in self._wanted}
        return bool(wanted & {folded(name) for name in header}) or bool(
            self._email_by_alias(header)
        )

    def positions(self, header: Sequence[str], *, source: str) -> dict[str, int]:
        """Return the position of each field that `header` has.

        Raises UsageError if both the id and the e-mail column are missing, if a renamed column is
        missing, if a name occurs twice, and if a column name looks like a person's id or address.
        """
        if not self.name_somebody(header):
            raise self.nobody_named(header, source=source)
        if any(map(names_somebody, header)):
            raise unusable_header(
                source,
                "one of its columns is named like a person's address or id",
                "give the header a line of its own, and end every line with a line feed",
            )
        names = [folded(name) for name in header]
        positions: dict[str, int] = {}
        for field, name in self.names.items():
            found = names.count(folded(name))
            if found > 1:
                raise unusable_header(
                    source, f"it has {found} columns {name}", "rename or remove all but one"
                )
            if found:
                positions[field] = names.index(folded(name))
                if field == "end_date" and not self.end_is_chosen:
                    _demand_one_end(name, header, source=source)
            elif field == "email" and (places := self._email_by_alias(header)):
                if len(places) > 1:
                    called = " and ".join(header[place].strip() for place in places)
                    raise unusable_header(
                        source,
                        f"{called} may each be the e-mail column",
                        'say which one it is under [roster.columns], for example email = "Mail"',
                    )
                positions[field] = places[0]
            elif field in self._renamed:
                raise unusable_header(
                    source,
                    f"it has no column {name}, which roster.columns names for {field}",
                    "correct roster.columns, or the source's header",
                )
        return positions

    def other_emails(self, header: Sequence[str]) -> tuple[int, ...]:
        """Return the columns with another usual name of the e-mail column, beside the one used.

        Empty if the configuration names that column. They may belong to a second table.
        """
        if folded("email") not in map(folded, header):
            return ()
        used = [folded(name) for name in header].index(folded("email"))
        return tuple(place for place in self._email_by_alias(header) if place != used)

    def _email_by_alias(self, header: Sequence[str]) -> list[int]:
        """Return the columns that have another usual name of the e-mail column.

        Only where the configuration doesn't name it.
        """
        if "email" in self._renamed:
            return []
        return [
            place
            for place, name in enumerate(header)
            if _BETWEEN.sub("", folded(name)) in EMAIL_NAMES
        ]

    def nobody_named(self, header: Sequence[str], *, source: str) -> UsageError:
        """Return the error of a source without id and e-mail column.

        The names in `header` are only shown where they look like names: the file may be anything.
        """
        shown = [name.strip() for name in header if name.strip()]
        plain = len(shown) > 1 and all(map(is_plain_name, shown))
        others = f", only {', '.join(shown[:_NAMES_SHOWN])}" if plain else ""
        return unusable_header(
            source,
            f"it has no column {' or '.join(self._wanted)}{others}",
            'name the columns under [roster.columns], for example email = "Mail", '
            "or give the source a header",
        )


def ends(wanted: str, names: Iterable[str]) -> list[str]:
    """Return the names that are `wanted`, but for blanks, hyphens, dots and case."""
    plain = _BETWEEN.sub("", folded(wanted))
    return [name.strip() for name in names if _BETWEEN.sub("", folded(name)) == plain]


def _demand_one_end(wanted: str, names: Sequence[str], *, source: str) -> None:
    found = ends(wanted, names)
    if len(found) > 1:
        raise unusable_header(
            source,
            f"{' and '.join(found)} may each be the end of a contract",
            'say which one it is under [roster.columns], for example end_date = "End Date"',
        )


def is_plain_name(name: str) -> bool:
    """Return whether a header's cell looks like a column's name, and may be shown."""
    return _PLAIN_NAME.fullmatch(name) is not None


def folded(name: str) -> str:
    """Return a column's name in the form used for comparison."""
    return visible(name).casefold()


def unusable_header(source: str, found: str, remedy: str) -> UsageError:
    """Return the error of a header in which the columns can't be identified."""
    return UsageError(
        attempted=f"reading the header of {source}",
        found=found,
        meaning="so it is unknown which column holds what",
        remedy=remedy,
    )
