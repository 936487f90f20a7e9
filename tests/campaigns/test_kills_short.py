"""Kills, short: several processes, one portal, killed for real or racing for the lock.

The full number is played by `python -m campaigns.kills`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.kills.in_process import Stage, several_deaths
from campaigns.kills.sigkill import Theatre, theatre
from testing.process_death import Moment


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """A portal whose every answer takes a moment."""
    with theatre(tmp_path_factory.mktemp("kills"), seed=5, latency=0.01) as stage:
        yield stage


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("fresh_postgres_url"))
    return f"sqlite:///{tmp_path / 'ledger.sqlite3'}"


def test_of_several_processes_one_carries_the_plan_out(served: Theatre, ledger_url: str):
    race = served.race(3, ledger_url=ledger_url)

    assert not race.failed
    assert not race.verdict.wrongs
    assert race.verdict.changed > 5


@pytest.mark.parametrize(("step", "moment"), [("set_status:1", "after"), ("append:1", "before")])
def test_a_killed_process_leaves_no_lock_and_the_next_finishes_its_job(
    served: Theatre, ledger_url: str, step: str, moment: Moment
):
    kill = served.kill_at(step, moment, ledger_url=ledger_url)

    assert kill.died
    assert not kill.verdict.wrongs
    assert kill.verdict.changed > 5


@pytest.mark.parametrize("milliseconds", [40, 150])
def test_a_process_killed_at_any_instant_is_finished_by_the_next(
    served: Theatre, milliseconds: int
):
    kill = served.kill_after(milliseconds / 1000)

    assert not kill.verdict.wrongs
    assert kill.verdict.changed > 5


@pytest.mark.parametrize("faults", [False, True])
def test_a_command_that_dies_several_times_comes_to_its_end(tmp_path: Path, faults: bool):
    stage = Stage(tmp_path, seed=11, batch=3, faults=faults)

    for death in several_deaths(stage, 6, seed=11):
        assert not death.verdict.wrongs, death
