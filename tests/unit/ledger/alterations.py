"""Ways in which somebody might alter a journal, each a single one."""

from collections.abc import Callable
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from lastseen.ledger.stores.hash_chain import StoredEntry, sealed

Chain = list[StoredEntry]
Alteration = Callable[[st.DataObject, Chain], Chain]


def change_a_field(data: st.DataObject, chain: Chain) -> Chain:
    place = data.draw(st.integers(0, len(chain) - 1))
    entry = chain[place]
    change: dict[str, Any] = data.draw(
        st.sampled_from(
            [
                {"at": entry.at + 1},
                {"at": entry.at - 10**12},
                {"at": -(2**60)},
                {"kind": "intent"},
                {"kind": ""},
                {"run_id": "r9"},
                {"run_id": None},
                {"actor": "{}"},
                {"actor": entry.actor + " "},
                {"actor": entry.actor.upper()},
                {"content": '{"n":77}'},
                {"content": '{"n":1.0}'},
                {"content": "null"},
                {"content": "not json"},
                {"content": entry.content + " "},
                {"hash": ""},
                {"hash": entry.previous_hash},
                {"hash": entry.hash.upper()},
            ]
        )
    )
    return [*chain[:place], entry._replace(**change), *chain[place + 1 :]]


def change_the_link(data: st.DataObject, chain: Chain) -> Chain:
    place = data.draw(st.integers(0, len(chain) - 1))
    link = data.draw(st.sampled_from([entry.hash for entry in chain] + ["", "0" * 64]))
    return [*chain[:place], chain[place]._replace(previous_hash=link), *chain[place + 1 :]]


def change_and_seal_again(data: st.DataObject, chain: Chain) -> Chain:
    """The last entry is left out: sealed again, only a head kept elsewhere gives it away."""
    assume(len(chain) > 1)
    place = data.draw(st.integers(0, len(chain) - 2))
    forged = sealed(chain[place]._replace(content='{"n":99}'))
    return [*chain[:place], forged, *chain[place + 1 :]]


def link_elsewhere_and_seal_again(data: st.DataObject, chain: Chain) -> Chain:
    assume(len(chain) > 1)
    place = data.draw(st.integers(0, len(chain) - 2))
    forged = sealed(chain[place]._replace(previous_hash="0" * 64))
    return [*chain[:place], forged, *chain[place + 1 :]]


def remove(data: st.DataObject, chain: Chain) -> Chain:
    place = data.draw(st.integers(0, len(chain) - 1))
    return [*chain[:place], *chain[place + 1 :]]


def remove_and_close_up(data: st.DataObject, chain: Chain) -> Chain:
    return numbered(remove(data, chain))


def insert_a_copy(data: st.DataObject, chain: Chain) -> Chain:
    copy = data.draw(st.sampled_from(chain))
    place = data.draw(st.integers(0, len(chain)))
    return numbered([*chain[:place], copy, *chain[place:]])


def insert_a_forgery(data: st.DataObject, chain: Chain) -> Chain:
    """At the end it would be a continuation like any other."""
    place = data.draw(st.integers(0, len(chain) - 1))
    return numbered([*chain[:place], forged_after(chain, place), *chain[place:]])


def swap(data: st.DataObject, chain: Chain) -> Chain:
    one, other = (data.draw(st.integers(0, len(chain) - 1)) for _ in "ab")
    swapped = list(chain)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    return numbered(swapped)


def move(data: st.DataObject, chain: Chain) -> Chain:
    moved = list(chain)
    entry = moved.pop(data.draw(st.integers(0, len(moved) - 1)))
    moved.insert(data.draw(st.integers(0, len(moved))), entry)
    return numbered(moved)


ALTERATIONS: list[Alteration] = [
    change_a_field,
    change_the_link,
    change_and_seal_again,
    link_elsewhere_and_seal_again,
    remove,
    remove_and_close_up,
    insert_a_copy,
    insert_a_forgery,
    swap,
    move,
]


def forged_after(chain: Chain, place: int) -> StoredEntry:
    """An entry that was never written, in all its fields as if it had been, at `place`."""
    previous = chain[place - 1].hash if place else chain[0].previous_hash
    return sealed(chain[0]._replace(seq=place + 1, content='{"n":99}', previous_hash=previous))


def numbered(chain: Chain) -> Chain:
    return [entry._replace(seq=seq) for seq, entry in enumerate(chain, start=1)]


def resealed(chain: Chain, *, from_seq: int) -> Chain:
    """The chain with every link and hash from `from_seq` on made to fit."""
    fitting = chain[: from_seq - 1]
    for entry in chain[from_seq - 1 :]:
        fitting.append(sealed(entry._replace(previous_hash=fitting[-1].hash)))
    return fitting


def first_difference(written: Chain, altered: Chain) -> int:
    """The number of the first entry that isn't what was written."""
    same = [one == other for one, other in zip(written, altered, strict=False)]
    return 1 + (same.index(False) if False in same else len(same))
