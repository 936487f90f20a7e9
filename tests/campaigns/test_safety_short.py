"""The campaign of safety, short: generated portals on which nobody may be disabled wrongly.

The full one is `python -m campaigns.safety`; `--shrink SEED` makes a failing portal small.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.safety.campaign import failures_of, play_all
from campaigns.safety.generator import draw
from campaigns.safety.judging import Fault
from campaigns.safety.playing import play
from campaigns.safety.table import SUBJECTS, written
from campaigns.safety.tallies import ALL, LASTSEEN, Column

PARTS = 4


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_nobody_is_disabled_wrongly_on_two_hundred_portals(part: int) -> None:
    result = play_all(range(part, 200, PARTS))
    assert result.failures == []
    counts = result.counts
    # The portals are such that it could go wrong: on the same ones the sample does.
    assert counts[ALL, LASTSEEN, Column.DISABLES] > 50
    assert counts[ALL, LASTSEEN, Column.THERE] > 500
    for subject in SUBJECTS[1:]:
        assert counts[ALL, subject, Fault.WRONGFUL] > 50
    assert "wrongful" in written(counts)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(10_000, 2**40))
def test_nobody_is_disabled_wrongly_on_any_portal(tmp_path: Path, seed: int) -> None:
    case = draw(seed)
    assert list(failures_of(case, play(case, tmp_path))) == []


def test_the_same_seed_gives_the_same_portal_and_the_same_end(tmp_path: Path) -> None:
    first, second = (play(draw(7), tmp_path) for _ in range(2))
    assert draw(7) == draw(7)
    assert first == second
