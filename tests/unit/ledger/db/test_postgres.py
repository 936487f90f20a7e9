"""A ledger in PostgreSQL: beside other programs' tables, and clear about what is wrong."""

import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url

from lastseen.ledger import open_ledger
from lastseen.model.errors import ExitCode, LedgerError
from tests.unit.ledger.conftest import PORTAL, TickingClock

pytestmark = pytest.mark.postgres
KEEPALIVES = (
    "SELECT count(*) FROM pg_settings WHERE name LIKE 'tcp_keepalives%' AND source = 'session'"
)
"""How many are set; a session on a Unix socket shows no value."""


def test_other_programs_tables_in_the_same_database_do_not_matter(
    fresh_postgres_url: str, clock: TickingClock
):
    _administer(
        fresh_postgres_url,
        "CREATE TABLE runs (id int)",
        "CREATE TABLE alembic_version (version_num text)",
        "INSERT INTO alembic_version VALUES ('theirs')",
    )
    with open_ledger(fresh_postgres_url, clock=clock) as ledger:
        ledger.portal(PORTAL).runs.begin("review")
    assert _asked(fresh_postgres_url, "SELECT count(*) FROM public.runs") == 0
    assert _asked(fresh_postgres_url, "SELECT count(*) FROM lastseen.runs") == 1


def test_every_session_lets_the_server_notice_a_dead_machine(
    fresh_postgres_url: str, clock: TickingClock
):
    sessions: list[Any] = []

    def keep(session: Any, _record: object) -> None:
        sessions.append(session)

    event.listen(Engine, "connect", keep)
    try:
        with (
            open_ledger(fresh_postgres_url, clock=clock) as ledger,
            ledger.portal(PORTAL).lock("apply"),  # has a session of its own
        ):
            found = [session.execute(KEEPALIVES).fetchone() for session in sessions]
    finally:
        event.remove(Engine, "connect", keep)
    assert len(found) >= 2
    assert set(found) == {(3,)}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_the_driver_need_not_be_named(fresh_postgres_url: str, clock: TickingClock, scheme: str):
    url = fresh_postgres_url.replace("postgresql+psycopg", scheme)
    with open_ledger(url, clock=clock) as ledger:
        assert ledger.portal(PORTAL).runs.all() == ()


def test_a_schema_made_beforehand_suffices(fresh_postgres_url: str, clock: TickingClock):
    with _user(fresh_postgres_url) as (name, url):
        _administer(fresh_postgres_url, f"CREATE SCHEMA lastseen AUTHORIZATION {name}")
        with open_ledger(url, clock=clock) as ledger:
            ledger.portal(PORTAL).runs.begin("review")


def test_a_user_without_rights_is_told_which(fresh_postgres_url: str, clock: TickingClock):
    with _user(fresh_postgres_url) as (_, url):
        told = _refused(url, clock)
    assert "may not do this" in told.found
    assert "CREATE" in told.remedy


def test_a_missing_database_is_reported(postgres_url: str, clock: TickingClock):
    told = _refused(postgres_url.replace("/postgres?", "/nowhere?"), clock)
    assert "no such database" in told.found
    assert told.attempted.endswith("/nowhere")


def test_a_server_that_accepts_no_writing_is_reported(fresh_postgres_url: str, clock: TickingClock):
    name = make_url(fresh_postgres_url).database
    _administer(fresh_postgres_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "accepts no writes" in _refused(fresh_postgres_url, clock).found


def test_an_unreachable_server_is_reported_without_the_password(clock: TickingClock):
    told = _refused("postgresql://somebody:topsecret@127.0.0.1:1/name", clock)
    assert told.exit_code is ExitCode.USAGE
    assert "can't be reached" in told.found
    assert "127.0.0.1" in told.attempted


def test_a_wrong_password_is_reported_without_showing_it(
    fresh_postgres_url: str, clock: TickingClock
):
    with _user(fresh_postgres_url, password="right") as (name, url):
        rules = Path(str(_asked(fresh_postgres_url, "SHOW hba_file")))
        before = rules.read_text()
        try:
            rules.write_text(f"local all {name} scram-sha-256\n{before}")
            _administer(fresh_postgres_url, "SELECT pg_reload_conf()")
            wrong = _refused(url.replace(f"{name}:right", f"{name}:topsecret"), clock)
            right = _refused(url, clock)
        finally:
            rules.write_text(before)
            _administer(fresh_postgres_url, "SELECT pg_reload_conf()")
    assert "refused the user or the password" in wrong.found
    assert "may not do this" in right.found


def test_a_missing_driver_is_reported(clock: TickingClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    told = _refused("postgresql://somebody:topsecret@127.0.0.1:1/name", clock)
    assert "driver is not installed" in told.found
    assert ".[postgres]" in told.remedy


def test_a_connection_that_the_server_ended_is_made_again(
    fresh_postgres_url: str, clock: TickingClock
):
    with open_ledger(fresh_postgres_url, clock=clock) as ledger:
        run = ledger.portal(PORTAL).runs.begin("review")
        _end_connections(fresh_postgres_url)
        assert ledger.portal(PORTAL).runs.all() == (run,)


def test_a_run_whose_lock_was_lost_writes_nothing_more(
    fresh_postgres_url: str, clock: TickingClock
):
    with open_ledger(fresh_postgres_url, clock=clock) as ledger:
        portal = ledger.portal(PORTAL)
        with portal.lock("apply"):
            portal.journal.append("intent", run_id=None, content={})
            _end_connections(fresh_postgres_url)
            with pytest.raises(LedgerError) as told:
                portal.journal.append("intent", run_id=None, content={})
        assert "lock" in told.value.found
        assert len(list(portal.journal.entries())) == 1


def test_a_lock_whose_connection_the_server_ended_can_be_given_back(
    fresh_postgres_url: str, clock: TickingClock
):
    with open_ledger(fresh_postgres_url, clock=clock) as ledger:
        with ledger.portal(PORTAL).lock("apply"):
            _end_connections(fresh_postgres_url)
        with ledger.portal(PORTAL).lock("apply"):
            pass


class _user:
    """A user of the server for one test; gives its name and the address by which it comes."""

    def __init__(self, url: str, password: str = "") -> None:
        self._url = url
        self._name = f"user_{uuid4().hex[:12]}"
        self._password = password

    def __enter__(self) -> tuple[str, str]:
        _administer(self._url, f"CREATE ROLE {self._name} LOGIN PASSWORD '{self._password}'")
        url = make_url(self._url).set(username=self._name, password=self._password)
        return self._name, url.render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        _administer(self._url, f"DROP OWNED BY {self._name} CASCADE", f"DROP ROLE {self._name}")


def _refused(url: str, clock: TickingClock) -> LedgerError:
    with pytest.raises(LedgerError) as told:
        open_ledger(url, clock=clock)
    error = told.value
    said = f"{error!r} {error} {error.attempted} {error.found} {error.meaning} {error.remedy}"
    assert "topsecret" not in said
    assert error.__cause__ is None
    assert error.__suppress_context__
    return error


def _administer(url: str, *statements: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _end_connections(url: str) -> None:
    _administer(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def _asked(url: str, question: str) -> object:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]
