"""The schema: made, brought up to date and recognised, without Alembic where it isn't needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from lastseen.ledger import Ledger, open_ledger
from lastseen.ledger.db.database import Database
from lastseen.ledger.db.migrations.upgrade import configuration, upgrade
from lastseen.ledger.db.opening import _access, _parsed
from lastseen.ledger.db.schema import ABANDONED_REVISIONS, REVISIONS, metadata
from lastseen.model.errors import LedgerError
from tests.unit.ledger.conftest import PORTAL, TickingClock

SOURCE = Path(__file__).parents[4] / "src"


def test_every_revision_is_known_in_its_order():
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()
    assert tuple(script.revision for script in scripts)[::-1] == REVISIONS


def test_an_empty_database_is_brought_to_the_newest_revision(ledger: Ledger):
    with ledger._database.reading() as connection:
        assert _revision(connection) == REVISIONS[-1]


def test_migrations_lead_to_the_tables_that_the_code_means(ledger: Ledger):
    with ledger._database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_migrations_make_the_same_as_a_new_file_or_a_ledger_in_memory(
    tmp_path: Path, clock: TickingClock
):
    grown = f"sqlite:///{tmp_path / 'grown.sqlite3'}"
    _make(grown, REVISIONS[-1])
    with (
        open_ledger(grown, clock=clock) as migrated,
        open_ledger(f"sqlite:///{tmp_path / 'new.sqlite3'}", clock=clock) as new,
        Ledger.in_memory(clock=clock) as made,
    ):
        assert _shape(migrated) == _shape(made) == _shape(new)
        with new._database.reading() as connection:
            assert _revision(connection) == REVISIONS[-1]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_ledger_of_any_revision_is_brought_up_to_date(
    ledger_url: str, clock: TickingClock, revision: str
):
    # given
    _make(ledger_url, revision)
    # when
    with open_ledger(ledger_url, clock=clock) as ledger:
        portal = ledger.portal(PORTAL)
        portal.journal.append("scope", run_id=None, content={})
        # then
        with ledger._database.reading() as connection:
            assert _revision(connection) == REVISIONS[-1]
        with (
            pytest.raises(Exception, match="append-only"),
            ledger._database.writing("test") as connection,
        ):
            connection.execute(text("DELETE FROM journal"))


@pytest.mark.parametrize("revision", ABANDONED_REVISIONS)
def test_a_ledger_from_before_the_first_release_is_refused_in_words(
    ledger_url: str, clock: TickingClock, revision: str
):
    _make(ledger_url, REVISIONS[-1], f"UPDATE alembic_version SET version_num = '{revision}'")
    with pytest.raises(LedgerError) as told:
        open_ledger(ledger_url, clock=clock)
    assert "before the first release" in told.value.found
    assert "[ledger] url" in told.value.remedy


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(
    ledger_url: str, clock: TickingClock
):
    _make(ledger_url, REVISIONS[-1], "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError) as told:
        open_ledger(ledger_url, clock=clock)
    assert "9999" in told.value.found
    assert "newer version" in told.value.meaning


def test_a_ledger_that_lost_the_note_of_its_revision_is_refused_as_damaged(
    ledger_url: str, clock: TickingClock
):
    _make(ledger_url, REVISIONS[-1], "DELETE FROM alembic_version")
    with pytest.raises(LedgerError) as told:
        open_ledger(ledger_url, clock=clock)
    assert "not the record of their revision" in told.value.found


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    ledger_url: str, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
):
    _make(ledger_url, REVISIONS[0])
    monkeypatch.setattr("lastseen.ledger.db.revision.REVISIONS", (*REVISIONS, "missing"))
    with pytest.raises(Exception, match="missing"):
        open_ledger(ledger_url, clock=clock)
    monkeypatch.undo()
    database = Database(_access(_parsed(ledger_url)))
    with database.reading() as connection:
        assert _revision(connection) == REVISIONS[0]
    database.close()


def test_a_ledger_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path, clock: TickingClock):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    open_ledger(url, clock=clock).close()
    program = f"""
import sys
from lastseen.model.instant import system_clock
from lastseen.ledger import open_ledger
with open_ledger({url!r}, clock=system_clock) as ledger:
    ledger.portal({PORTAL!r}).runs.all()
print([name for name in ("alembic", "psycopg", "sqlalchemy.orm") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"


def _make(url: str, revision: str, *statements: str) -> None:
    """Make a ledger as the version with this revision would have left it."""
    database = Database(_access(_parsed(url)))
    with database.writing("schema") as connection:
        upgrade(connection, revision)
        for statement in statements:
            connection.exec_driver_sql(statement)
    database.close()


def _revision(connection: Connection) -> object:
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _shape(ledger: Ledger) -> dict[str, object]:
    with ledger._database.reading() as connection:
        tables = {
            name: (
                [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(name)],
                look.get_pk_constraint(name)["constrained_columns"],
                sorted((i["name"] or "", i["column_names"]) for i in look.get_indexes(name)),
                sorted(
                    (u["name"] or "", u["column_names"]) for u in look.get_unique_constraints(name)
                ),
                [f["constrained_columns"] for f in look.get_foreign_keys(name)],
                look.get_table_options(name),
            )
            for look in [inspect(connection)]
            for name in look.get_table_names()
            if name != "alembic_version"
        }
        triggers = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        ).scalars()
        return {"tables": tables, "triggers": list(triggers)}
