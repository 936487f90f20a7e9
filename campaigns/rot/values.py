"""Values changed in the rows of a PostgreSQL ledger, one at a time, each in a copy of its database.

Triggers and foreign keys are switched off for the change, as they don't see it when a disk rots.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, sql

from campaigns.rot.flips import Flip, judged
from campaigns.safety.setting import Setting
from lastseen.model.plan import Plan

_USED = "ledger_in_use"
_COPY = "ledger_damaged"
_TRIES = 20
"""How often a change is drawn that the database can store: two rows can't have one key."""


class Databases:
    """The databases of one server: the ledger in use, and the copy to be damaged."""

    def __init__(self, url: str) -> None:
        """Work on the server of this address."""
        self._url = url
        self._administer("ALTER SYSTEM SET fsync = off")  # nobody keeps these databases
        self._administer("SELECT pg_reload_conf()")

    @contextmanager
    def in_use(self) -> Iterator[str]:
        """Yield the address of an empty database for the ledger in use; gone afterwards."""
        self._administer("CREATE DATABASE {}", _USED)
        try:
            yield self._address(_USED)
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", _USED)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Yield the address of a copy of the ledger in use; gone afterwards."""
        self._administer("CREATE DATABASE {} TEMPLATE {}", _COPY, _USED)
        try:
            yield self._address(_COPY)
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", _COPY)

    def _address(self, name: str) -> str:
        return self._url.replace("/postgres?", f"/{name}?")

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(_plain(self._url), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def changed_value(
    setting: Setting, databases: Databases, honest: Plan, chance: random.Random
) -> Flip:
    """Change one value of one row, or lose the row; then review and take the lock as `apply`."""
    with databases.copy() as url:
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            where = _damaged(connection, chance)
        return judged(setting, url, honest, where=where)


def _damaged(connection: Connection, chance: random.Random) -> str:
    """Damage one row that is there; return the place and what was done."""
    tables = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    ).fetchall()
    for _ in range(_TRIES):
        schema, table = chance.choice(tables)
        name = sql.Identifier(schema, table)
        rows = connection.execute(sql.SQL("SELECT ctid::text, * FROM {}").format(name))
        columns = [column.name for column in rows.description or ()][1:]
        listed = sorted(rows.fetchall(), key=repr)
        if not listed:
            continue
        place, *values = chance.choice(listed)
        try:
            if chance.random() < 0.1:
                lost = sql.SQL("DELETE FROM {} WHERE ctid = {}::tid").format(name, place)
                connection.execute(lost)
                return f"a row of {table} lost"
            at = chance.randrange(len(columns))
            changed = sql.SQL("UPDATE {} SET {} = {} WHERE ctid = {}::tid").format(
                name, sql.Identifier(columns[at]), _other(values[at], chance), place
            )
            connection.execute(changed)
            return f"{table}.{columns[at]}"
        except (psycopg.IntegrityError, psycopg.DataError):
            continue  # such a ledger can't be
    raise RuntimeError("no change could be stored")


def _other(value: object, chance: random.Random) -> object:
    """Return a value with one bit or sign changed."""
    match value:
        case bool() | None:
            return chance.choice((0, 1, -1))
        case int():
            return value ^ (1 << chance.randrange(31))
        case str():
            place = chance.randrange(len(value) + 1)
            sign = chr(max(1, (ord(value[place]) if place < len(value) else 64) ^ 1))
            return value[:place] + sign + value[place + 1 :]
        case bytes():
            content = bytearray(value or b"\0")
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            return bytes(content)
        case _:
            return None


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")
