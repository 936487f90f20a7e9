"""Rows that were changed or lost after they were written: what is given up, and what stops."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, select, text

from lastseen.ledger import Ledger, PortalLedger, open_ledger
from lastseen.ledger.db import schema
from lastseen.model.contractor import AccountStatus, Profile
from lastseen.model.errors import ExitCode, LedgerError
from lastseen.model.sighting import EvidenceKind
from tests.unit.ledger.conftest import PORTAL, Tampering, TickingClock
from tests.unit.ledger.examples import (
    ANNA,
    BORIS,
    CARLA,
    failed,
    minute,
    reading,
    seen,
    stretch,
    unknown,
)

SIGN_IN, ACTIVITY = EvidenceKind.SIGN_IN, EvidenceKind.ACTIVITY
Rot = Callable[[Connection, Table], None]


def change_a_number(connection: Connection, table: Table) -> None:
    """As a flipped bit does: one column of one row, while its digest stays."""
    names = [c.name for c in table.c if c.name not in ("portal_id", "digest", "kind", "number")]
    number = next(n for n in ("at", "until", "seen_at", "added_at", "started_at") if n in names)
    key = next(n for n in ("user_id", "who", "run_id", "at", "event_id") if n in names)
    first = connection.execute(select(table.c[key]).order_by(table.c[key]).limit(1)).scalar_one()
    value = connection.execute(
        select(table.c[number]).where(table.c[key] == first).limit(1)
    ).scalar_one()
    changed = date(2099, 1, 1).isoformat() if isinstance(value, str) else value ^ (1 << 33)
    connection.execute(
        table.update()
        .where(table.c[key] == first, table.c[number] == value)
        .values({number: changed})
    )


def change_a_digest(connection: Connection, table: Table) -> None:
    connection.execute(table.update().values(digest=table.c.digest + 1))


def lose_a_row(connection: Connection, table: Table) -> None:
    key = next(c for c in table.c if c.name in ("user_id", "who", "run_id", "at", "event_id"))
    first = connection.execute(select(key).order_by(key).limit(1)).scalar_one()
    connection.execute(table.delete().where(key == first))


def lose_the_seal(connection: Connection, table: Table) -> None:
    connection.execute(schema.seals.delete().where(schema.seals.c.subject.startswith(table.name)))


def change_the_seal(connection: Connection, table: Table) -> None:
    connection.execute(
        schema.seals.update()
        .where(schema.seals.c.subject.startswith(table.name))
        .values(total=schema.seals.c.total + 1)
    )


ROTS: list[Rot] = [change_a_number, change_a_digest, lose_a_row, lose_the_seal, change_the_seal]


@pytest.fixture(params=["memory", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger_url(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("emptied_postgres_url"))
    return "sqlite://"


@pytest.fixture
def filled(portal: PortalLedger) -> PortalLedger:
    """A ledger in use: something of every kind."""
    portal.evidence.keep(
        reading(
            stretch(0, 100),
            sightings=(seen(ANNA, 5), seen(BORIS, 50)),
            unrecognised=(unknown(CARLA, 60, event_id=9),),
        )
    )
    portal.evidence.keep(
        reading(stretch(0, 100), kind=ACTIVITY, sightings=(seen(CARLA, 7, kind=ACTIVITY),))
    )
    portal.evidence.note_retention(180, 180, minute(1))
    portal.accounts.note([Profile(id=ANNA, status=AccountStatus.TERMINATED)], minute(1))
    portal.accounts.note([Profile(id=ANNA), Profile(id=BORIS)], minute(2))
    portal.exemptions.add("boris@vendor.example", until=date(2027, 6, 1), reason="on leave")
    run = portal.runs.begin("review")
    portal.runs.finish(run.run_id, state="done", summary={"keep": 2}, exit_code=0)
    return portal


def test_a_ledger_in_use_is_whole(filled: PortalLedger):
    assert filled.damage() == ()
    assert filled.journal.damage() is None
    assert {filled.evidence.drop_damaged(kind) for kind in EvidenceKind} == {None}
    with filled.lock("apply"):
        pass


@pytest.mark.parametrize("rot", ROTS)
@pytest.mark.parametrize("table", [schema.sightings, schema.coverage, schema.unrecognised], ids=str)
def test_damaged_evidence_drops_the_coverage_of_its_log_and_is_reported(
    filled: PortalLedger, tampering: Tampering, table: Table, rot: Rot
):
    # given
    with tampering() as connection:
        rot(connection, table)
    # when
    told = filled.evidence.drop_damaged(SIGN_IN)
    # then
    assert told is not None
    assert table.name in told
    assert filled.evidence.coverage(SIGN_IN) == ()
    assert filled.evidence.drop_damaged(SIGN_IN) is None


@pytest.mark.parametrize("rot", ROTS)
def test_sound_sightings_outlive_the_damage_of_others(
    filled: PortalLedger, tampering: Tampering, rot: Rot
):
    with tampering() as connection:
        rot(connection, schema.coverage)
    filled.evidence.drop_damaged(SIGN_IN)
    assert set(filled.evidence.newest_sightings(SIGN_IN)) == {ANNA, BORIS}


def test_damage_of_one_log_leaves_the_other_alone(filled: PortalLedger, tampering: Tampering):
    with tampering() as connection:
        connection.execute(
            schema.sightings.delete().where(schema.sightings.c.kind == SIGN_IN.value)
        )
    assert filled.evidence.drop_damaged(ACTIVITY) is None
    assert filled.evidence.drop_damaged(SIGN_IN) is not None
    assert filled.evidence.coverage(ACTIVITY) != ()


def test_a_mended_log_is_filled_again(filled: PortalLedger, tampering: Tampering):
    with tampering() as connection:
        change_a_number(connection, schema.sightings)
    filled.evidence.drop_damaged(SIGN_IN)
    filled.evidence.keep(reading(stretch(0, 200), sightings=(seen(ANNA, 5), seen(BORIS, 50))))
    assert filled.evidence.newest_sightings(SIGN_IN)[ANNA] == seen(ANNA, 5)
    assert filled.damage() == ()


@pytest.mark.parametrize("rot", [change_a_number, change_a_digest])
@pytest.mark.parametrize(
    "read",
    [
        lambda portal: portal.evidence.newest_sightings(SIGN_IN),
        lambda portal: portal.evidence.keep(reading(sightings=(seen(ANNA, 6),))),
    ],
    ids=["reading", "comparing with a new one"],
)
def test_a_damaged_sighting_is_never_used(
    filled: PortalLedger,
    tampering: Tampering,
    read: Callable[[PortalLedger], object],
    rot: Rot,
):
    with tampering() as connection:
        rot(connection, schema.sightings)
    with pytest.raises(LedgerError, match="sightings"):
        read(filled)


RECORDS = [schema.accounts, schema.exemptions, schema.retention_notes, schema.runs]


@pytest.mark.parametrize("rot", ROTS)
@pytest.mark.parametrize("table", RECORDS, ids=str)
def test_damaged_records_stop_every_change_with_exit_2_and_a_remedy(
    filled: PortalLedger, tampering: Tampering, table: Table, rot: Rot
):
    with tampering() as connection:
        rot(connection, table)
    with pytest.raises(LedgerError) as told, filled.lock("apply"):
        pytest.fail("went on with a damaged ledger")
    assert told.value.exit_code is ExitCode.USAGE
    assert table.name in told.value.found
    assert "backup" in told.value.remedy
    assert any(one.startswith(table.name) for one in filled.damage())


@pytest.mark.parametrize("rot", ROTS)
@pytest.mark.parametrize(
    ("table", "read"),
    [
        (schema.exemptions, lambda portal: portal.exemptions.active(date(2026, 1, 1))),
        (schema.accounts, lambda portal: portal.accounts.known()),
        (schema.retention_notes, lambda portal: portal.evidence.retention_history()),
        (schema.runs, lambda portal: portal.runs.all()),
    ],
    ids=["exemptions", "accounts", "retention_notes", "runs"],
)
def test_records_are_checked_whenever_they_are_read(
    filled: PortalLedger,
    tampering: Tampering,
    table: Table,
    read: Callable[[PortalLedger], object],
    rot: Rot,
):
    with tampering() as connection:
        rot(connection, table)
    with pytest.raises(LedgerError, match=table.name):
        read(filled)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal",
        "UPDATE journal SET at = at + 1",
        "UPDATE journal SET content = '{}'",
        "UPDATE journal SET hash = 'x'",
        "DELETE FROM seals WHERE subject = 'journal'",
    ],
)
def test_a_damaged_journal_stops_every_change_and_every_new_entry(
    filled: PortalLedger, tampering: Tampering, statement: str
):
    with tampering() as connection:
        connection.execute(text(statement))
    with pytest.raises(LedgerError) as told, filled.lock("apply"):
        pytest.fail("went on with a damaged journal")
    assert "journal" in told.value.found
    assert filled.journal.damage() is not None


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal WHERE seq = 3",
        "UPDATE journal SET hash = 'x' WHERE seq = 3",
        "UPDATE seals SET total = 5 WHERE subject = 'journal'",
    ],
)
def test_nothing_is_appended_behind_a_lost_or_changed_entry(
    portal: PortalLedger, tampering: Tampering, statement: str
):
    for _ in range(3):
        portal.journal.append("outcome", run_id=None, content={})
    with tampering() as connection:
        connection.execute(text(statement))
    with pytest.raises(LedgerError, match="journal"):
        portal.journal.append("outcome", run_id=None, content={})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portals SET url = 'https://portal.exbmple'",
        "UPDATE portals SET url = 'https://portal.exbmple', digest = digest + 1",
        "UPDATE seals SET rows = 7 WHERE portal_id = 0",
        "DELETE FROM seals WHERE portal_id = 0",
    ],
)
def test_a_portal_that_lost_its_name_is_not_taken_for_a_new_one(
    filled: PortalLedger, ledger: Ledger, tampering: Tampering, statement: str
):
    assert filled.url == PORTAL
    with tampering() as connection:
        connection.execute(text(statement))
    filled._scope.forget_portals()
    with pytest.raises(LedgerError, match="portals"):
        filled.exemptions.all()
    with pytest.raises(LedgerError, match="portals"):
        ledger.portal("https://new.example").runs.all()


def as_a_view(table: Table) -> list[str]:
    return [
        f"ALTER TABLE {table.name} RENAME TO moved",
        f"CREATE VIEW {table.name} AS SELECT * FROM moved",
    ]


def without_its_keys(table: Table) -> list[str]:
    return [
        f"ALTER TABLE {table.name} RENAME TO moved",
        f"CREATE TABLE {table.name} AS SELECT * FROM moved",
    ]


def with_a_computed_column(table: Table) -> list[str]:
    *columns, last = [column.name for column in table.columns]
    return [
        f"ALTER TABLE {table.name} RENAME TO moved",
        f"CREATE TABLE {table.name} ({', '.join(columns)}, {last} AS (1) STORED)",
    ]


def with_a_trigger_of_its_own(table: Table) -> list[str]:
    return [
        f"CREATE TRIGGER foreign_one BEFORE INSERT ON {table.name} "
        "BEGIN SELECT RAISE(ABORT, 'not today'); END"
    ]


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=str)
@pytest.mark.parametrize(
    "replaced", [as_a_view, without_its_keys, with_a_computed_column, with_a_trigger_of_its_own]
)
def test_a_table_that_is_no_longer_lastseens_is_damage_and_no_bug(
    clock: TickingClock, table: Table, replaced: Callable[[Table], list[str]]
):
    with Ledger.in_memory(clock=clock) as ledger:
        portal = ledger.portal(PORTAL)
        for use in _uses(portal):
            use()
        with ledger._database.writing("tampering") as connection:
            connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
            for statement in replaced(table):
                connection.exec_driver_sql(statement)
        portal._scope.forget_portals()
        for use in _uses(portal):
            with suppress(LedgerError):  # no other exception
                use()


def _uses(portal: PortalLedger) -> list[Callable[[], object]]:
    """Return one action for each kind of row that a ledger keeps."""
    found = reading(
        stretch(0, 100),
        sightings=(seen(ANNA, 5),),
        unrecognised=(unknown(CARLA, 60, event_id=9),),
        failures=(failed(ANNA, 15, event_id=15, address="a@x.example"),),
    )
    return [
        lambda: portal.evidence.keep(found),
        lambda: portal.evidence.note_retention(180, 180, minute(1)),
        lambda: portal.accounts.note([Profile(id=ANNA)], minute(2)),
        lambda: portal.exemptions.add(
            "anna@vendor.example", until=date(2027, 6, 1), reason="on leave"
        ),
        lambda: _run_of(portal),
        portal.damage,
        portal.runs.all,
    ]


def _run_of(portal: PortalLedger) -> None:
    with portal.lock("review"):
        pass
    run = portal.runs.begin("review")
    portal.runs.finish(run.run_id, state="done", summary={"keep": 2}, exit_code=0)


def test_an_index_that_contradicts_its_table_stops_every_change(
    tmp_path: Path, clock: TickingClock
):
    file = tmp_path / "ledger.sqlite3"
    with open_ledger(f"sqlite:///{file}", clock=clock) as ledger:
        for _ in range(3):
            ledger.portal(PORTAL).runs.begin("review")
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = NULL WHERE name = 'runs_by_plan'")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'runs_by_plan'")
    connection.close()
    with (
        open_ledger(f"sqlite:///{file}", clock=clock) as ledger,
        pytest.raises(LedgerError) as told,
        ledger.portal(PORTAL).lock("apply"),
    ):
        pytest.fail("went on with a damaged file")
    assert told.value.exit_code is ExitCode.USAGE


def test_a_document_that_was_changed_is_not_read(filled: PortalLedger, tampering: Tampering):
    (run,) = filled.runs.all()
    with tampering() as connection:
        connection.execute(
            schema.plans.insert().values(
                portal_id=1,
                run_id=run.run_id,
                plan_id="p1",
                plan=b"x",
                evidence_record=b"x",
                digest=1,
            )
        )
    with pytest.raises(LedgerError, match="changed"):
        filled.runs.plan(run.run_id)
    assert any("plans" in one for one in filled.damage())
