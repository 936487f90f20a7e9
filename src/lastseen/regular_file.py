"""Reads a file that a person named: a regular one, of a sensible size, and with the right owner.

Everything is checked on the open file, so that nothing can be swapped in between. Links are
followed, as Kubernetes mounts secrets through them. The content never enters a message.
"""

import os
import select
import stat
import time
from pathlib import Path
from typing import BinaryIO

from lastseen.model.errors import UsageError

PIPE_SECONDS = 5.0
"""How long a program may take to write to a pipe that is read."""


def read_regular_file(
    path: Path,
    *,
    largest: int,
    private: bool = False,
    found: bool = False,
    pipe_seconds: float = PIPE_SECONDS,
) -> bytes:
    """Return the content of `path`.

    `private` demands that the user or root owns it and that nobody else can read or change it; a
    file of root's may be readable by a group of this process, as mounted secrets are. Then it may
    also be a pipe, as a shell makes one for `<(pass show portal)`, that ends within
    `pipe_seconds`.

    `found` says that nobody named the file: nobody but the user or root may have written it, or
    put it or a link to it where it is.

    Raises OSError if it can't be opened, and Unsuitable if it isn't a regular file, has more than
    `largest` bytes, or is not private, or may be another's.
    """
    # Without O_NONBLOCK opening a pipe would wait for a writer that may never come.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    if found and others_can_write(path.absolute().parent):
        if path.is_symlink():
            raise Unsuitable("it is a link in a folder that others can write to")
        flags |= getattr(os, "O_NOFOLLOW", 0)  # no link may take its place meanwhile
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        is_pipe = private and stat.S_ISFIFO(status.st_mode)
        if not stat.S_ISREG(status.st_mode) and not is_pipe:
            raise Unsuitable("it is not a regular file")
        if private and os.name == "posix":
            _check_private(status)
        if found and os.name == "posix":
            _check_own(path, status)
        content = _from_pipe(file, largest, pipe_seconds) if is_pipe else file.read(largest + 1)
        if content is None:  # a kernel file without data at the moment
            raise Unsuitable("it is not a regular file")
    if len(content) > largest:
        raise Unsuitable(f"it is larger than {largest:,} bytes")
    return content


class Unsuitable(Exception):
    """A file that must not be used; its text says why, in a few words."""


def in_home(path: Path) -> Path:
    """Return `path` with `~` replaced; unchanged, so that it is not found, if nobody has that home.

    An account without a home, as in a container, has none either.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def real_path(path: Path) -> Path:
    """Return `path` without links; in a loop of links, where `Path.resolve` raises, as it is."""
    return Path(os.path.realpath(path))


def not_regular(path: Path) -> str | None:
    """Return in a few words why `path` must not be opened as a file; None also if it is missing.

    For what libraries open themselves: they would wait for a pipe, a terminal or the kernel's log
    without end, and write into a device. Links are followed.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    except ValueError:
        return "that is not a path"
    if stat.S_ISDIR(mode):
        return "it is a folder"
    # The kernel's files only look regular: reading may block, and writing may have effects.
    if not stat.S_ISREG(mode) or real_path(path).parts[1:2] in (("proc",), ("sys",)):
        return "it is not a regular file"
    return None


def is_anothers(status: os.stat_result) -> bool:
    """Return whether a file belongs to somebody other than the user and root."""
    return os.name == "posix" and status.st_uid not in (os.geteuid(), 0)


def others_can_write(folder: Path) -> bool:
    """Return whether others than the user and root can put files into `folder`; raises OSError."""
    if os.name != "posix":
        return False
    status = folder.stat()
    by_group = status.st_mode & stat.S_IWGRP and _has_other_members(status.st_gid)
    return is_anothers(status) or bool(status.st_mode & stat.S_IWOTH or by_group)


def unreadable(
    attempted: str, error: OSError | ValueError | Unsuitable, *, meaning: str, remedy: str
) -> UsageError:
    """Return the error for a file that can't be used; a ValueError means that it is not a path."""
    found = why_unreadable(error)
    return UsageError(attempted=attempted, found=found, meaning=meaning, remedy=remedy)


def why_unreadable(error: OSError | ValueError | Unsuitable) -> str:
    """Return in a few words why a file can't be used."""
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return str(error) if isinstance(error, Unsuitable) else "that is not a path"


def _from_pipe(file: BinaryIO, largest: int, seconds: float) -> bytes:
    """Return what comes through a pipe until its end; raises Unsuitable if that takes too long."""
    deadline, content = time.monotonic() + seconds, b""
    while len(content) <= largest:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([file], [], [], left)[0]:
            raise Unsuitable("it is a pipe that nobody finishes writing to")
        part = os.read(file.fileno(), largest + 1)
        if not part:
            break
        content += part
    return content


def _check_private(status: os.stat_result) -> None:
    if is_anothers(status):
        raise Unsuitable("it belongs to another user")
    mode = status.st_mode & 0o077
    groups = {os.getegid(), *os.getgroups()}
    if status.st_uid == 0 and status.st_gid in groups:
        mode &= ~stat.S_IRGRP
    if mode:
        raise Unsuitable(
            f"its mode is {stat.S_IMODE(status.st_mode):04o}: others than its owner have rights "
            "to it"
        )


def _check_own(path: Path, status: os.stat_result) -> None:
    """Raise Unsuitable if others could have written the open file, or led `path` to it.

    Root may, and so may a group that has no other member. What the kernel shows as a file of root's
    may be the words of any program (`/proc/PID/cmdline`).
    """
    link = path.lstat()
    if is_anothers(status) or is_anothers(link):
        raise Unsuitable("it belongs to another user")
    if status.st_mode & stat.S_IWOTH:
        raise Unsuitable("every user can change it")
    if status.st_mode & stat.S_IWGRP and _has_other_members(status.st_gid):
        raise Unsuitable("the other members of its group can change it")
    if stat.S_ISLNK(link.st_mode) and not_regular(path):
        raise Unsuitable("it is a link to what is no regular file")
    if status.st_nlink > 1 and others_can_write(path.absolute().parent):
        raise Unsuitable("it is another file under a second name, which others can have given it")


def _has_other_members(group_id: int) -> bool:
    """Return whether a group has members besides the user; so does one that can't be looked up."""
    import grp
    import pwd

    try:
        own = pwd.getpwuid(os.geteuid()).pw_name
        members = set(grp.getgrgid(group_id).gr_mem)
        members |= {one.pw_name for one in pwd.getpwall() if one.pw_gid == group_id}
    except KeyError:
        return True
    return bool(members - {own, "root"})
