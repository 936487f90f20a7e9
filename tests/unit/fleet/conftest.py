"""A fleet's database to test with: PostgreSQL, empty for each test."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from lastseen.fleet.configuration import FleetPortal
from lastseen.fleet.database import FleetDatabase
from lastseen.fleet.queue import Queue, opened_queue
from lastseen.fleet.schedule import Schedule
from lastseen.fleet.store import FleetStore
from lastseen.model.instant import Instant

NOW = Instant(datetime(2026, 11, 2, 12, 0, tzinfo=UTC))


def portal(name: str, **changes: Any) -> FleetPortal:
    fields: dict[str, Any] = {
        "name": name,
        "url": f"https://{name}.example",
        "api_key": f"env:{name.upper()}_KEY",
        "command": "review",
        "schedule": Schedule(cron="15 6 * * *"),
        "tables": {"portal": {"url": f"https://{name}.example"}},
    }
    return FleetPortal(**{**fields, **changes})


@pytest.fixture
def database(fresh_postgres_url: str) -> Iterator[FleetDatabase]:
    with FleetDatabase(fresh_postgres_url) as database:
        database.bring_up_to_date()
        yield database


@pytest.fixture
def store(database: FleetDatabase) -> FleetStore:
    return FleetStore(database)


@pytest.fixture
def queue(database: FleetDatabase) -> Iterator[Queue]:
    with opened_queue(database) as queue:
        yield queue
