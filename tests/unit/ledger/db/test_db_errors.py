"""A database's errors in words for people; what is unknown stays a bug."""

import sqlite3
from contextlib import closing

import pytest

from lastseen.ledger.db.db_errors import translate_error


class FakeSqliteError(Exception):
    def __init__(self, name: str, words: str = "") -> None:
        super().__init__(words)
        self.sqlite_errorname = name


class OperationalError(Exception):
    def __init__(self, words: str = "", state: str | None = None) -> None:
        super().__init__(words)
        self.sqlstate = state


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("SQLITE_FULL", "full"),
        ("SQLITE_READONLY", "can't be written"),
        ("SQLITE_READONLY_DIRECTORY", "can't be written"),
        ("SQLITE_CORRUPT", "not a readable"),
        ("SQLITE_CORRUPT_INDEX", "not a readable"),
        ("SQLITE_NOTADB", "not a readable"),
        ("SQLITE_BUSY", "busy"),
        ("SQLITE_BUSY_RECOVERY", "busy"),
        ("SQLITE_CANTOPEN", "can't be opened"),
        ("SQLITE_IOERR_WRITE", "reported an error"),
    ],
)
def test_errors_of_sqlite_are_reported(name: str, found: str):
    error = translate_error(FakeSqliteError(name), attempted="writing to the ledger x")
    assert error is not None
    assert found in error.found
    assert error.attempted == "writing to the ledger x"


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("53100", "full"),
        ("53300", "no more connections"),
        ("57P01", "can't be reached"),
        ("08006", "can't be reached"),
        ("28P01", "refused the user or the password"),
        ("3D000", "no such database"),
        ("25006", "accepts no writes"),
        ("40P01", "busy"),
        ("42501", "may not do this"),
    ],
)
def test_errors_of_postgresql_are_reported(state: str, found: str):
    error = translate_error(OperationalError(state=state), attempted="writing to the ledger x")
    assert error is not None
    assert found in error.found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ('FATAL: password authentication failed for user "x"', "refused the user"),
        ("fe_sendauth: no password supplied", "refused the user"),
        ('FATAL: role "x" does not exist', "refused the user"),
        ('FATAL: database "x" does not exist', "no such database"),
        ("FATAL: sorry, too many clients already", "no more connections"),
        ("connection refused", "can't be reached"),
        ("could not translate host name", "can't be reached"),
    ],
)
def test_failures_to_connect_are_reported_by_their_words(words: str, found: str):
    error = translate_error(OperationalError(words), attempted="reading the ledger x")
    assert error is not None
    assert found in error.found


@pytest.mark.parametrize(
    "bug",
    [
        FakeSqliteError("SQLITE_ERROR"),
        FakeSqliteError("SQLITE_CONSTRAINT_TRIGGER", "the journal is append-only"),
        OperationalError("the journal is append-only", state="P0001"),
        OperationalError(state="42601"),
        ValueError("something else"),
        None,
    ],
)
def test_what_can_only_be_a_bug_is_not_told_as_something_else(bug: Exception | None):
    assert translate_error(bug, attempted="reading the ledger x") is None


@pytest.mark.parametrize(
    "error",
    [
        FakeSqliteError("SQLITE_CONSTRAINT_TRIGGER", "not today"),
        FakeSqliteError("SQLITE_ERROR", "cannot modify sightings because it is a view"),
        FakeSqliteError("SQLITE_ERROR", 'UPSERT not implemented for virtual table "sightings"'),
        OperationalError("not today", state="P0001"),
        OperationalError('cannot insert into view "sightings"', state="55000"),
        OperationalError("no unique constraint matching the ON CONFLICT", state="42P10"),
    ],
)
def test_tables_that_something_else_changed_are_damage(error: Exception):
    told = translate_error(error, attempted="writing to the ledger x")
    assert told is not None
    assert "tables are not the ones" in told.found


def test_text_that_is_no_utf_8_is_damage_and_no_bug():
    error = UnicodeDecodeError("utf-8", b"\xdf", 0, 1, "invalid continuation byte")

    told = translate_error(error, attempted="reading the ledger")

    assert told is not None
    assert "tables are not the ones" in told.found


def test_a_value_that_sqlite3_cannot_decode_is_damage_and_no_bug():
    with (
        closing(sqlite3.connect(":memory:")) as database,
        pytest.raises(sqlite3.OperationalError) as caught,
    ):
        database.execute("SELECT CAST(x'df' AS TEXT)").fetchall()

    told = translate_error(caught.value, attempted="reading the ledger")

    assert told is not None
    assert "tables are not the ones" in told.found


def test_a_damaged_schema_is_told_as_damage():
    # One bit flipped in the schema took the primary key from the table of portals.
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "PRAGMA foreign_keys = ON; CREATE TABLE portals (id INTEGER);"
            "CREATE TABLE lock_holders (portal_id INTEGER REFERENCES portals (id));"
        )
        with pytest.raises(sqlite3.OperationalError) as raised:
            connection.execute("INSERT INTO lock_holders VALUES (1)")

    error = translate_error(raised.value, attempted="writing to the ledger x")
    assert error is not None
    assert "damaged" in error.meaning
