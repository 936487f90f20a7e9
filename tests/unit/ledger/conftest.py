"""Ledgers to test with: every test that asks for `ledger_url` runs on both databases."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from lastseen.ledger import Ledger, PortalLedger, open_ledger
from lastseen.model.instant import Instant

PORTAL = "https://portal.example"


class TickingClock:
    """A clock that moves by one second each time it is read, or where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> Instant:
        self.at += timedelta(seconds=1)
        return Instant(self.at)


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a ledger that isn't made yet."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("emptied_postgres_url"))
    return f"sqlite:///{tmp_path / 'ledger.sqlite3'}"


@pytest.fixture
def emptied_postgres_url(postgres_url: str) -> Iterator[str]:
    """The address of a database without a ledger: the same each time, since making one is slow."""
    yield postgres_url
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS lastseen CASCADE")


@pytest.fixture
def ledger(ledger_url: str, clock: TickingClock) -> Iterator[Ledger]:
    with open_ledger(ledger_url, clock=clock) as ledger:
        yield ledger


@pytest.fixture
def portal(ledger: Ledger) -> PortalLedger:
    return ledger.portal(PORTAL)


Tampering = Callable[[], AbstractContextManager[Connection]]


@pytest.fixture
def tampering(ledger: Ledger) -> Tampering:
    """Gives a connection to who can do everything, also what the journal's triggers forbid."""

    @contextmanager
    def connection() -> Iterator[Connection]:
        with ledger._database.writing("tampering") as connection:
            for name in ("journal_keeps_rows", "journal_keeps_content"):
                table = " ON journal" if connection.dialect.name == "postgresql" else ""
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{table}")
            yield connection

    return connection
