"""The journal: an append-only chain in which nothing can be altered unnoticed."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError

from lastseen.errors import LedgerError
from lastseen.ledger import Broken, Ledger, PortalLedger
from lastseen.ledger.schema import journal
from lastseen.plan import canonical_json
from tests.unit.ledger.conftest import PORTAL, Tampering

Row = dict[str, Any]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
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
    one, two, three = (portal.journal.append("review", run_id=None, content={}) for _ in "abc")
    assert (two.previous_hash, three.previous_hash) == (one.hash, two.hash)
    assert len({one.hash, two.hash, three.hash}) == 3


def test_entries_of_one_run_can_be_asked_for(portal: PortalLedger):
    for run_id in ("r1", "r2", None, "r1"):
        portal.journal.append("intent", run_id=run_id, content={})
    assert [entry.seq for entry in portal.journal.entries("r1")] == [1, 4]


def test_structs_dates_and_numbers_as_keys_come_back_as_plain_json(portal: PortalLedger):
    content = {"by": portal.actor, "many": {10: "ten", 9: "nine"}}
    entry = portal.journal.append("configuration", run_id=None, content=content)
    assert entry.content["by"]["host"] == portal.actor.host
    assert entry.content["many"] == {"10": "ten", "9": "nine"}
    assert portal.journal.verify() is None


def test_only_known_kinds_are_written(portal: PortalLedger):
    with pytest.raises(ValueError, match="gossip"):
        portal.journal.append("gossip", run_id=None, content={})  # type: ignore[arg-type]
    assert portal.journal.head() is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(contents, min_size=1, max_size=4))
@example([{"": "\x00"}, {"n": 1e22}, {"n": -0.0}, {"n": 2**64 - 1}])
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
            portal.journal.append_within(connection, "review", run_id="r1", content={})
    assert [entry.seq for entry in portal.journal.entries()] == list(range(1, 1204))
    assert len(list(portal.journal.entries("r1"))) == 1203
    assert portal.journal.verify() is None


# --- the database itself refuses


@pytest.mark.parametrize("statement", ["UPDATE journal SET run_id = 'x'", "DELETE FROM journal"])
def test_the_database_refuses_to_alter_entries(
    ledger: Ledger, portal: PortalLedger, statement: str
):
    portal.journal.append("review", run_id=None, content={})
    with (
        pytest.raises(DBAPIError, match="append-only"),
        ledger._database.writing("test") as connection,
    ):
        connection.exec_driver_sql(statement)
    assert len(list(portal.journal.entries())) == 1


def test_postgresql_refuses_to_empty_the_journal(ledger: Ledger, portal: PortalLedger):
    portal.journal.append("review", run_id=None, content={})
    if ledger._database.dialect == "postgresql":
        with (
            pytest.raises(DBAPIError, match="append-only"),
            ledger._database.writing("test") as connection,
        ):
            connection.exec_driver_sql("TRUNCATE journal")
    assert portal.journal.head() is not None


# --- verifying


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_single_alteration_is_found_and_the_first_wrong_entry_named(
    ledger: Ledger, tampering: Tampering, data: st.DataObject
):
    # given
    portal = _some_portal(ledger)
    for number in range(data.draw(st.integers(1, 6), label="entries")):
        portal.journal.append("outcome", run_id=f"r{number % 2}", content={"n": number})
    head = portal.journal.head()
    written = _rows(tampering, portal)
    # when
    alteration = data.draw(st.sampled_from(ALTERATIONS), label="alteration")
    altered = alteration(data, [dict(row) for row in written])
    assume(altered != written)
    _put(tampering, portal, altered)
    # then
    broken = portal.journal.verify(expected_head=head)
    assert broken is not None
    assert broken.seq == _first_difference(written, altered)
    assert str(broken.seq) in broken.explanation


def test_a_removed_tail_is_found_by_the_head_kept_elsewhere(
    portal: PortalLedger, tampering: Tampering
):
    for number in range(4):
        portal.journal.append("outcome", run_id=None, content={"n": number})
    head = portal.journal.head()
    _put(tampering, portal, _rows(tampering, portal)[:2])
    assert portal.journal.verify() is None
    assert portal.journal.verify(expected_head=head) == Broken(
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


def test_a_chain_rewritten_from_the_beginning_is_found_by_the_head_kept_elsewhere(
    ledger: Ledger, tampering: Tampering
):
    true, forged = _some_portal(ledger), _some_portal(ledger)
    for number in range(3):
        true.journal.append("outcome", run_id=None, content={"n": number})
    head = true.journal.head()
    rows = _rows(tampering, true)
    rows[1]["content"] = '{"n":7}'
    _put(tampering, true, _resealed(rows, from_seq=2))
    assert true.journal.verify() is None
    assert true.journal.verify(expected_head=head) is not None
    assert forged.journal.verify() is None


def test_a_journal_moved_to_another_portal_is_found(ledger: Ledger, tampering: Tampering):
    portal, other = _some_portal(ledger), _some_portal(ledger)
    portal.journal.append("outcome", run_id=None, content={})
    other.journal.head()
    _put(tampering, other, _rows(tampering, portal))
    broken = other.journal.verify()
    assert broken is not None
    assert (broken.seq, broken.problem) == (1, "changed")


def test_what_was_done_to_an_entry_is_told(portal: PortalLedger, tampering: Tampering):
    for number in range(5):
        portal.journal.append("outcome", run_id=None, content={"n": number})
    rows = _rows(tampering, portal)
    changed = [dict(row) for row in rows]
    changed[2]["content"] = '{"n":9}'
    removed = rows[:2] + rows[3:]
    closed_up = _numbered(removed)
    forged = _resealed([*rows[:2], {**rows[2], "content": '{"n":9}'}], from_seq=3)[2]
    inserted = _numbered([*rows[:2], forged, *rows[2:]])
    for altered, problem in (
        (changed, "changed"),
        (removed, "removed"),
        (closed_up, "removed"),
        (inserted, "inserted"),
    ):
        _put(tampering, portal, altered)
        broken = portal.journal.verify()
        assert broken is not None
        assert (broken.seq, broken.problem) == (3, problem)


def test_an_entry_before_the_first_is_found(portal: PortalLedger, tampering: Tampering):
    portal.journal.append("outcome", run_id=None, content={})
    rows = _rows(tampering, portal)
    _put(tampering, portal, [{**rows[0], "seq": 0}, *rows])
    broken = portal.journal.verify()
    assert broken is not None
    assert (broken.seq, broken.problem) == (1, "inserted")


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"n": 1}', '{"b":1,"a":2}', "{}{}"])
def test_content_that_lastseen_never_wrote_is_found(
    portal: PortalLedger, tampering: Tampering, content: str
):
    portal.journal.append("outcome", run_id=None, content={"n": 1})
    _put(tampering, portal, [{**_rows(tampering, portal)[0], "content": content}])
    broken = portal.journal.verify()
    assert broken is not None
    assert broken.seq == 1


def test_an_entry_that_can_not_be_read_is_a_ledger_error(
    portal: PortalLedger, tampering: Tampering
):
    for _ in range(2):
        portal.journal.append("outcome", run_id=None, content={})
    rows = _rows(tampering, portal)
    _put(tampering, portal, [rows[0], {**rows[1], "content": "not json"}])
    with pytest.raises(LedgerError, match="entry 2") as told:
        list(portal.journal.entries())
    assert "--verify" in told.value.remedy


# --- altering


def _change_a_field(data: st.DataObject, rows: list[Row]) -> list[Row]:
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from(["at", "kind", "run_id", "actor", "content", "hash"]))
    some = {
        "at": row["at"] + data.draw(st.integers(-(10**6), 10**6)),
        "kind": data.draw(st.sampled_from(["intent", "outcome", "undo", ""])),
        "run_id": data.draw(st.sampled_from(["r0", "r1", None, ""])),
        "actor": data.draw(st.sampled_from(["{}", row["actor"] + " ", row["actor"].upper()])),
        "content": data.draw(st.sampled_from(['{"n":0}', '{"n":1}', "null", '{"n":1.0}'])),
        "hash": data.draw(st.sampled_from(["", row["previous_hash"], row["hash"][::-1]])),
    }
    row[name] = some[name]
    return rows


def _change_the_link(data: st.DataObject, rows: list[Row]) -> list[Row]:
    row = data.draw(st.sampled_from(rows))
    row["previous_hash"] = data.draw(st.sampled_from([r["hash"] for r in rows] + ["", "0" * 64]))
    return rows


def _change_a_field_and_seal_it(data: st.DataObject, rows: list[Row]) -> list[Row]:
    assume(len(rows) > 1)
    row = data.draw(st.sampled_from(rows[:-1]))  # the last can only be told by the head
    row["content"] = '{"n":99}'
    row["hash"] = _hash(row)
    return rows


def _remove(data: st.DataObject, rows: list[Row]) -> list[Row]:
    del rows[data.draw(st.integers(0, len(rows) - 1))]
    return rows


def _remove_and_close_up(data: st.DataObject, rows: list[Row]) -> list[Row]:
    return _numbered(_remove(data, rows))


def _insert_a_copy(data: st.DataObject, rows: list[Row]) -> list[Row]:
    copy = dict(data.draw(st.sampled_from(rows)))
    place = data.draw(st.integers(0, len(rows)))
    return _numbered([*rows[:place], copy, *rows[place:]])


def _insert_a_forgery(data: st.DataObject, rows: list[Row]) -> list[Row]:
    place = data.draw(st.integers(0, len(rows) - 1))
    previous = rows[place - 1]["hash"] if place else rows[0]["previous_hash"]
    forgery = {**rows[0], "seq": place + 1, "content": '{"n":99}', "previous_hash": previous}
    forgery["hash"] = _hash(forgery)
    return _numbered([*rows[:place], forgery, *rows[place:]])


def _swap(data: st.DataObject, rows: list[Row]) -> list[Row]:
    one, other = (data.draw(st.integers(0, len(rows) - 1)) for _ in "ab")
    rows[one], rows[other] = rows[other], rows[one]
    return _numbered(rows)


def _move(data: st.DataObject, rows: list[Row]) -> list[Row]:
    row = rows.pop(data.draw(st.integers(0, len(rows) - 1)))
    rows.insert(data.draw(st.integers(0, len(rows))), row)
    return _numbered(rows)


ALTERATIONS: list[Callable[[st.DataObject, list[Row]], list[Row]]] = [
    _change_a_field,
    _change_the_link,
    _change_a_field_and_seal_it,
    _remove,
    _remove_and_close_up,
    _insert_a_copy,
    _insert_a_forgery,
    _swap,
    _move,
]


def _first_difference(written: list[Row], altered: list[Row]) -> int:
    pairs = zip(written, altered, strict=False)
    same = [one == other for one, other in pairs]
    return 1 + (same.index(False) if False in same else len(same))


def _numbered(rows: list[Row]) -> list[Row]:
    return [{**row, "seq": seq} for seq, row in enumerate(rows, start=1)]


def _hash(row: Row) -> str:
    content = {
        "seq": row["seq"],
        "at": _written_time(row["at"]),
        "kind": row["kind"],
        "run_id": row["run_id"],
        "by": msgspec.json.decode(row["actor"]),
        "content": msgspec.json.decode(row["content"]),
        "previous_hash": row["previous_hash"],
    }
    return sha256(canonical_json(content)).hexdigest()


def _written_time(number: int) -> Any:
    from lastseen.ledger.stamps import stamped

    return msgspec.to_builtins(stamped(number))


def _resealed(rows: list[Row], *, from_seq: int) -> list[Row]:
    sealed = rows[: from_seq - 1]
    for row in rows[from_seq - 1 :]:
        again = {**row, "previous_hash": sealed[-1]["hash"]}
        sealed.append({**again, "hash": _hash(again)})
    return sealed


def _rows(tampering: Tampering, portal: PortalLedger) -> list[Row]:
    with tampering() as connection:
        rows = connection.execute(
            select(journal).where(journal.c.portal_id == _portal_id(portal)).order_by(journal.c.seq)
        ).all()
    return [{k: v for k, v in row._mapping.items() if k != "portal_id"} for row in rows]


def _put(tampering: Tampering, portal: PortalLedger, rows: list[Row]) -> None:
    number = _portal_id(portal)
    with tampering() as connection:
        connection.execute(delete(journal).where(journal.c.portal_id == number))
        if rows:
            connection.execute(insert(journal), [{**row, "portal_id": number} for row in rows])


def _portal_id(portal: PortalLedger) -> int:
    return portal._scope.portal_id


def _some_portal(ledger: Ledger) -> PortalLedger:
    return ledger.portal(f"https://{uuid4().hex}.example")
