"""Damaged ledgers, short: the full number is damaged by `python -m campaigns.rot`."""

import pytest

from campaigns.rot.__main__ import WRONG, changes, flips


@pytest.mark.slow
def test_a_flipped_bit_of_the_ledger_disables_nobody_wrongly_and_is_no_bug() -> None:
    assert [flip for flip in flips(60, seed=1) if flip.end in WRONG] == []


@pytest.mark.slow
def test_a_changed_value_of_a_ledger_on_postgresql_disables_nobody_wrongly_and_is_no_bug(
    postgres_url: str,
) -> None:
    found = changes(25, seed=1, server=postgres_url)
    assert [flip for flip in found if flip.end in WRONG] == []
