"""Opening a ledger by its address, and what is said where that can't be."""

import stat
from pathlib import Path

import pytest

from lastseen.ledger import open_ledger
from lastseen.model.errors import ExitCode, LedgerError
from tests.unit.ledger.conftest import PORTAL, TickingClock


def test_without_an_address_the_ledger_lies_in_the_users_data_folder(
    clock: TickingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    with open_ledger(None, clock=clock) as ledger:
        ledger.portal(PORTAL).runs.begin("review")
    folder = tmp_path / "share" / "lastseen"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "ledger.sqlite3").is_file()


def test_a_data_folder_that_can_not_be_made_is_reported(
    clock: TickingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(LedgerError) as told:
        open_ledger(None, clock=clock)
    assert "[ledger] url" in told.value.remedy


def test_a_relative_file_lies_where_the_command_was_run(
    clock: TickingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with open_ledger("sqlite:///here.sqlite3", clock=clock) as ledger:
        assert ledger.place == str(tmp_path / "here.sqlite3")


def test_the_users_home_may_be_written_short(
    clock: TickingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    with open_ledger("sqlite:///~/here.sqlite3", clock=clock):
        assert (tmp_path / "here.sqlite3").is_file()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_ledger_may_be_in_memory(clock: TickingClock, url: str):
    with open_ledger(url, clock=clock) as ledger:
        assert ledger.place == "in memory"


@pytest.mark.parametrize(
    "url",
    [
        "ledger.sqlite3",
        "",
        "mysql://user:topsecret@host/name",
        "postgresql+asyncpg://user:topsecret@host/name",
        "postgresql://user:top@secret@host/name",
        "postgresql://user:topsecret@host:port/name",
        "sqlite:///ledger.sqlite3?mode=ro",
        "sqlite://host/ledger.sqlite3",
    ],
)
def test_an_address_that_can_not_be_used_is_reported_without_showing_it(
    clock: TickingClock, url: str
):
    with pytest.raises(LedgerError) as told:
        open_ledger(url, clock=clock)
    assert told.value.exit_code is ExitCode.USAGE
    said = " ".join(_sentences(told.value))
    assert "secret" not in said
    assert "sqlite:///FILE" in told.value.remedy


def _sentences(error: LedgerError) -> tuple[str, ...]:
    return (str(error), error.attempted, error.found, error.meaning, error.remedy)
