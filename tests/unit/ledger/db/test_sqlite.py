"""A ledger in a file: private, and clear about what is wrong with it."""

import os
import re
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from lastseen.ledger import Ledger, open_ledger
from lastseen.model.errors import LedgerError
from tests.unit.ledger.conftest import PORTAL, TickingClock
from tests.unit.ledger.examples import ANNA, failed, reading, seen, stretch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


# --- whose it is


def test_only_its_owner_can_read_the_ledger(file: Path, clock: TickingClock):
    before = os.umask(0)
    try:
        with _open(file, clock) as ledger, ledger.portal(PORTAL).lock("apply"):
            ledger.portal(PORTAL).runs.begin("review")
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert {file.name, f"{file.name}-wal", f"{file.name}-shm"} < set(modes)


def test_a_ledger_that_others_can_read_is_tightened(file: Path, clock: TickingClock):
    with _open(file, clock) as ledger:
        ledger.portal(PORTAL).runs.begin("review")
        for one in file.parent.iterdir():
            one.chmod(0o644)
        with _open(file, clock):
            modes = {stat.S_IMODE(one.stat().st_mode) for one in file.parent.iterdir()}
    assert modes == {0o600}


# --- what may be wrong with it


@pytest.mark.parametrize("companion", ["-wal", "-shm", "-journal"])
def test_entries_that_another_user_put_beside_the_ledger_are_not_taken(
    file: Path, clock: TickingClock, companion: str, monkeypatch: pytest.MonkeyPatch
):
    with _open(file, clock) as ledger:
        ledger.portal(PORTAL).runs.begin("review")
    planted = file.with_name(file.name + companion)
    planted.write_bytes(b"planted")
    theirs = planted.stat().st_ino
    monkeypatch.setattr(
        "lastseen.ledger.db.sqlite.is_anothers", lambda status: status.st_ino == theirs
    )
    assert "belongs to another user" in _refused(file, clock).found


def test_a_file_that_is_no_database_is_reported(file: Path, clock: TickingClock):
    file.write_bytes(b"this is not a database, whatever its name says" * 100)
    told = _refused(file, clock)
    assert "not a readable SQLite database" in told.found
    assert "backup" in told.remedy


def test_a_damaged_ledger_is_reported(file: Path, clock: TickingClock):
    with _open(file, clock) as ledger:
        for number in range(300):
            ledger.portal(PORTAL).evidence.keep(
                reading(failures=(failed(ANNA, number, event_id=number, address="x" * 50),))
            )
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    told = _refused(file, clock)
    assert "not a readable SQLite database" in told.found


def test_a_ledger_damaged_while_it_is_open_is_reported(file: Path, clock: TickingClock):
    with _open(file, clock) as ledger:
        ledger.portal(PORTAL).runs.begin("review")
    with _open(file, clock) as ledger:
        file.write_bytes(b"\x00" * 100_000)
        with pytest.raises(LedgerError) as told:
            ledger.portal(PORTAL).runs.all()
        assert str(file) in told.value.attempted
    del ledger


EMPTIED = pytest.mark.parametrize("left", [b"", b"x", b"\n", None], ids=repr)
"""What is left of the file; SQLite takes one of a single byte for an empty one, too."""


@EMPTIED
def test_an_emptied_or_missing_ledger_is_no_new_one(
    file: Path, clock: TickingClock, left: bytes | None
):
    with _open(file, clock) as ledger, ledger.portal(PORTAL).lock("apply"):
        ledger.portal(PORTAL).runs.begin("apply")
    _leave(file, left)

    told = _refused(file, clock)

    found = "is missing" if left is None else "is empty"
    assert re.search(rf"{found}, but ledger\.sqlite3\.\w+\.lock beside it shows", told.found)
    assert "exemptions" in told.meaning
    assert "ledger.sqlite3-wal, ledger.sqlite3-shm and ledger.sqlite3.*.lock away" in told.remedy
    assert (file.read_bytes() if file.exists() else None) == left
    for one in file.parent.glob("ledger.sqlite3*"):
        one.unlink()
    _open(file, clock).close()


@EMPTIED
def test_what_an_emptied_or_missing_ledger_left_beside_it_is_kept(
    file: Path, clock: TickingClock, left: bytes | None
):
    entries = file.with_name("ledger.sqlite3-wal")
    with _open(file, clock) as ledger:
        ledger.portal(PORTAL).runs.begin("review")
        kept = entries.read_bytes()
    _leave(file, left)
    entries.write_bytes(kept)

    assert "ledger.sqlite3-wal" in _refused(file, clock).found
    assert entries.read_bytes() == kept


def test_entries_are_looked_for_where_a_link_leads(file: Path, clock: TickingClock, tmp_path: Path):
    (tmp_path / "disk").mkdir()
    file.symlink_to(tmp_path / "disk" / "real.sqlite3")
    (tmp_path / "disk" / "real.sqlite3-wal").write_bytes(b"entries")

    assert "real.sqlite3-wal" in _refused(file, clock).found


def _leave(file: Path, left: bytes | None) -> None:
    file.unlink()
    if left is not None:
        file.write_bytes(left)


@pytest.mark.parametrize("stage", ["os.open", "_write_ahead", "the schema"])
def test_a_first_start_that_was_interrupted_is_begun_again(
    file: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch, stage: str
):
    code = {
        "os.open": "lastseen.ledger.db.sqlite._check_file",
        "_write_ahead": "lastseen.ledger.db.sqlite._write_ahead",
        "the schema": "lastseen.ledger.db.revision._make",
    }[stage]
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(code, lambda *_: os._exit(0))
        _open(file, clock)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert file.exists()

    _open(file, clock).close()


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_is_a_new_ledger_and_says_so(
    file: Path, clock: TickingClock, caplog: pytest.LogCaptureFixture, content: bytes
):
    file.write_bytes(content)
    for other in ("other.sqlite3-wal", "ledger.sqlite3.lock", "ledger.sqlite3.bak"):
        file.with_name(other).touch()

    for _ in range(2):
        with _open(file, clock) as ledger:
            assert ledger.portal(PORTAL).runs.all() == ()

    (told,) = [one.getMessage() for one in caplog.records]
    assert f"{file} is an empty file: a new ledger begins there" in told


def test_a_ledger_that_another_process_is_creating_is_not_taken_for_emptied(
    file: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
):
    file.touch()

    def created_meanwhile(path: Path) -> list[str]:
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA journal_mode = WAL")
        return ["ledger.sqlite3-wal"]

    monkeypatch.setattr("lastseen.ledger.db.sqlite._traces", created_meanwhile)
    _open(file, clock).close()


def test_another_programs_database_is_left_alone(file: Path, clock: TickingClock):
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE customers (name)")
    connection.close()
    told = _refused(file, clock)
    assert "another program" in told.meaning
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]
    connection.close()


def test_a_folder_in_place_of_the_file_is_reported(file: Path, clock: TickingClock):
    file.mkdir()
    assert "folder" in _refused(file, clock).found


def test_a_missing_folder_is_reported_and_not_made(tmp_path: Path, clock: TickingClock):
    told = _refused(tmp_path / "no" / "ledger.sqlite3", clock)
    assert "does not exist" in told.found
    assert not (tmp_path / "no").exists()


def test_a_full_disk_is_reported_and_what_was_kept_is_whole(file: Path, clock: TickingClock):
    # given
    with _open(file, clock) as ledger:
        portal = ledger.portal(PORTAL)
        portal.evidence.keep(reading(stretch(0, 10), sightings=(seen(ANNA, 5),)))
        _limit_pages(ledger, "(SELECT page_count + 2 FROM pragma_page_count)")
        many = reading(
            stretch(10, 20),
            failures=tuple(failed(ANNA, 15, event_id=n, address="x" * 90) for n in range(5000)),
        )
        # when
        with pytest.raises(LedgerError) as told:
            portal.evidence.keep(many)
        # then
        assert told.value.found == "the disk is full"
        assert "continues where it stopped" in told.value.remedy
        _limit_pages(ledger, "1000000")
        assert portal.evidence.failed_sign_ins(reading().read_at) == {}
        portal.evidence.keep(many)
        assert len(portal.evidence.failed_sign_ins(stretch(0, 1).since)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
@pytest.mark.parametrize("what", ["the file", "the folder", "the folder of a new ledger"])
def test_what_is_read_only_is_reported(what: str, clock: TickingClock):
    with _somebody() as file:
        if what != "the folder of a new ledger":
            _open(file, clock).close()
        (file if what == "the file" else file.parent).chmod(0o500)
        told = _refused(file, clock)
        file.parent.chmod(0o700)
    assert told.found in ("permission denied", "its folder can't be written to")
    assert "give this user the right to write there" in told.remedy


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes two users")
def test_a_ledger_of_somebody_else_that_others_can_read_is_refused(clock: TickingClock):
    with TemporaryDirectory(prefix="lastseen-ledger-") as name:
        file = Path(name, "ledger.sqlite3")
        file.touch()
        file.chmod(0o666)
        file.parent.chmod(0o777)
        with _nobody():
            told = _refused(file, clock)
    assert "others can read it" in told.found


@contextmanager
def _somebody() -> Iterator[Path]:
    """A place for a ledger, worked on by a user for whom modes count: not root."""
    with TemporaryDirectory(prefix="lastseen-ledger-") as name:
        Path(name).chmod(0o777)
        with _nobody() if os.geteuid() == 0 else nullcontext():
            folder = Path(name, "folder")
            folder.mkdir()
            yield folder / "ledger.sqlite3"


@contextmanager
def _nobody() -> Iterator[None]:
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def _open(file: Path, clock: TickingClock) -> Ledger:
    return open_ledger(f"sqlite:///{file}", clock=clock)


def _refused(file: Path, clock: TickingClock) -> LedgerError:
    with pytest.raises(LedgerError) as told:
        _open(file, clock)
    assert str(file) in told.value.attempted
    return told.value


def _limit_pages(ledger: Ledger, pages: str) -> None:
    with ledger._database.reading() as connection:
        limit = connection.exec_driver_sql(f"SELECT {pages}").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")


@pytest.mark.skipif(not Path("/proc/kmsg").exists(), reason="Linux only")
@pytest.mark.parametrize("name", ["/proc/kmsg", "/sys/kernel/notes", "/dev/zero"])
def test_what_the_kernel_shows_as_files_is_no_ledger(clock: TickingClock, name: str):
    assert "not a regular file" in _refused(Path(name), clock).found


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_a_pipe_or_a_link_where_sqlite_keeps_its_newest_entries_is_refused(
    file: Path, clock: TickingClock, ending: str
):
    beside = file.with_name(file.name + ending)
    other = file.with_name("other")
    other.touch(mode=0o644)
    os.mkfifo(beside)
    assert beside.name in _refused(file, clock).found
    beside.unlink()
    beside.symlink_to(other)
    assert beside.name in _refused(file, clock).found
    assert stat.S_IMODE(other.stat().st_mode) == 0o644


def test_an_address_with_a_nul_or_a_home_that_nobody_has_is_reported(clock: TickingClock):
    for url, found in (
        ("sqlite:///a%00b", "not a path"),
        ("sqlite:///~nobody-has-this-name/ledger.sqlite3", "does not exist"),
    ):
        with pytest.raises(LedgerError) as told, open_ledger(url, clock=clock):
            pass
        assert found in told.value.found
