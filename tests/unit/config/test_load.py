"""Which file is read as the configuration, and which is not."""

import os
import time
from pathlib import Path

import pytest

from lastseen.config.load import load_settings
from lastseen.model.errors import ExitCode, UsageError

TEXT = '[portal]\nurl = "https://portal.example"\n'

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lastseen.toml").write_text(TEXT)
    (tmp_path / "lastseen.toml").chmod(0o644)
    return tmp_path / "lastseen.toml"


def refused(path=None):
    with pytest.raises(UsageError) as told:
        load_settings(path, {})
    assert told.value.exit_code is ExitCode.USAGE
    return told.value


def test_the_users_own_file_in_the_folder_is_read(here):
    assert load_settings(None, {}).portal.url == "https://portal.example"


@pytest.mark.parametrize("mode", [0o646, 0o666, 0o602])
def test_a_file_that_everybody_can_change_is_refused_unless_it_is_named(here, mode):
    here.chmod(mode)

    assert "every user can change it" in refused().found
    assert load_settings(here, {}).portal.url == "https://portal.example"


def test_a_file_of_somebody_elses_is_refused_unless_it_is_named(here, monkeypatch):
    if os.geteuid() == 0:
        os.chown(here, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)

    assert "another user" in refused().found
    assert load_settings(here, {}).portal.url == "https://portal.example"


def test_a_group_of_several_may_not_write_it_and_one_of_the_user_alone_may(here, monkeypatch):
    here.chmod(0o664)
    for others, told in ((True, "group"), (False, None)):
        monkeypatch.setattr(
            "lastseen.regular_file._has_other_members", lambda _group, others=others: others
        )
        if told is not None:
            assert told in refused().found
    assert load_settings(None, {}).portal.url == "https://portal.example"


def test_a_link_to_a_file_of_somebody_elses_is_refused(here, tmp_path, monkeypatch):
    real = tmp_path / "real.toml"
    here.rename(real)
    here.symlink_to(real)
    real.chmod(0o666)

    assert "every user" in refused().found


def test_a_link_of_ones_own_in_a_folder_of_ones_own_is_followed(here, tmp_path):
    real = tmp_path / "real.toml"
    here.rename(real)
    here.symlink_to(real)

    assert load_settings(None, {}).portal.url == "https://portal.example"


@pytest.mark.parametrize("mode", [0o757, 0o1777, 0o777])
@pytest.mark.parametrize("kind", ["link", "second name"])
def test_a_link_that_others_could_have_put_here_is_refused_unless_it_is_named(
    here, tmp_path, mode, kind
):
    # Given a configuration of one's own for another portal, in a folder of one's own
    (tmp_path / "own").mkdir(mode=0o700)
    real = tmp_path / "own" / "lastseen.toml"
    here.rename(real)
    if kind == "link":
        here.symlink_to(real)
    else:
        here.hardlink_to(real)
    tmp_path.chmod(mode)

    assert "others c" in refused().found
    assert load_settings(here, {}).portal.url == "https://portal.example"


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="Linux shows programs as files")
def test_a_link_to_what_the_kernel_shows_as_a_file_is_refused(here):
    # Any program may choose the words there, and make the file seem root's.
    here.unlink()
    here.symlink_to("/proc/self/cmdline")

    assert "no regular file" in refused().found


def test_a_link_of_somebody_elses_is_refused(here, tmp_path, monkeypatch):
    real = tmp_path / "real.toml"
    here.rename(real)
    here.symlink_to(real)
    if os.geteuid() == 0:
        os.chown(here, 12345, 12345, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)

    assert "another user" in refused().found


@pytest.mark.parametrize("where", ["pipe", "/dev/zero", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, where):
    path = tmp_path / where
    if where == "pipe":
        os.mkfifo(path)
    elif where == "folder":
        path.mkdir()
    refused(Path("/dev/zero") if where == "/dev/zero" else path)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5_000 + "]" * 5_000,
        "x = {a=" * 3_000,
        "x = " + "9" * 10_000,
        "[" + "a." * 20_000 + "b]",
        "x = " + "1_" * 20_000 + "1",
    ],
)
def test_toml_that_is_nested_or_long_without_end_is_refused_in_words(tmp_path, text):
    path = tmp_path / "lastseen.toml"
    path.write_text(TEXT + text)

    refused(path)


@pytest.mark.parametrize("depth", [50, 400, 600, 800, 900, 950, 2_000])
def test_a_variable_nested_at_any_depth_is_refused_in_words(here, depth):
    here.write_text(TEXT)

    with pytest.raises(UsageError, match="LASTSEEN_POLICY__FOR"):
        load_settings(here, {"LASTSEEN_POLICY__FOR": "[" * depth + "]" * depth})


def test_a_key_of_very_many_parts_is_refused_at_once(here):
    here.write_text("a." * 20_000 + "b = 1")  # tomllib alone takes half a minute for it
    began = time.process_time()

    with pytest.raises(UsageError, match="nested too deeply"):
        load_settings(here, {})
    assert time.process_time() - began < 5


def test_a_text_with_many_dots_is_no_key_of_many_parts(here):
    domains = ",".join(f"v{n}.partner.example" for n in range(200))
    here.write_text(f'{TEXT}[roster]\nexclude_email_domains = "{domains}"\n')

    assert len(load_settings(here, {}).roster.exclude_email_domains) == 200


@pytest.mark.parametrize("name", ["LASTSEEN_ROSTER__GROUPS", "LASTSEEN_ROSTER__COLUMNS"])
def test_json_in_a_variable_that_is_nested_without_end_is_refused_in_words(name):
    environ = {"LASTSEEN_PORTAL__URL": "https://portal.example", name: "[" * 100_000}
    with pytest.raises(UsageError):
        load_settings(None, environ)


def test_a_relative_key_file_is_taken_from_the_configurations_folder(here):
    here.write_text(TEXT + 'api_key_file = "key"\n')

    assert load_settings(here, {}).portal.api_key_file == here.parent / "key"
