"""Explains a database's errors: each known one as a LedgerError.

Unknown ones are bugs and stay as they are. No text here may carry a password: nothing that
PostgreSQL says is passed on.
"""

import re
import sqlite3

from lastseen.model.errors import LedgerError


def translate_error(cause: BaseException | None, *, attempted: str) -> LedgerError | None:
    """Return the LedgerError for a driver's error, or None if it can only be a bug."""
    if _OWN_TRIGGER in str(cause):  # only a bug runs into it
        return None
    name = getattr(cause, "sqlite_errorname", None)
    undecodable = isinstance(cause, sqlite3.OperationalError) and name is None
    if undecodable or isinstance(cause, UnicodeDecodeError):  # text that is no UTF-8
        sentences: tuple[str, str, str] | None = _DAMAGED
    elif name is not None:
        sentences = _SQLITE.get(name) or _SQLITE.get("_".join(name.split("_")[:2]))
        if name == "SQLITE_ERROR" and _OTHER_TABLES.search(str(cause)):
            sentences = _DAMAGED
    else:
        sentences = _of_postgres(cause)
    if sentences is None:
        return None
    found, meaning, remedy = sentences
    return LedgerError(attempted=attempted, found=found, meaning=meaning, remedy=remedy)


def _of_postgres(cause: BaseException | None) -> tuple[str, str, str] | None:
    words = str(cause)
    state = getattr(cause, "sqlstate", None) or ""
    for pattern, sentences in _POSTGRES_WORDS:
        if not state and re.search(pattern, words):
            return sentences
    for start, sentences in _POSTGRES_STATES:
        if state.startswith(start):
            return sentences
    if not state and type(cause).__name__ == "OperationalError":
        return _UNREACHABLE
    return None


_FULL = (
    "the disk is full",
    "nothing more can be stored; what was stored before is intact",
    "free space on that disk and run the same command again: it continues where it stopped",
)
_READ_ONLY = (
    "it can't be written to",
    "the file, its folder or the file system is read-only for this user",
    "give this user the right to write there, or name another place in [ledger] url",
)
_CORRUPT = (
    "it is not a readable SQLite database",
    "the file is damaged, or is not a ledger",
    "restore it from a backup, or move it away with the files beside it that are named after it: a "
    "new ledger is created, without past runs and exemptions",
)
_DAMAGED = (
    "its tables are not the ones that Lastseen created, or are inconsistent",
    "the ledger is damaged, or something other than Lastseen changed it; nobody was changed",
    "restore it from a backup, or name another place in [ledger] url; a new ledger has no past "
    "runs and no exemptions",
)
_BUSY = (
    "another program kept it busy for too long",
    "runs at the same time wait for each other, but one took very long",
    "wait for the other run to finish and try again",
)
_NO_ACCESS = (
    "it can't be opened",
    "the folder is missing, or this user may not enter it or write to it",
    "create the folder, give this user access to it, or name another place in [ledger] url",
)
_DISK = (
    "the disk or the file system reported an error",
    "the file could not be read or written; the cause is outside Lastseen",
    "check the disk; keep the ledger on a local disk, not on a network share",
)
_UNREACHABLE = (
    "the PostgreSQL server can't be reached, or the connection was lost",
    "the unfinished transaction changed nothing",
    "check that the server is running and that [ledger] url has its host and port",
)
_WRONG_LOGIN = (
    "the PostgreSQL server refused the user or the password",
    "the server does not accept the user or the password in [ledger] url",
    "correct [ledger] url; a password is percent-encoded there",
)
_NO_DATABASE = (
    "the PostgreSQL server has no such database",
    "Lastseen creates its own tables, but not the database",
    "create the database (`createdb`), or correct [ledger] url",
)
_NOT_ALLOWED = (
    "the PostgreSQL user may not do this",
    "Lastseen needs to create and use the schema `lastseen` in that database",
    "grant the user CREATE on the database, or create the schema and grant it to the user",
)
_TOO_MANY = (
    "the PostgreSQL server accepts no more connections",
    "its connection limit is reached",
    "wait, or raise the server's `max_connections`",
)
_POSTGRES_READ_ONLY = (
    "the PostgreSQL server accepts no writes",
    "it is a standby or set to read-only",
    "name the primary server in [ledger] url",
)

_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CORRUPT": _CORRUPT,
    "SQLITE_NOTADB": _CORRUPT,
    "SQLITE_CONSTRAINT": _DAMAGED,
    "SQLITE_FORMAT": _CORRUPT,
    "SQLITE_MISMATCH": _DAMAGED,
    "SQLITE_SCHEMA": _DAMAGED,
    "SQLITE_TOOBIG": _DAMAGED,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_CANTOPEN": _NO_ACCESS,
    "SQLITE_IOERR": _DISK,
}

_OWN_TRIGGER = "the journal is append-only"
"""What the journal's triggers say (see `schema`)."""

_OTHER_TABLES = re.compile(
    r"no such |has no column|malformed|error in |unknown |syntax error|mismatch|cannot modify |"
    r"may not be modified|generated column|ON CONFLICT clause does not match|UPSERT not implemented"
)
"""SQLite's messages about a schema that isn't the ledger's; all have the same code."""

_POSTGRES_WORDS = (
    (r"password authentication failed|no password supplied|no pg_hba\.conf entry", _WRONG_LOGIN),
    (r'role ".*" does not exist', _WRONG_LOGIN),
    (r'database ".*" does not exist', _NO_DATABASE),
    (r"too many (clients|connections)|remaining connection slots", _TOO_MANY),
)

_POSTGRES_STATES = (
    ("23", _DAMAGED),
    ("42P01", _DAMAGED),
    ("42703", _DAMAGED),
    ("42883", _DAMAGED),
    ("42809", _DAMAGED),  # another kind of relation
    ("42804", _DAMAGED),  # another type of column
    ("42P10", _DAMAGED),  # a key is missing
    ("428C9", _DAMAGED),  # a computed column
    ("55000", _DAMAGED),  # a view that takes no rows
    ("P0001", _DAMAGED),  # a trigger that isn't Lastseen's
    ("XX00", _DAMAGED),
    ("28", _WRONG_LOGIN),
    ("3D000", _NO_DATABASE),
    ("42501", _NOT_ALLOWED),
    ("53100", _FULL),
    ("53300", _TOO_MANY),
    ("25006", _POSTGRES_READ_ONLY),
    ("55P03", _BUSY),
    ("40P01", _BUSY),
    ("57", _UNREACHABLE),
    ("08", _UNREACHABLE),
)
