"""A terminal with somebody at it, for commands that ask."""

import fcntl
import os
import pty
import subprocess
import termios
import time
from collections.abc import Sequence

from tests.acceptance.conftest import COMMAND, Command

_PATIENCE_SECONDS = 60.0


def on_a_terminal(
    command: Command, *arguments: str, answers: Sequence[tuple[str, str]] = ()
) -> tuple[int, str]:
    """Run the command on a terminal; return its exit code and everything that was shown.

    `answers` are pairs of what has to be shown and what is typed then, in their order.
    """
    parent, child = pty.openpty()
    running = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=command.folder,
        env=dict(command.environment),
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(child)
    said = ""
    seen = 0
    waiting = list(answers)
    ends = time.monotonic() + _PATIENCE_SECONDS
    try:
        while time.monotonic() < ends:
            try:
                piece = os.read(parent, 65_536)
            except OSError:
                break
            said += piece.decode("utf-8", "replace")
            while waiting and waiting[0][0] in said[seen:]:
                seen = said.index(waiting[0][0], seen) + len(waiting[0][0])
                time.sleep(0.05)
                os.write(parent, f"{waiting.pop(0)[1]}\n".encode())
        return running.wait(_PATIENCE_SECONDS), said
    finally:
        running.kill()
        running.wait()
        os.close(parent)
