import os
import pickle
import stat
import subprocess
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, NoKeyringError

from lastseen.config.api_key import find_key, store_key
from lastseen.config.settings import PortalSettings, Settings
from lastseen.model.errors import ExitCode, UsageError
from lastseen.model.secret import ApiKey

KEY = "sk-0123456789abcdef"
SETTINGS = Settings(portal=PortalSettings(url="https://portal.example.com"))


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.problem: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.problem:
            raise self.problem
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.problem:
            raise self.problem
        self.kept[service, username] = password


@pytest.fixture(autouse=True)
def memory():
    """Every test has a keyring of its own."""
    before = keyring.get_keyring()
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def key_file(tmp_path):
    """Write a key file with a mode: `key_file(b"…", 0o600)` returns the environment naming it."""

    def write(content: bytes, mode: int = 0o600) -> dict[str, str]:
        path = tmp_path / "key"
        path.write_bytes(content)
        path.chmod(mode)
        return {"LASTSEEN_API_KEY_FILE": str(path)}

    return write


def refused(environ: dict[str, str]) -> UsageError:
    with pytest.raises(UsageError) as refusal:
        find_key(SETTINGS, environ)
    error = refusal.value
    assert error.exit_code is ExitCode.USAGE
    assert KEY not in " ".join((error.attempted, error.found, error.meaning, error.remedy))
    return error


def test_the_variable_holds_the_key():
    assert find_key(SETTINGS, {"LASTSEEN_API_KEY": f" {KEY}\n"}).reveal() == KEY


@pytest.mark.parametrize("content", [KEY, f"{KEY}\n", f"  {KEY} \r\nsecond line\n", f"\ufeff{KEY}"])
def test_the_file_holds_the_key_on_its_first_line(key_file, content):
    assert find_key(SETTINGS, key_file(content.encode())).reveal() == KEY


def test_the_keyring_holds_the_key_of_each_portal():
    store_key("https://portal.example.com", ApiKey(KEY))
    store_key("https://other.example.com", ApiKey("another"))

    assert find_key(SETTINGS, {}).reveal() == KEY


def test_the_keyring_is_not_touched_where_a_variable_holds_the_key():
    code = (
        "import sys; from lastseen.config.api_key import *; from lastseen.config.settings import *;"
        "find_key(Settings(portal=PortalSettings(url='u')), {'LASTSEEN_API_KEY': 'x'});"
        "print('keyring' in sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "False"


def test_the_variable_goes_before_the_keyring():
    store_key(SETTINGS.portal.url, ApiKey("old"))

    assert find_key(SETTINGS, {"LASTSEEN_API_KEY": KEY}).reveal() == KEY


def test_two_keys_at_once_are_refused(key_file):
    error = refused({**key_file(KEY.encode()), "LASTSEEN_API_KEY": KEY})

    assert "both" in error.found


def test_empty_variables_count_as_not_set():
    store_key(SETTINGS.portal.url, ApiKey(KEY))

    found = find_key(SETTINGS, {"LASTSEEN_API_KEY": " ", "LASTSEEN_API_KEY_FILE": ""})

    assert found.reveal() == KEY


def test_without_a_key_all_three_ways_are_told():
    error = refused({})

    for way in ("LASTSEEN_API_KEY,", "LASTSEEN_API_KEY_FILE", "keyring"):
        assert way in error.remedy


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o610, 0o777])
def test_a_file_that_others_have_rights_to_is_refused(key_file, mode):
    error = refused(key_file(KEY.encode(), mode))

    assert f"{stat.S_IMODE(mode):04o}" in error.found
    assert "chmod 600" in error.remedy


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_only_its_owner_may_read_is_taken(key_file):
    assert find_key(SETTINGS, key_file(KEY.encode(), 0o400)).reveal() == KEY


def test_a_link_is_as_open_as_what_it_leads_to(key_file, tmp_path):
    key_file(KEY.encode(), 0o644)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "key")

    assert "0644" in refused({"LASTSEEN_API_KEY_FILE": str(link)}).found


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="needs /dev/fd")  # noqa: PTH112
def test_a_pipe_from_a_password_manager_is_taken():
    read_end, write_end = os.pipe()
    os.write(write_end, f"{KEY}\n".encode())
    os.close(write_end)
    try:
        found = find_key(SETTINGS, {"LASTSEEN_API_KEY_FILE": f"/dev/fd/{read_end}"})
    finally:
        os.close(read_end)

    assert found.reveal() == KEY


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \n"])
def test_an_empty_file_is_refused(key_file, content):
    assert "is empty" in refused(key_file(content)).found


@pytest.mark.parametrize(
    "content", [KEY.encode() + b" x", b"sk-\xff\xfe", "schlüssel".encode(), b"a\0b"]
)
def test_what_no_header_could_carry_is_refused(key_file, content):
    refused(key_file(content))


def test_a_key_with_a_line_break_in_a_variable_is_refused():
    refused({"LASTSEEN_API_KEY": f"{KEY}\nX-Evil: 1"})


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nowhere", tmp_path):
        assert str(path) in refused({"LASTSEEN_API_KEY_FILE": str(path)}).attempted


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (NoKeyringError("no backend"), "this machine has no keyring"),
        (KeyringLocked("locked"), "it is locked"),
    ],
)
def test_a_keyring_that_cannot_be_asked_is_told_beside_the_other_ways(memory, problem, said):
    memory.problem = problem

    error = refused({})

    assert said in error.found
    assert "LASTSEEN_API_KEY" in error.remedy


def test_a_keyring_that_is_not_there_keeps_no_key(memory):
    memory.problem = NoKeyringError("no backend")

    with pytest.raises(UsageError, match="this machine has no keyring") as refusal:
        store_key(SETTINGS.portal.url, ApiKey(KEY))
    assert KEY not in str(refusal.value)


def test_a_keyring_that_forgets_is_noticed():
    from keyring.backends.null import Keyring

    keyring.set_keyring(Keyring())

    with pytest.raises(UsageError, match="did not keep it"):
        store_key(SETTINGS.portal.url, ApiKey(KEY))


def test_a_key_shows_nothing_of_itself():
    key = find_key(SETTINGS, {"LASTSEEN_API_KEY": KEY})

    assert KEY not in f"{key} {key!r}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
