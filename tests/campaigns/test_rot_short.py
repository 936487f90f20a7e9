"""Flipped bits, short: the full number is flipped by `python -m campaigns.rot`."""

import pytest

from campaigns.rot.__main__ import WRONG, flips


@pytest.mark.slow
def test_a_flipped_bit_of_the_ledger_disables_nobody_wrongly_and_is_no_bug() -> None:
    assert [flip for flip in flips(60, seed=1) if flip.end in WRONG] == []
