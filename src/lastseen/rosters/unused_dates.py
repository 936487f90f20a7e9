"""Columns of dates that no field uses, where nothing says when contracts end.

A table may call that column by any name. Taken for one without it, its roster would end nobody's
contract, and nothing would show it.
"""

from collections.abc import Mapping, Sequence

from lastseen.rosters.columns import Columns, is_plain_name
from lastseen.rosters.unused_cells import holds_date

ROWS_LOOKED_AT = 100
"""In so many rows a date is looked for."""

COLUMNS_NAMED = 5
"""So many columns are named; the others are only counted."""


class UnusedDates:
    """Looks for such columns, row by row; for none if the end of contracts has its column.

    Nor for any where `[roster.columns]` says that the source lacks it: `end_date = ""`.
    """

    def __init__(
        self, header: Sequence[str], positions: Mapping[str, int], columns: Columns
    ) -> None:
        """Look in the columns of `header` other than those in `positions`, a field's each."""
        self._header = header
        is_settled = "end_date" in positions or columns.end_is_chosen
        used = set(positions.values())
        self._unused = [] if is_settled else [p for p in range(len(header)) if p not in used]
        self._dated: set[int] = set()
        self._rows = 0

    def look(self, fields: Sequence[object]) -> None:
        """Take a row."""
        if not self._unused or self._rows >= ROWS_LOOKED_AT:
            return
        self._rows += 1
        found = (p for p in self._unused if p < len(fields) and holds_date(fields[p]))
        self._dated.update(found)

    def warnings(self) -> tuple[str, ...]:
        """Return a warning that names those columns, if there are any."""
        if not self._dated:
            return ()
        places = sorted(self._dated)
        names = {place: self._header[place].strip() for place in places}
        plain = [name for name in names.values() if is_plain_name(name)]
        shown = [
            name if is_plain_name(name) else f"number {place + 1}"
            for place, name in list(names.items())[:COLUMNS_NAMED]
        ]
        more = f" and {len(places) - len(shown)} more" if len(places) > len(shown) else ""
        remedy = f'set end_date = "{plain[0]}"' if plain else "give it a name, set that as end_date"
        return (
            "the roster has no column end_date, so no contract ends; there are dates in the "
            f"{'column' if len(places) == 1 else 'columns'} {', '.join(shown)}{more}: if one is "
            f'the end of the contract, {remedy} under [roster.columns], otherwise end_date = ""',
        )
