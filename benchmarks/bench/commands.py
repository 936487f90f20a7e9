"""Runs commands as a person would, and measures what each took: time, processor, memory.

The figures of a process come from the kernel (`wait4`), not from the process itself.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

_BYTES = 1 if sys.platform == "darwin" else 1024


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What a process took, and what came of it."""

    seconds: float
    """From its start to its end."""
    processor_seconds: float
    peak_megabytes: float
    exit_code: int
    output: str
    """What it wrote to standard output."""


def run(command: Sequence[str], *, environ: Mapping[str, str], folder: Path) -> Took:
    """Run a command to its end in `folder`; standard error goes to a file there."""
    output, errors = folder / "output.txt", folder / "errors.txt"
    with output.open("wb") as out, errors.open("wb") as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **environ},
            cwd=folder,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Took(
        seconds=seconds,
        processor_seconds=usage.ru_utime + usage.ru_stime,
        peak_megabytes=usage.ru_maxrss * _BYTES / 1e6,
        exit_code=process.returncode,
        output=output.read_text(encoding="utf-8", errors="replace"),
    )


def lastseen(
    arguments: Sequence[str], *, environ: Mapping[str, str], folder: Path, expected: Sequence[int]
) -> Took:
    """Run a `lastseen` command; raises RuntimeError where it ends otherwise than `expected`."""
    took = run([sys.executable, "-m", "lastseen", *arguments], environ=environ, folder=folder)
    if took.exit_code not in expected:
        errors = (folder / "errors.txt").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(
            f"lastseen {' '.join(arguments)} ended with {took.exit_code}: {errors[-2000:]}"
        )
    return took
