"""The chain: whatever is altered in it, the first wrong entry is named."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lastseen.ledger.stores.hash_chain import StoredEntry, first_broken, origin, sealed
from tests.unit.ledger.alterations import (
    ALTERATIONS,
    first_difference,
    forged_after,
    numbered,
    resealed,
)

BEGIN = origin("https://portal.example")
ACTOR = '{"account":null,"host":"h","os_user":"u","version":"1"}'


def a_chain(length: int) -> list[StoredEntry]:
    chain: list[StoredEntry] = []
    for number in range(length):
        entry = StoredEntry(
            seq=number + 1,
            at=1_000_000 * number,
            kind="outcome",
            run_id=f"r{number % 2}",
            actor=ACTOR,
            content=f'{{"n":{number}}}',
            previous_hash=chain[-1].hash if chain else BEGIN,
            hash="",
        )
        chain.append(sealed(entry))
    return chain


@pytest.mark.parametrize("length", [0, 1, 2, 30])
def test_a_chain_as_written_is_whole(length: int):
    assert first_broken(iter(a_chain(length)), BEGIN, expected_head=None) is None


@settings(max_examples=200)
@given(st.data(), st.integers(1, 7))
def test_any_single_alteration_is_found_and_the_first_wrong_entry_named(
    data: st.DataObject, length: int
):
    written = a_chain(length)
    altered = data.draw(st.sampled_from(ALTERATIONS))(data, written)
    assume(altered != written)
    broken = first_broken(iter(altered), BEGIN, expected_head=written[-1].hash)
    assert broken is not None
    assert broken.seq == first_difference(written, altered)
    assert str(broken.seq) in broken.explanation


def test_what_was_done_to_an_entry_is_reported():
    chain = a_chain(5)
    removed = [*chain[:2], *chain[3:]]
    for altered, problem in (
        ([*chain[:2], chain[2]._replace(content='{"n":9}'), *chain[3:]], "changed"),
        (removed, "removed"),
        (numbered(removed), "removed"),
        (numbered([*chain[:2], forged_after(chain, 2), *chain[2:]]), "inserted"),
    ):
        broken = first_broken(iter(altered), BEGIN, expected_head=None)
        assert broken is not None
        assert (broken.seq, broken.problem) == (3, problem)


def test_a_chain_forged_to_its_end_is_found_by_the_head_kept_elsewhere():
    written = a_chain(4)
    forged = resealed(
        [written[0], written[1]._replace(content='{"n":7}'), *written[2:]], from_seq=2
    )
    assert first_broken(iter(forged), BEGIN, expected_head=None) is None
    assert first_broken(iter(forged), BEGIN, expected_head=written[-1].hash) is not None


def test_a_field_that_a_later_version_added_does_not_break_the_chain():
    (entry,) = a_chain(1)
    later = sealed(entry._replace(actor=ACTOR.replace("}", ',"zone":"UTC"}')))
    assert first_broken(iter([later]), BEGIN, expected_head=later.hash) is None


def test_a_number_that_is_none_is_found():
    (entry,) = a_chain(1)
    stray = entry._replace(seq="x")  # type: ignore[arg-type]
    broken = first_broken(iter([entry, stray]), BEGIN, expected_head=None)
    assert broken is not None
    assert (broken.seq, broken.problem) == (2, "inserted")


def test_another_portals_chain_does_not_pass():
    chain = a_chain(2)
    broken = first_broken(iter(chain), origin("https://other.example"), expected_head=None)
    assert broken is not None
    assert broken.seq == 1
