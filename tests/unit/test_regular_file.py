"""One rule for every file that holds a secret, whoever names it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lastseen.config.api_key import key_in_file
from lastseen.fleet.references import resolve as key_of_fleet
from lastseen.model.errors import UsageError
from lastseen.regular_file import Unsuitable, in_home, not_regular, read_regular_file
from lastseen.rosters.references import resolve as secret_of_roster

SECRET = "sk-0123456789abcdef0123456789abcdef"
URL = "https://portal.example"

READERS: dict[str, Callable[[Path], object]] = {
    "portal.api_key_file": lambda path: key_in_file(path, named_by="x", portal_url=URL).reveal(),
    "fleet api_key": lambda path: key_of_fleet(
        f"file:{path}", {}, portal="acme", portal_url=URL
    ).reveal(),
    "roster.headers": lambda path: secret_of_roster(f"file:{path}", option="x"),
}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture(params=READERS)
def read(request) -> Callable[[Path], object]:
    return READERS[request.param]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    return file


def refused(read: Callable[[Path], object], path: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(path)
    assert SECRET not in str(vars(caught.value))
    return caught.value


def test_a_private_file_is_read_also_through_links(read, secret, tmp_path):
    (tmp_path / "..data").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "mounted").symlink_to("..data/secret")

    assert read(secret) == read(tmp_path / "mounted") == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o644, 0o666, 0o777])
def test_a_file_that_others_have_rights_to_is_refused_whoever_names_it(read, secret, mode):
    secret.chmod(mode)

    assert "others than its owner have rights" in refused(read, secret).found


def test_a_file_of_another_user_is_refused_whoever_names_it(read, secret, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    status = os.stat_result((0o100600, 0, 0, 1, 4711, 4711, 36, 0, 0, 0))
    monkeypatch.setattr("os.fstat", lambda _: status)

    assert "another user" in refused(read, secret).found


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/"])
def test_a_device_is_refused_whoever_names_it(read, device):
    refused(read, Path(device))


def test_a_pipe_is_read_to_its_end_whoever_names_it(read):
    reading, writing = os.pipe()
    os.write(writing, SECRET.encode())
    os.close(writing)

    assert read(Path(f"/dev/fd/{reading}")) == SECRET

    os.close(reading)


def test_a_pipe_that_nobody_finishes_writing_to_is_given_up():
    reading, writing = os.pipe()
    os.write(writing, SECRET.encode())

    given_up(Path(f"/dev/fd/{reading}"))

    os.close(writing)
    os.close(reading)


def test_a_named_pipe_that_nobody_writes_to_is_given_up(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)

    given_up(tmp_path / "pipe")


def given_up(pipe: Path) -> None:
    with pytest.raises(Unsuitable, match="nobody finishes writing"):
        read_regular_file(pipe, largest=1000, private=True, pipe_seconds=0.1)


def test_a_pipe_is_read_only_where_a_secret_is_expected(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)

    with pytest.raises(Unsuitable, match="not a regular file"):
        read_regular_file(tmp_path / "pipe", largest=1000)


def test_a_file_without_end_is_refused_whoever_names_it(read, secret):
    secret.write_text(f"{SECRET}\n" + "x" * 1_000_000)

    assert "larger than" in refused(read, secret).found


def test_a_home_that_nobody_has_is_left_to_be_not_found(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    assert in_home(Path("~/key")) == Path("/home/ann/key")
    assert in_home(Path("~nobody-has-this-name/key")) == Path("~nobody-has-this-name/key")


def test_what_cannot_be_a_path_is_reported(tmp_path):
    assert not_regular(tmp_path / "a\0b") == "that is not a path"
    assert not_regular(tmp_path / "missing") is None
