import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked, NoKeyringError

from lastseen.config.api_key import find_key, key_file_text, store_key
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


def test_without_a_key_all_three_ways_are_reported():
    error = refused({})

    for way in ("LASTSEEN_API_KEY;", "LASTSEEN_API_KEY_FILE", "api_key_file", "keyring"):
        assert way in error.remedy


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o610, 0o777])
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
def test_a_keyring_that_cannot_be_asked_is_reported_beside_the_other_ways(memory, problem, said):
    memory.problem = problem

    error = refused({})

    assert said in error.found
    assert "LASTSEEN_API_KEY" in error.remedy


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_where_there_is_no_keyring_none_is_advised(backend, tmp_path):
    keyring.set_keyring(backend())

    for error in (refused({}), refused({"LASTSEEN_API_KEY_FILE": str(tmp_path / "nowhere")})):
        assert "keyring" not in error.remedy
        assert "set LASTSEEN_API_KEY; or LASTSEEN_API_KEY_FILE" in error.remedy


@pytest.mark.parametrize("problem", [None, KeyringLocked("locked")])
def test_a_keyring_that_is_empty_or_locked_is_advised(memory, problem):
    memory.problem = problem

    assert "in the keyring with `lastseen init`" in refused({}).remedy


def test_a_keyring_that_is_not_there_keeps_no_key(memory):
    memory.problem = NoKeyringError("no backend")

    with pytest.raises(UsageError, match="this machine has no keyring") as refusal:
        store_key(SETTINGS.portal.url, ApiKey(KEY))
    assert KEY not in str(refusal.value)


def test_a_keyring_that_forgets_is_noticed():
    keyring.set_keyring(null.Keyring())

    with pytest.raises(UsageError, match="did not keep it"):
        store_key(SETTINGS.portal.url, ApiKey(KEY))


def test_a_key_shows_nothing_of_itself():
    key = find_key(SETTINGS, {"LASTSEEN_API_KEY": KEY})

    assert KEY not in f"{key} {key!r}"
    with pytest.raises(TypeError):
        pickle.dumps(key)


@pytest.mark.parametrize("quoted", [f'"{KEY}"', f"'{KEY}'", f"\u201c{KEY}\u201d"])
def test_quotation_marks_around_a_key_are_named(quoted):
    assert "quotation marks" in refused({"LASTSEEN_API_KEY": quoted}).found


def test_the_configuration_can_name_the_key_file(key_file):
    path = key_file(KEY.encode())["LASTSEEN_API_KEY_FILE"]
    portal = PortalSettings(url=SETTINGS.portal.url, api_key_file=Path(path))

    assert find_key(Settings(portal=portal), {}).reveal() == KEY
    assert find_key(Settings(portal=portal), {"LASTSEEN_API_KEY": "other"}).reveal() == "other"


def test_a_key_kept_for_a_portal_is_used_for_that_portal(key_file):
    text = key_file_text(ApiKey(KEY), SETTINGS.portal.url)

    assert find_key(SETTINGS, key_file(text.encode())).reveal() == KEY


@pytest.mark.parametrize(
    "bound_to", ["https://evil.example.com", "https://portal.example.com:8443", "nonsense", ""]
)
def test_a_key_kept_for_another_portal_is_not_sent(key_file, bound_to):
    error = refused(key_file(f"{KEY}\nportal={bound_to}\n".encode()))

    assert "binds it" in error.found
    assert "not sent" in error.meaning


def test_a_key_given_instead_of_a_path_is_not_repeated():
    refused({"LASTSEEN_API_KEY_FILE": KEY})


@pytest.mark.skipif(os.name != "posix", reason="devices are POSIX's")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty", "/"])
def test_what_is_no_file_is_refused_at_once(device):
    refused({"LASTSEEN_API_KEY_FILE": device})


def test_a_file_too_large_for_a_key_is_refused(key_file):
    assert "larger" in refused(key_file(b"x" * 100_000)).found


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_a_key_file_of_another_user_is_refused(key_file, monkeypatch):
    named = key_file(KEY.encode())
    if os.geteuid() == 0:
        os.chown(named["LASTSEEN_API_KEY_FILE"], 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)

    assert "another user" in refused(named).found


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize(("groups", "is_taken"), [([0], True), ([54321], False)])
def test_a_mounted_secret_of_roots_may_be_readable_by_the_processs_group(
    key_file, monkeypatch, groups, is_taken
):
    named = key_file(KEY.encode(), 0o440)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setattr(os, "getegid", lambda: groups[0])
    monkeypatch.setattr(os, "getgroups", lambda: groups)

    if is_taken:
        assert find_key(SETTINGS, named).reveal() == KEY
    else:
        assert "0440" in refused(named).found


@pytest.mark.skipif(os.name != "posix", reason="links are Kubernetes's way")
def test_links_are_followed_as_kubernetes_mounts_secrets(key_file, tmp_path):
    path = Path(key_file(KEY.encode())["LASTSEEN_API_KEY_FILE"])
    (tmp_path / "link").symlink_to(path)

    assert find_key(SETTINGS, {"LASTSEEN_API_KEY_FILE": str(tmp_path / "link")}).reveal() == KEY


def test_help_and_defaults_show_no_environment(monkeypatch):
    code = "import lastseen, pydoc; print(pydoc.render_doc(lastseen.open_session))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LASTSEEN_API_KEY": KEY},
    )

    assert "open_session" in ran.stdout
    assert KEY not in ran.stdout


@pytest.mark.parametrize(
    "text",
    [
        "{key}\nportal = https://other.example\n",
        "{key}\r\nPORTAL=https://other.example\r\n",
        '{key}\n\nportal: "https://other.example"\n',
        "portal=https://other.example\n{key}\n",
        "{key}\nportal=\n",
    ],
)
def test_a_binding_holds_however_people_write_it(key_file, text):
    error = refused(key_file(text.format(key=KEY).encode()))

    assert "binds it to" in error.found
    assert KEY not in str(vars(error))


def test_a_key_bound_to_this_portal_is_taken_in_either_order(key_file):
    url = SETTINGS.portal.url
    for text in (f"{KEY}\nPortal = {url}/\n", f"portal={url}\n{KEY}\n", f"{KEY}\nand more\n"):
        assert find_key(SETTINGS, key_file(text.encode())).reveal() == KEY
