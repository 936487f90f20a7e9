import os

import pytest

from lastseen.model.errors import UsageError
from lastseen.rosters.files import read_file


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"content")

    assert read_file(tmp_path / "a") == b"content"


def test_a_link_as_kubernetes_mounts_it_is_followed(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "b").symlink_to("a")

    assert read_file(tmp_path / "b") == b"content"


def test_what_never_ends_or_never_answers_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")

    for path in (tmp_path / "fifo", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError):
            read_file(path)
    with pytest.raises(UsageError, match="not a regular file"):
        read_file(tmp_path / ".." / tmp_path.name / "fifo")


def test_a_device_is_refused():
    from pathlib import Path

    with pytest.raises(UsageError, match="not a regular file"):
        read_file(Path("/dev/zero"))


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"content")

    with pytest.raises(UsageError, match="larger than"):
        read_file(tmp_path / "a", largest=3)
