import os
import stat
import sys
from pathlib import Path

import pytest

from lastseen.cli.output import short_destination, write_file
from lastseen.cli.review import plan_destination
from lastseen.model.errors import ExitCode, UsageError


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("p.json", "json"),
        ("p.CSV", "csv"),
        ("p.html", "html"),
        ("p.htm", "html"),
        ("p.txt", "table"),
    ],
)
def test_a_files_ending_names_the_format(tmp_path, name, form):
    assert plan_destination(tmp_path / name, None).format == form


def test_a_format_that_is_given_beats_the_ending(tmp_path):
    assert plan_destination(tmp_path / "p.json", "csv").format == "csv"


def test_standard_output_gets_a_table_unless_told_otherwise():
    assert plan_destination(None, None).format == "table"
    assert plan_destination(Path("-"), "json").file is None


@pytest.mark.parametrize("name", ["plan", "plan.pdf"])
def test_an_ending_that_says_nothing_is_refused_before_any_work(tmp_path, name):
    with pytest.raises(UsageError) as refused:
        plan_destination(tmp_path / name, None)
    assert refused.value.exit_code == ExitCode.USAGE


def test_a_format_that_the_command_does_not_write_is_refused(tmp_path):
    with pytest.raises(UsageError, match="csv"):
        short_destination(tmp_path / "receipt.csv", None)


def test_a_folder_that_is_not_there_is_refused_before_any_work(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        plan_destination(tmp_path / "nowhere" / "p.json", None)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="it is a folder"):
        plan_destination(tmp_path, "json")


def test_a_file_is_readable_by_its_owner_only(tmp_path):
    before = os.umask(0)
    try:
        write_file(tmp_path / "p.json", b"{}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "p.json").stat().st_mode) == 0o600


def test_an_older_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    (tmp_path / "p.json").write_bytes(b"older and longer")
    write_file(tmp_path / "p.json", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["p.json"]
    assert (tmp_path / "p.json").read_bytes() == b"new"


def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "real.json").write_bytes(b"older")
    (tmp_path / "link.json").symlink_to("real.json")
    plan_destination(tmp_path / "link.json", None).deliver(b"new", summary="s")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"


def test_a_device_is_written_to_not_replaced():
    write_file(Path("/dev/null"), b"gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_failed_write_leaves_the_older_file_and_says_why(tmp_path, monkeypatch):
    (tmp_path / "p.json").write_bytes(b"older")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_file(tmp_path / "p.json", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["p.json"]
    assert (tmp_path / "p.json").read_bytes() == b"older"


def test_the_summary_goes_to_standard_error_and_names_the_file(tmp_path, capsys):
    plan_destination(tmp_path / "p.json", None).deliver(b"{}", summary="3 kept.")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"3 kept.\nWritten to {(tmp_path / 'p.json').resolve()}.\n"


def test_standard_output_carries_the_document_and_nothing_else(capfdbinary):
    plan_destination(None, "json").deliver(b"{}\n", summary="3 kept.")
    sys.stderr.flush()
    assert capfdbinary.readouterr() == (b"{}\n", b"")
