"""Mutated tables of a database, read as a roster by a query.

Values of other types, text that isn't UTF-8, columns of other names, rows shifted, lost or twice,
and damaged pages of the database file. Judged as every mutated roster.
"""

import random
import re
import sqlite3
from collections.abc import Callable, Iterator

from campaigns.fuzz import texts
from campaigns.fuzz.finding import Finding
from campaigns.fuzz.judging import Mutant
from campaigns.fuzz.rosters import COLUMNS, ROWS, column, roster_findings
from campaigns.mutations import bytes_changed

Value = str | bytes | float | None
Row = list[Value]
Table = list[Row]
"""The header and the rows."""

SAID = ("id", "email", "end_date")
"""The columns that count: what stands in another one of a table is of no interest."""

_OTHERS: tuple[Value, ...] = (
    None,
    "",
    0,
    1,
    -1,
    2**63 - 1,
    46387,
    46387.5,
    1e308,
    float("inf"),
    b"",
    b"\xff\xfe",
    b"ann@vendor.example",
    "2028-12-31 00:00:00",
    "1704067200",
)


def sql_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated tables; yield what must not happen."""
    return roster_findings("sql", number, seed, _mutated_table)


def _mutated_table(chance: random.Random) -> Mutant:
    table: Table = []
    for row in (COLUMNS, *ROWS):
        table.append([*row])
    names = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutation = chance.choice(MUTATIONS)
        names.append(mutation.__name__.strip("_").replace("_", " "))
        mutation(table, chance)
    body = _database(table)
    if chance.random() < 0.15:
        names.append("damaged pages")
        body = bytes_changed(body, chance)
    header, records = _read(body)
    return Mutant(
        mutation=", ".join(names), body=body, records=records, columns=[*map(column, header)]
    )


def _text_changed(table: Table, chance: random.Random) -> None:
    row, place = _place(table, chance)
    row[place] = texts.mutated(_bytes(row[place]), chance)[1].decode("utf-8", "surrogateescape")


def _another_type(table: Table, chance: random.Random) -> None:
    row, place = _place(table, chance)
    value = row[place]
    row[place] = chance.choice((*_OTHERS, _bytes(value) if isinstance(value, str) else None))


def _values_swapped(table: Table, chance: random.Random) -> None:
    first, place = _place(table, chance)
    second, other = _place(table, chance)
    first[place], second[other] = second[other], first[place]


def _row_shifted(table: Table, chance: random.Random) -> None:
    row, place = _place(table, chance)
    if chance.random() < 0.5:
        row.insert(place, None)
        row.pop()
    else:
        row.pop(place)
        row.append(None)


def _row_lost(table: Table, chance: random.Random) -> None:
    if len(table) > 1:
        del table[chance.randrange(1, len(table))]


def _row_twice(table: Table, chance: random.Random) -> None:
    row, _ = _place(table, chance)
    table.insert(chance.randrange(1, len(table) + 1), list(row))


def _column_renamed(table: Table, chance: random.Random) -> None:
    place = chance.randrange(len(COLUMNS))
    name = texts.mutated(_bytes(table[0][place]), chance)[1].decode("utf-8", "replace")
    if name and "\0" not in name and len(name) < 1_000:
        table[0][place] = name


MUTATIONS: tuple[Callable[[Table, random.Random], None], ...] = (
    _text_changed,
    _text_changed,
    _another_type,
    _another_type,
    _values_swapped,
    _row_shifted,
    _row_lost,
    _row_twice,
    _column_renamed,
)


def _place(table: Table, chance: random.Random) -> tuple[Row, int]:
    """Return a row, the header only if there is no other, and the place of a value in it."""
    row = chance.choice(table[1:] or table)
    return row, chance.randrange(len(COLUMNS))


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")


def _database(table: Table) -> bytes:
    """Return a SQLite file with the rows; its names are the usual ones if it takes no others."""
    header, *rows = table
    connection = sqlite3.connect(":memory:")
    for names in (header, COLUMNS):
        quoted = ", ".join('"' + str(name).replace('"', '""') + '"' for name in names)
        try:
            connection.execute(f"CREATE TABLE people ({quoted})")
            break
        except (sqlite3.Error, UnicodeEncodeError):  # the same name twice, or none that is text
            continue
    for row in rows:
        # Only so text that isn't UTF-8 gets into a column.
        values = ", ".join("CAST(? AS TEXT)" if isinstance(one, str) else "?" for one in row)
        given = [_bytes(one) if isinstance(one, str) else one for one in row]
        connection.execute(f"INSERT INTO people VALUES ({values})", given)
    connection.commit()
    body = connection.serialize()
    connection.close()
    return body


def _read(body: bytes) -> tuple[list[str], list[str]]:
    """Return the names and the rows of a database, as far as they can be read."""
    connection = sqlite3.connect(":memory:")
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    records: list[str] = []
    names: list[str] = []
    try:
        connection.deserialize(body)
        result = connection.execute("SELECT * FROM people")
        names = [one[0] for one in result.description]
        for row in result:
            fields = {column(name): value for name, value in zip(names, row, strict=True)}
            records.append(" | ".join(said(name, fields.get(name)) for name in SAID))
    except (sqlite3.Error, UnicodeDecodeError):
        pass
    finally:
        connection.close()
    return names, records


def said(name: str, value: object) -> str:
    """Return a value as text; a date that isn't in the column of the end is no end.

    A letter takes its place, so that what stands around it doesn't become somebody's address.
    """
    text = "" if value is None else str(value)
    return text if name == "end_date" else re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "x", text)
