import errno
import os
import socket
import stat
import sys
import time
from pathlib import Path

import pytest

from lastseen.cli.documents import plan_destinations
from lastseen.cli.invocation import Invocation
from lastseen.cli.output import (
    Summary,
    record_destinations,
    short_destinations,
    writable_file,
    write_file,
)
from lastseen.model.errors import ExitCode, UsageError


def deliver(where, document, **called):
    summary = Summary(text="3 kept.", event="plan")
    where.deliver(lambda _place: document, summary, called=Invocation(**called))


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
    assert plan_destinations([tmp_path / name], None).formats == (form,)


def test_a_format_that_is_given_beats_the_ending(tmp_path):
    assert plan_destinations([tmp_path / "p.json"], "csv").formats == ("csv",)


def test_standard_output_gets_a_table_unless_told_otherwise():
    assert plan_destinations(None, None).formats == ("table",)
    assert plan_destinations([Path("-")], "json").places[0].file is None


@pytest.mark.parametrize("name", ["plan", "plan.pdf"])
def test_an_ending_that_says_nothing_is_refused_before_any_work(tmp_path, name):
    with pytest.raises(UsageError) as refused:
        plan_destinations([tmp_path / name], None)
    assert refused.value.exit_code == ExitCode.USAGE


def test_a_format_that_the_command_does_not_write_is_refused(tmp_path):
    with pytest.raises(UsageError, match="csv"):
        short_destinations([tmp_path / "receipt.csv"], None)


def test_a_refused_format_names_the_option_that_limits_the_formats(tmp_path):
    with pytest.raises(UsageError) as refused:
        short_destinations([tmp_path / "d.html"], None, writer="apply --dry-run")
    assert refused.value.meaning == "apply --dry-run writes table or json"


def test_a_folder_that_is_not_there_is_refused_before_any_work(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        plan_destinations([tmp_path / "nowhere" / "p.json"], None)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="it is a folder"):
        plan_destinations([tmp_path], "json")


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
    deliver(plan_destinations([tmp_path / "link.json"], None), b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"


def test_a_device_is_written_to_not_replaced():
    write_file(Path("/dev/null"), b"gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_link_to_a_pipe_is_written_through_as_dev_stdout_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.json").symlink_to("pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    deliver(plan_destinations([tmp_path / "link.json"], None), b"new")

    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert (tmp_path / "link.json").is_symlink()


def test_a_pipe_that_nobody_reads_is_given_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UsageError, match="no such device") as given_up:
        write_file(tmp_path / "pipe", b"new", summary="Run 4711: 2 disabled.", reader_seconds=0.1)

    assert "Run 4711" in given_up.value.meaning


def test_a_failed_write_leaves_the_older_file_and_says_why(tmp_path, monkeypatch):
    (tmp_path / "p.json").write_bytes(b"older")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="no space left"):
        write_file(tmp_path / "p.json", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["p.json"]
    assert (tmp_path / "p.json").read_bytes() == b"older"


def test_the_summary_goes_to_standard_error_and_names_the_file(tmp_path, capsys):
    deliver(plan_destinations([tmp_path / "p.json"], None), b"{}")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"3 kept.\nWritten to {(tmp_path / 'p.json').resolve()}.\n"


def test_standard_output_carries_the_document_and_nothing_else(capfdbinary):
    deliver(plan_destinations(None, "json"), b"{}\n")
    sys.stderr.flush()
    assert capfdbinary.readouterr() == (b"{}\n", b"")


def test_one_document_goes_to_several_files_each_in_its_format(tmp_path, capsys):
    files = [tmp_path / "p.json", tmp_path / "p.html"]
    where = plan_destinations(files, None)
    summary = Summary(text="3 kept.", event="plan")
    where.deliver(lambda place: place.format.encode(), summary, called=Invocation())
    assert [file.read_bytes() for file in files] == [b"json", b"html"]
    assert capsys.readouterr().err.count("3 kept.") == 1


def test_one_format_for_several_files_is_refused(tmp_path):
    with pytest.raises(UsageError, match="more than one -o"):
        plan_destinations([tmp_path / "p.json", tmp_path / "p.html"], "csv")


def test_nothing_is_written_where_one_of_the_documents_cannot_be_made(tmp_path):
    def render(place):
        if place.format == "html":
            raise ZeroDivisionError
        return b"{}"

    where = plan_destinations([tmp_path / "p.json", tmp_path / "p.html"], None)
    with pytest.raises(ZeroDivisionError):
        where.deliver(render, Summary(text="s", event="plan"), called=Invocation())
    assert list(tmp_path.iterdir()) == []


def test_a_table_in_a_file_is_never_cut_and_lists_as_many_as_there_are(tmp_path):
    (place,) = short_destinations([tmp_path / "plan.txt"], None).places
    screen = place.screen()
    assert screen.in_full
    assert screen.limit is None


def test_quiet_leaves_the_summary_out(tmp_path, capsys):
    deliver(plan_destinations([tmp_path / "p.json"], None), b"{}", quiet=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["r.json", "r.csv", "r.html", "r.txt"])
def test_receipts_and_the_history_are_kept_in_every_built_in_format(tmp_path, name):
    assert record_destinations([tmp_path / name], None).places[0].file


def test_a_socket_is_refused_before_any_work(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "plan.json"))
        with pytest.raises(UsageError, match="socket"):
            writable_file(tmp_path / "plan.json", option="-o")


def test_only_a_pipe_is_waited_for(tmp_path, monkeypatch):
    def absent(*_: object) -> int:
        raise OSError(errno.ENXIO, "no such device or address")

    monkeypatch.setattr(os, "open", absent)
    began = time.monotonic()
    with pytest.raises(UsageError, match="no such device"):
        write_file(Path("/dev/zero"), b"new")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("name", ["loop.json", "x" * 300 + ".json", "plan.json/x.json"])
def test_what_no_file_can_be_made_of_is_refused_before_any_work(tmp_path, name):
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "plan.json").touch()
    with pytest.raises(UsageError) as told:
        writable_file(tmp_path / name, option="-o")
    assert "nothing was started" in told.value.meaning


def test_the_longest_name_is_written(tmp_path):
    write_file(tmp_path / ("x" * 250 + ".json"), b"new")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"new"]
