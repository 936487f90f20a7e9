import asyncio
import os
import socket
import sqlite3
from datetime import date

import psycopg
import pytest
from msgspec import structs

from lastseen.model.contractor import Contractor
from lastseen.model.errors import LastseenError, RosterError, UsageError
from lastseen.rosters import Listing, RosterOptions, open_roster
from lastseen.rosters.sql import SqlRoster, demand_one_select
from tests.unit.rosters.pretended_portal import PretendedPortal

TABLE = (
    "CREATE TABLE people (id TEXT, email TEXT, display_name TEXT, sponsor TEXT, ends DATE)",
    "INSERT INTO people VALUES (NULL, 'a@x.org', 'Ada: 100%', 'boss', '2026-12-31')",
    "INSERT INTO people VALUES (NULL, 'b@x.org', NULL, NULL, NULL)",
)
SELECT = "SELECT email, display_name, sponsor, ends AS end_date FROM people ORDER BY email"

WRITES = [
    "DROP TABLE people",
    "UPDATE people SET email = 'x'",
    "WITH gone AS (DELETE FROM people RETURNING email) SELECT email FROM gone",
    "SELECT email FROM people; DROP TABLE people",
    "SELECT email FROM people; COMMIT; DROP TABLE people",
    "SELECT email INTO copy FROM people",
    "SELECT email FROM people FOR UPDATE",
    "INSERT INTO people (email) VALUES ('x') RETURNING email",
    "CREATE TABLE copy AS SELECT * FROM people",
    "PRAGMA query_only = OFF",
    "ATTACH DATABASE 'x.db' AS x",
    "COPY people TO PROGRAM 'true'",
    "EXPLAIN ANALYZE DELETE FROM people",
    "VACUUM",
    "",
    "-- nothing",
    "no sql at all (",
]


def load(url: str, query: str = SELECT, **options: object) -> Listing:
    chosen = RosterOptions(source="sql", url=url, query=query)
    return asyncio.run(open_roster(structs.replace(chosen, **options)).load(PretendedPortal()))


@pytest.fixture
def sqlite_url(tmp_path):
    with sqlite3.connect(tmp_path / "hr.db") as connection:
        for statement in TABLE:
            connection.execute(statement)
    return f"sqlite:///{tmp_path}/hr.db"


@pytest.fixture
def people_url(fresh_postgres_url):
    with psycopg.connect(fresh_postgres_url.replace("+psycopg", "")) as connection:
        for statement in (
            *TABLE,
            "CREATE SEQUENCE numbers",
            "CREATE FUNCTION spoil() RETURNS text LANGUAGE plpgsql AS "
            "$$BEGIN UPDATE people SET email = 'x'; RETURN 'a@x.org'; END$$",
        ):
            connection.execute(statement)
    return fresh_postgres_url


@pytest.fixture(params=["sqlite_url", pytest.param("people_url", marks=pytest.mark.postgres)])
def url(request) -> str:
    return str(request.getfixturevalue(request.param))


def test_rows_are_read_from_sqlite_and_from_postgresql(url):
    assert load(url).contractors == (
        Contractor(
            email="a@x.org", display_name="Ada: 100%", sponsor="boss", end_date=date(2026, 12, 31)
        ),
        Contractor(email="b@x.org"),
    )


def test_colons_and_percent_signs_of_a_query_are_what_they_are(url):
    query = "SELECT email FROM people WHERE display_name LIKE '%: 100%'"

    assert load(url, query).contractors == (Contractor(email="a@x.org"),)


@pytest.mark.parametrize("query", WRITES)
@pytest.mark.parametrize("database", ["sqlite:////x.db", "postgresql+psycopg://h/d", "oracle://h"])
def test_anything_but_one_select_is_refused_before_the_database_is_asked(database, query):
    with pytest.raises(UsageError, match="it "):
        open_roster(RosterOptions(source="sql", url=database, query=query))


@pytest.mark.parametrize("query", WRITES[:4] + WRITES[7:9])
def test_a_write_that_passed_for_a_select_is_refused_by_the_database(url, query, monkeypatch):
    monkeypatch.setattr("lastseen.rosters.sql.demand_one_select", lambda query, dialect: None)

    with pytest.raises(LastseenError):
        load(url, query)
    assert len(load(url, SELECT).contractors) == 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT spoil() AS email",
        "SELECT nextval('numbers')::text AS email",
        "SELECT set_config('transaction_read_only', 'off', false) AS email, spoil() AS id",
    ],
)
def test_a_function_with_effects_is_refused_by_postgresql(people_url, query):
    with pytest.raises(UsageError, match=r"read-only|before any query"):
        load(people_url, query)
    assert load(people_url).contractors[0].email == "a@x.org"


def test_a_function_that_sqlite_forbids_is_a_fault_of_the_query(sqlite_url):
    with pytest.raises(UsageError, match="not authorized"):
        load(sqlite_url, "SELECT email, load_extension('x') FROM people")


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(RosterError, match="unable to open"):
        load(f"sqlite:///{tmp_path}/nowhere.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", ["SELECT missing FROM people", "SELECT email FROM nobody"])
def test_a_column_or_a_table_that_is_missing_is_a_fault_of_the_query(url, query):
    with pytest.raises(UsageError, match=r"missing|nobody"):
        load(url, query)


def test_a_result_without_id_and_email_is_refused(url):
    with pytest.raises(UsageError, match="no column id or email"):
        load(url, "SELECT sponsor, display_name FROM people")


def test_a_row_that_cannot_be_read_is_reported_by_its_number(url):
    query = "SELECT email, 'soon' AS end_date FROM people"

    with pytest.raises(UsageError, match="rows 1, 2: column end_date is not a date"):
        load(url, query)


def test_a_database_that_does_not_answer_is_the_sources_fault():
    with pytest.raises(RosterError, match="connection"):
        load("postgresql+psycopg://reader@127.0.0.1:9/hr")


def test_the_password_is_named_and_shows_nowhere(monkeypatch):
    monkeypatch.setenv("HR_PASSWORD", "sesame")
    url = "postgresql+psycopg://reader:env:HR_PASSWORD@127.0.0.1:9/hr"

    with pytest.raises(RosterError) as failure:
        load(url)
    assert "sesame" not in "".join(map(str, vars(failure.value).values()))
    assert "sesame" not in open_roster(RosterOptions(source="sql", url=url, query=SELECT)).query


def test_a_password_in_the_url_is_refused_and_not_repeated():
    with pytest.raises(UsageError, match="holds a password") as refusal:
        load("postgresql+psycopg://reader:sesame@127.0.0.1:9/hr")
    assert "sesame" not in "".join(map(str, vars(refusal.value).values()))


@pytest.mark.parametrize("url", ["nonsense", "hr.db", "postgresql+nodriver://h/d", "nodb://h/d"])
def test_a_url_that_names_no_database_is_refused(url):
    with pytest.raises(UsageError):
        load(url)


def test_a_query_that_never_ends_is_stopped_by_the_limit(url):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'person' || i || '@x.org' AS email FROM n"
    )

    with pytest.raises(UsageError, match="beyond the limit of 5,000 rows"):
        asyncio.run(
            SqlRoster(RosterOptions(source="sql", url=url, query=endless), most_rows=5000).load(
                PretendedPortal()
            )
        )


@pytest.mark.parametrize(
    "query",
    [
        SELECT,
        "WITH a AS (SELECT 1 AS id) SELECT * FROM a",
        "SELECT email FROM a UNION SELECT email FROM b",
        "(SELECT email FROM a)",
        "SELECT email FROM people;",
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql", "mssql", "unheard-of"])
def test_one_select_is_accepted(query, dialect):
    demand_one_select(query, dialect)


@pytest.mark.parametrize("name", ["pipe", "socket", "folder", "/dev/zero", "/proc/kmsg"])
def test_a_database_that_is_no_file_is_refused_at_once(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(UsageError, match=r"not a regular file|folder"):
            load(f"sqlite:///{tmp_path / name}")


def test_names_and_values_that_are_no_utf_8_are_reported(tmp_path):
    path = tmp_path / "hr.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (email, XXXX)")
        connection.execute("INSERT INTO people VALUES (CAST(x'ff40' AS TEXT), 1)")

    with pytest.raises(LastseenError, match="Could not decode to UTF-8"):
        load(f"sqlite:///{path}", "SELECT email FROM people")
    path.write_bytes(path.read_bytes().replace(b"XXXX", b"X\xffXX"))
    with pytest.raises(UsageError, match="a name or a value can't be converted"):
        load(f"sqlite:///{path}", "SELECT * FROM people")


def test_a_file_whose_name_cannot_be_a_path_is_reported():
    with pytest.raises(UsageError, match="not a path"):
        load("sqlite:///a%00b")
