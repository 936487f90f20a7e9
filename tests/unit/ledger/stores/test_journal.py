"""The journal: an append-only chain in which nothing can be altered unnoticed."""

import json
from hashlib import sha256
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError

from lastseen.ledger import Ledger, PortalLedger
from lastseen.ledger.db.schema import journal
from lastseen.ledger.stores.hash_chain import StoredEntry
from lastseen.model.errors import LedgerError
from lastseen.model.journal_entry import ChainViolation
from tests.unit.ledger.alterations import ALTERATIONS, first_difference
from tests.unit.ledger.conftest import PORTAL, Tampering

Row = dict[str, Any]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53), 2.0**53)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
contents = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=5), json_values, max_size=4
)


# --- appending


def test_an_entry_says_who_when_and_what(portal: PortalLedger):
    portal.acting_as("admin@example.com")
    entry = portal.journal.append("intent", run_id="r1", content={"people": ["anna"]})
    assert (entry.seq, entry.kind, entry.run_id) == (1, "intent", "r1")
    assert entry.by == portal.actor
    assert entry.by.account == "admin@example.com"
    assert list(portal.journal.entries()) == [entry]
    assert portal.journal.head() == entry.hash


def test_an_empty_journal_has_no_head_and_is_whole(portal: PortalLedger):
    assert portal.journal.head() is None
    assert portal.journal.verify() is None
    assert list(portal.journal.entries()) == []


def test_each_entry_seals_the_one_before(portal: PortalLedger):
    one, two, three = (portal.journal.append("scope", run_id=None, content={}) for _ in "abc")
    assert (two.previous_hash, three.previous_hash) == (one.hash, two.hash)
    assert len({one.hash, two.hash, three.hash}) == 3


def test_entries_of_one_run_can_be_asked_for(portal: PortalLedger):
    for run_id in ("r1", "r2", None, "r1"):
        portal.journal.append("intent", run_id=run_id, content={})
    assert [entry.seq for entry in portal.journal.entries("r1")] == [1, 4]


def test_structs_dates_and_numbers_as_keys_come_back_as_plain_json(portal: PortalLedger):
    content = {"by": portal.actor, "many": {10: "ten", 9: "nine"}}
    entry = portal.journal.append("scope", run_id=None, content=content)
    kept = msgspec.to_builtins(entry.content)
    assert kept["by"]["host"] == portal.actor.host
    assert kept["many"] == {"10": "ten", "9": "nine"}
    assert portal.journal.verify() is None


def test_only_known_kinds_are_written(portal: PortalLedger):
    with pytest.raises(ValueError, match="gossip"):
        portal.journal.append("gossip", run_id=None, content={})  # type: ignore[arg-type]
    assert portal.journal.head() is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(contents, min_size=1, max_size=4))
@example([{"": "\x00"}, {"n": 1e22}, {"n": -0.0}, {"n": 2**53 - 1}])
def test_whatever_json_is_written_comes_back_and_holds(ledger: Ledger, said: list[Row]):
    portal = _some_portal(ledger)
    for content in said:
        portal.journal.append("outcome", run_id="r1", content=content)
    assert [entry.content for entry in portal.journal.entries()] == said
    assert portal.journal.verify() is None


def test_an_export_can_be_checked_with_nothing_but_sha256(portal: PortalLedger):
    for number in range(3):
        portal.journal.append("outcome", run_id="r1", content={"n": number, "name": "Zoë"})
    previous = sha256(f"lastseen.journal/1 {PORTAL}".encode()).hexdigest()
    lines = list(portal.journal.export())
    for line in lines:
        entry = json.loads(line)
        assert line.endswith(b"}\n")
        assert entry["previous_hash"] == previous
        previous = entry.pop("hash")
        canonical = json.dumps(
            entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        assert sha256(canonical).hexdigest() == previous
    assert len(lines) == 3
    assert portal.journal.head() == previous


def test_more_entries_than_are_read_at_once_are_all_read(portal: PortalLedger):
    with portal._scope.writing() as connection:
        for _ in range(1203):
            portal.journal.append_within(connection, "scope", run_id="r1", content={})
    assert [entry.seq for entry in portal.journal.entries()] == list(range(1, 1204))
    assert len(list(portal.journal.entries("r1"))) == 1203
    assert portal.journal.verify() is None


# --- the database itself refuses


@pytest.mark.parametrize("statement", ["UPDATE journal SET run_id = 'x'", "DELETE FROM journal"])
def test_the_database_refuses_to_alter_entries(
    ledger: Ledger, portal: PortalLedger, statement: str
):
    portal.journal.append("scope", run_id=None, content={})
    with (
        pytest.raises(DBAPIError, match="append-only"),
        ledger._database.writing("test") as connection,
    ):
        connection.exec_driver_sql(statement)
    assert len(list(portal.journal.entries())) == 1


def test_postgresql_refuses_to_empty_the_journal(ledger: Ledger, portal: PortalLedger):
    portal.journal.append("scope", run_id=None, content={})
    if ledger._database.dialect == "postgresql":
        with (
            pytest.raises(DBAPIError, match="append-only"),
            ledger._database.writing("test") as connection,
        ):
            connection.exec_driver_sql("TRUNCATE journal")
    assert portal.journal.head() is not None


def test_an_entry_replaced_by_an_insert_is_refused_or_found(ledger: Ledger, portal: PortalLedger):
    for number in range(3):
        portal.journal.append("outcome", run_id=None, content={"n": number})
    columns = "portal_id, seq, at, kind, run_id, actor, content, previous_hash, hash"
    forged = columns.replace("content", "'{}'")
    rows = f"INTO journal ({columns}) SELECT {forged} FROM journal WHERE seq = 2"
    if ledger._database.dialect == "postgresql":
        on_conflict = "ON CONFLICT (portal_id, seq) DO UPDATE SET content = '{}'"
        with (
            pytest.raises(DBAPIError, match="append-only"),
            ledger._database.writing("test") as connection,
        ):
            connection.exec_driver_sql(f"INSERT {rows} {on_conflict}")
        assert portal.journal.damage() is None
    else:
        with ledger._database.writing("test") as connection:
            connection.exec_driver_sql(f"INSERT OR REPLACE {rows}")
        broken = portal.journal.damage()
        assert broken is not None
        assert (broken.seq, broken.problem) == (2, "changed")


# --- verifying


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_single_alteration_is_found_and_the_first_wrong_entry_named(
    ledger: Ledger, tampering: Tampering, data: st.DataObject
):
    # given
    portal = _some_portal(ledger)
    for number in range(data.draw(st.integers(1, 6), label="entries")):
        portal.journal.append("outcome", run_id=f"r{number % 2}", content={"n": number})
    head = portal.journal.head()
    written = _stored(tampering, portal)
    # when
    altered = data.draw(st.sampled_from(ALTERATIONS))(data, written)
    assume(altered != written)
    _put(tampering, portal, altered)
    # then
    broken = portal.journal.verify(expected_head=head)
    assert broken is not None
    assert broken.seq == first_difference(written, altered)


def test_a_removed_tail_is_found_by_the_head_kept_elsewhere(
    portal: PortalLedger, tampering: Tampering
):
    for number in range(4):
        portal.journal.append("outcome", run_id=None, content={"n": number})
    head = portal.journal.head()
    _put(tampering, portal, _stored(tampering, portal)[:2])
    assert portal.journal.verify() is None
    assert portal.journal.verify(expected_head=head) == ChainViolation(
        seq=3, problem="removed", explanation="entry 3 is missing"
    )


def test_a_journal_removed_altogether_is_found_by_the_head_kept_elsewhere(
    portal: PortalLedger, tampering: Tampering
):
    portal.journal.append("outcome", run_id=None, content={})
    head = portal.journal.head()
    _put(tampering, portal, [])
    broken = portal.journal.verify(expected_head=head)
    assert broken is not None
    assert (broken.seq, broken.problem) == (1, "removed")


def test_a_head_kept_elsewhere_still_fits_after_more_was_written(portal: PortalLedger):
    portal.journal.append("outcome", run_id=None, content={})
    head = portal.journal.head()
    portal.journal.append("outcome", run_id=None, content={})
    assert portal.journal.verify(expected_head=head) is None


def test_a_journal_moved_to_another_portal_is_found(ledger: Ledger, tampering: Tampering):
    portal, other = _some_portal(ledger), _some_portal(ledger)
    portal.journal.append("outcome", run_id=None, content={})
    _put(tampering, other, _stored(tampering, portal))
    broken = other.journal.verify()
    assert broken is not None
    assert (broken.seq, broken.problem) == (1, "changed")


def test_an_entry_before_the_first_is_found(portal: PortalLedger, tampering: Tampering):
    portal.journal.append("outcome", run_id=None, content={})
    (entry,) = _stored(tampering, portal)
    _put(tampering, portal, [entry._replace(seq=-5), entry])
    broken = portal.journal.verify()
    assert broken is not None
    assert (broken.seq, broken.problem) == (1, "inserted")


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"n": 1}', '{"b":1,"a":2}', "{}{}"])
def test_content_that_lastseen_never_wrote_is_found(
    portal: PortalLedger, tampering: Tampering, content: str
):
    portal.journal.append("outcome", run_id=None, content={"n": 1})
    (entry,) = _stored(tampering, portal)
    _put(tampering, portal, [entry._replace(content=content)])
    broken = portal.journal.verify()
    assert broken is not None
    assert broken.seq == 1


def test_an_entry_that_can_not_be_read_is_a_ledger_error(
    portal: PortalLedger, tampering: Tampering
):
    for _ in range(2):
        portal.journal.append("outcome", run_id=None, content={})
    one, two = _stored(tampering, portal)
    _put(tampering, portal, [one, two._replace(content="not json")])
    for read in (portal.journal.entries, portal.journal.export):
        with pytest.raises(LedgerError, match="entry 2") as told:
            list(read())
        assert "--verify" in told.value.remedy


def _stored(tampering: Tampering, portal: PortalLedger) -> list[StoredEntry]:
    with tampering() as connection:
        rows = connection.execute(
            select(*(journal.c[name] for name in StoredEntry._fields))
            .where(journal.c.portal_id == _portal_id(portal))
            .order_by(journal.c.seq)
        ).all()
    return [StoredEntry._make(row) for row in rows]


def _put(tampering: Tampering, portal: PortalLedger, chain: list[StoredEntry]) -> None:
    number = _portal_id(portal)
    with tampering() as connection:
        connection.execute(delete(journal).where(journal.c.portal_id == number))
        if chain:
            rows = [{**entry._asdict(), "portal_id": number} for entry in chain]
            connection.execute(insert(journal), rows)


def _portal_id(portal: PortalLedger) -> int:
    return portal._scope.portal_id


def _some_portal(ledger: Ledger) -> PortalLedger:
    return ledger.portal(f"https://{uuid4().hex}.example")
