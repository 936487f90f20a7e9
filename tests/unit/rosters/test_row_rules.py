"""Rules about rows that hold for every source that has rows."""

import asyncio
import csv
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from aiohttp import web

from lastseen.model.contractor import Contractor
from lastseen.model.errors import UsageError
from lastseen.rosters import Listing, RosterOptions, open_roster
from tests.unit.rosters.pretended_portal import PretendedPortal
from tests.unit.rosters.services import served

Rows = Sequence[Sequence[object]]
HEADER = ("email", "display_name", "start", "end_date")
ENDED = ("ann@x.org", "Ann", "2022-01-01", "2023-06-30")


def read(options: RosterOptions) -> Listing:
    return asyncio.run(open_roster(options).load(PretendedPortal()))


def from_csv(rows: Rows, folder: Path) -> Listing:
    path = folder / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return read(RosterOptions(source="csv", path=path))


def from_xlsx(rows: Rows, folder: Path) -> Listing:
    workbook = openpyxl.Workbook()
    for row in (HEADER, *rows):
        workbook.active.append(row)
    workbook.save(folder / "people.xlsx")
    return read(RosterOptions(source="xlsx", path=folder / "people.xlsx"))


def from_sql(rows: Rows, folder: Path) -> Listing:
    (folder / "people.db").unlink(missing_ok=True)
    with sqlite3.connect(folder / "people.db") as connection:
        connection.execute("CREATE TABLE people (email, display_name, start, end_date)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows)
    url = f"sqlite:///{folder}/people.db"
    return read(RosterOptions(source="sql", url=url, query="SELECT * FROM people"))


def from_http(rows: Rows, folder: Path) -> Listing:
    people = [dict(zip(HEADER, row, strict=True)) for row in rows]
    return served_as(people, RosterOptions(source="http"))


def from_scim(rows: Rows, folder: Path) -> Listing:
    users = [
        {"id": f"u{number}", "emails": [{"value": email}] if email else [], "end_date": end}
        for number, (email, _, _, end) in enumerate(rows)
    ]
    document = {"totalResults": len(users), "Resources": users}
    return served_as(document, RosterOptions(source="scim", columns={"end_date": "end_date"}))


def served_as(document: object, options: RosterOptions) -> Listing:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("ServiceProviderConfig"):
            return web.Response(status=404)
        return web.json_response(document)

    async def play() -> Listing:
        async with served(answer) as url:
            asked = RosterOptions(source=options.source, url=url, columns=options.columns)
            return await open_roster(asked).load(PretendedPortal())

    return asyncio.run(play())


Source = Callable[[Rows, Path], Listing]
EVERY_SOURCE = pytest.mark.parametrize(
    "source",
    [from_csv, from_xlsx, from_sql, from_http, from_scim],
    ids=["csv", "xlsx", "sql", "http", "scim"],
)
TABLES = pytest.mark.parametrize("source", [from_csv, from_xlsx], ids=["csv", "xlsx"])


@EVERY_SOURCE
@pytest.mark.parametrize(
    "nobody",
    [(None, "Ann", None, "2028-12-31"), (" ", "Ann", None, None)],
    ids=["with an end", "with a name only"],
)
def test_a_row_that_names_nobody_is_refused_beside_end_dates(source: Source, nobody, tmp_path):
    with pytest.raises(UsageError, match=r"[23]: nothing by which an account can be found"):
        source([ENDED, nobody], tmp_path)


@EVERY_SOURCE
def test_without_end_dates_a_row_that_names_nobody_leaves_nobody_off_the_roster(
    source: Source, tmp_path
):
    listing = source([("ann@x.org", "Ann", None, None), (None, "Bob", None, None)], tmp_path)

    assert [person.email for person in listing.contractors] == ["ann@x.org"]
    assert not listing.complete


@pytest.mark.parametrize(
    "source", [from_csv, from_xlsx, from_sql, from_http], ids=["csv", "xlsx", "sql", "http"]
)
def test_a_row_filled_only_in_columns_that_do_not_count_names_nobody(source: Source, tmp_path):
    # The address may have slipped into such a column.
    with pytest.raises(UsageError, match=r"[23]: nothing by which an account can be found"):
        source([ENDED, (None, None, "ann@x.org", None)], tmp_path)


@pytest.mark.parametrize(
    "source", [from_csv, from_xlsx, from_sql, from_http], ids=["csv", "xlsx", "sql", "http"]
)
def test_a_blank_row_is_nothing(source: Source, tmp_path):
    listing = source([ENDED, (None, " ", "", None)], tmp_path)

    assert listing.contractors == (
        Contractor(email="ann@x.org", display_name="Ann", end_date=date(2023, 6, 30)),
    )
    assert listing.complete
    assert listing.warnings == ()


@pytest.mark.parametrize("source", [from_csv, from_xlsx, from_sql], ids=["csv", "xlsx", "sql"])
@pytest.mark.parametrize(
    "note", [3, 1234.5, True, "FALSE", "17", "Last updated 2026-11-01 by HR", "ask hr@x.org", "N/A"]
)
def test_a_note_or_a_number_beside_the_columns_names_nobody(source: Source, note, tmp_path):
    listing = source([ENDED, (None, None, note, None)], tmp_path)

    assert [person.email for person in listing.contractors] == ["ann@x.org"]
    assert listing.complete


@pytest.mark.parametrize("source", [from_csv, from_xlsx, from_sql], ids=["csv", "xlsx", "sql"])
@pytest.mark.parametrize(
    "somebody",
    [
        "bob@x.org",
        "Bob <bob@x.org>",
        "bob@x.org; eve@x.org",
        "00000000-0000-4000-8000-000000000001",
        "2028-12-31",
        "31.12.2028",
        "12/31/28 10:00",
        "1900-01-01",
    ],
)
def test_an_address_an_id_or_a_date_beside_the_columns_may_be_somebodys(
    source: Source, somebody, tmp_path
):
    with pytest.raises(UsageError, match=r"[23]: nothing by which an account can be found"):
        source([ENDED, (None, None, somebody, None)], tmp_path)
    unnamed = [("ann@x.org", None, None, None), (None, None, somebody, None)]
    assert not source(unnamed, tmp_path).complete


def test_what_is_taken_for_a_note_is_told(tmp_path):
    listing = from_csv([ENDED, (None, None, "Total", None), (None, None, "17", None)], tmp_path)

    (warning,) = listing.warnings
    assert "line 3: no id, address or date: taken for a note, and ignored" in warning


@TABLES
def test_blanks_beyond_the_header_are_nothing(source: Source, tmp_path):
    listing = source([("ann@x.org", "Ann", None, None, " ", None)], tmp_path)

    assert [person.email for person in listing.contractors] == ["ann@x.org"]


@pytest.mark.parametrize("field", ["id", "email"])
@pytest.mark.parametrize("value", [["ann@x.org"], {"value": "ann@x.org"}])
def test_a_list_or_an_object_instead_of_a_name_refuses_the_list(field, value):
    row = {"id": "00000000-0000-4000-8000-000000000001", "email": "bob@x.org", field: value}

    with pytest.raises(UsageError, match=f"row 1: {field} is not text"):
        served_as([row], RosterOptions(source="http"))


def test_binary_data_instead_of_an_address_refuses_the_rows(tmp_path):
    with pytest.raises(UsageError, match="row 2: email is not text"):
        from_sql([ENDED, (b"ann@x.org", "Ann", None, None)], tmp_path)


def test_an_end_date_that_is_a_list_is_no_date():
    row = {"email": "ann@x.org", "end_date": ["2024-01-01"]}

    with pytest.raises(UsageError, match="row 1: column end_date is not a date"):
        served_as([row], RosterOptions(source="http"))


ANN, BOB = "ann@x.org", "bob@x.org"
ID = "00000000-0000-4000-8000-000000000001"


def identified_csv(rows: Rows, folder: Path) -> Listing:
    path = folder / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "email", "end_date"), *rows])
    return read(RosterOptions(source="csv", path=path))


def identified_xlsx(rows: Rows, folder: Path) -> Listing:
    workbook = openpyxl.Workbook()
    for row in (("id", "email", "end_date"), *rows):
        workbook.active.append(row)
    workbook.save(folder / "people.xlsx")
    return read(RosterOptions(source="xlsx", path=folder / "people.xlsx"))


def identified_sql(rows: Rows, folder: Path) -> Listing:
    (folder / "people.db").unlink(missing_ok=True)
    with sqlite3.connect(folder / "people.db") as connection:
        connection.execute("CREATE TABLE people (id, email, end_date)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
    url = f"sqlite:///{folder}/people.db"
    return read(RosterOptions(source="sql", url=url, query="SELECT * FROM people"))


def identified_http(rows: Rows, folder: Path) -> Listing:
    people = [dict(zip(("id", "email", "end_date"), row, strict=True)) for row in rows]
    return served_as(people, RosterOptions(source="http"))


def identified_scim(rows: Rows, folder: Path) -> Listing:
    users = [
        {"id": f"u{n}", "account": identity, "emails": [{"value": email}], "end": end}
        for n, (identity, email, end) in enumerate(rows)
    ]
    document = {"totalResults": len(users), "Resources": users}
    columns = {"id": "account", "end_date": "end"}
    return served_as(document, RosterOptions(source="scim", columns=columns))


IDENTIFIED = pytest.mark.parametrize(
    "source",
    [identified_csv, identified_xlsx, identified_sql, identified_http, identified_scim],
    ids=["csv", "xlsx", "sql", "http", "scim"],
)


@IDENTIFIED
@pytest.mark.parametrize("swapped", [BOB, f"Bob <{BOB}>", f"mailto:{BOB}", "bob@", f"{ANN};{BOB}"])
def test_another_address_in_the_id_column_is_refused_beside_end_dates(
    source: Source, swapped, tmp_path
):
    # The row may be Bob's, and his other row has ended.
    with pytest.raises(UsageError, match=r"[34]: another address in the id column") as refused:
        source([(ID, ANN, "2023-06-30"), (None, BOB, "2023-06-30"), (swapped, ANN, None)], tmp_path)
    assert 'id = ""' in refused.value.remedy


@IDENTIFIED
@pytest.mark.parametrize(
    "user_name", ["4711", "ann.smith", "X\\asmith", ANN, ANN.upper(), f"<{ANN}>"]
)
def test_a_number_a_user_name_or_the_own_address_in_the_id_column_does_no_harm(
    source: Source, user_name, tmp_path
):
    listing = source([(user_name, ANN, "2023-06-30")], tmp_path)

    assert listing.contractors == (Contractor(email=ANN, end_date=date(2023, 6, 30)),)
    assert listing.complete


@IDENTIFIED
@pytest.mark.parametrize(
    "unclear", [f"{ANN};{BOB}", "bob(at)x.org", "b@b@x.org", f"{ID}0", "bobx.org"]
)
def test_a_damaged_address_beside_an_id_is_refused_beside_end_dates(
    source: Source, unclear, tmp_path
):
    with pytest.raises(UsageError, match=r"[23]: an account id beside something that is not one"):
        source([(None, BOB, "2023-06-30"), (ID, unclear, None)], tmp_path)


@IDENTIFIED
@pytest.mark.parametrize("note", ["n/a", "-", "Ann", "no e-mail", "k. A.", "0"])
def test_a_note_instead_of_an_address_beside_an_id_does_no_harm(source: Source, note, tmp_path):
    listing = source([(ID, note, "2023-06-30")], tmp_path)

    assert [person.id for person in listing.contractors] == [ID]
    assert listing.complete


@IDENTIFIED
def test_without_end_dates_a_row_that_may_name_two_people_leaves_nobody_off_the_roster(
    source: Source, tmp_path
):
    for row in ((BOB, ANN, None), (ID, f"{ANN};{BOB}", None)):
        listing = source([row], tmp_path)
        assert len(listing.contractors) == 1
        assert not listing.complete


WITH_ANOTHER = pytest.mark.parametrize(
    "two", [f"{BOB} <{ANN}>", f"{ANN} ({BOB})", f"mailto:{ANN}?cc={BOB}"]
)


@EVERY_SOURCE
@WITH_ANOTHER
def test_another_address_around_the_address_is_refused_beside_end_dates(
    source: Source, two, tmp_path
):
    with pytest.raises(UsageError, match=r"[12]: another address in the name, comment or query"):
        source([(two, "Ann", None, "2020-01-01")], tmp_path)


@EVERY_SOURCE
@WITH_ANOTHER
def test_without_end_dates_another_address_around_the_address_leaves_nobody_off_the_roster(
    source: Source, two, tmp_path
):
    listing = source([(two, "Ann", None, None)], tmp_path)

    assert [person.email for person in listing.contractors] == [ANN]
    assert not listing.complete
    (warning,) = listing.warnings
    assert "holds another address" in warning


@EVERY_SOURCE
def test_an_address_that_is_repeated_as_its_name_does_no_harm(source: Source, tmp_path):
    listing = source([(f"{ANN} <{ANN}>", "Ann", None, "2023-06-30")], tmp_path)

    assert [person.email for person in listing.contractors] == [ANN]
    assert listing.complete
    assert listing.warnings == ()


@IDENTIFIED
@WITH_ANOTHER
def test_another_address_around_one_beside_an_id_or_in_its_column_is_refused_beside_end_dates(
    source: Source, two, tmp_path
):
    for row in ((ID, two, "2023-06-30"), (two, ANN, "2023-06-30")):
        with pytest.raises(UsageError, match="another address in the"):
            source([row], tmp_path)


def two_tables_in_csv(rows: Rows, folder: Path, **columns: str) -> Listing:
    path = folder / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([TWO_TABLES, *rows])
    return read(RosterOptions(source="csv", path=path, columns=columns))


def two_tables_in_xlsx(rows: Rows, folder: Path, **columns: str) -> Listing:
    workbook = openpyxl.Workbook()
    for row in (TWO_TABLES, *rows):
        workbook.active.append(row)
    workbook.save(folder / "people.xlsx")
    path = folder / "people.xlsx"
    return read(RosterOptions(source="xlsx", path=path, columns=columns))


def two_tables_in_sql(rows: Rows, folder: Path, **columns: str) -> Listing:
    (folder / "people.db").unlink(missing_ok=True)
    with sqlite3.connect(folder / "people.db") as connection:
        connection.execute("CREATE TABLE people (email, end_date, Mail, Until)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows)
    url = f"sqlite:///{folder}/people.db"
    return read(RosterOptions(source="sql", url=url, query="SELECT * FROM people", columns=columns))


TWO_TABLES = ("email", "end_date", "Mail", "Until")
BESIDE = pytest.mark.parametrize(
    "source", [two_tables_in_csv, two_tables_in_xlsx, two_tables_in_sql], ids=["csv", "xlsx", "sql"]
)


@BESIDE
def test_a_second_table_beside_the_first_is_refused_beside_end_dates(source, tmp_path):
    rows = [(ANN, "2023-06-30", None, None), (BOB, "2028-12-31", ANN, "2029-12-31")]

    with pytest.raises(UsageError, match=r"[23]: another address in a second e-mail column"):
        source(rows, tmp_path)


@BESIDE
@WITH_ANOTHER
def test_another_address_around_one_in_a_second_column_is_refused_beside_end_dates(
    source, two, tmp_path
):
    with pytest.raises(UsageError, match="another address in a second e-mail column"):
        source([(ANN, "2023-06-30", two, None)], tmp_path)


@BESIDE
def test_without_end_dates_a_second_table_leaves_nobody_off_the_roster(source, tmp_path):
    assert not source([(BOB, None, ANN, None)], tmp_path).complete


@BESIDE
@pytest.mark.parametrize("second", [None, BOB, BOB.upper(), "n/a", f"mailto:{BOB}"])
def test_a_second_e_mail_column_that_says_the_same_does_no_harm(source, second, tmp_path):
    listing = source([(BOB, "2028-12-31", second, None)], tmp_path)

    assert [person.email for person in listing.contractors] == [BOB]
    assert listing.complete


@BESIDE
def test_the_configuration_says_which_e_mail_column_counts(source, tmp_path):
    rows = [(BOB, "2023-06-30", ANN, "2029-12-31")]

    assert [one.email for one in source(rows, tmp_path, email="email").contractors] == [BOB]
    assert [one.email for one in source(rows, tmp_path, email="Mail").contractors] == [ANN]
