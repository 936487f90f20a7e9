"""Runs commands as a person would, and measures what each took: time, processor, memory.

The figures of a process come from the kernel (`wait4`), not from the process itself.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

_BYTES = 1 if sys.platform == "darwin" else 1024

_WATCH = """
import os, sys, time
began = time.perf_counter()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - began
with open("took.txt", "w") as took:
    print(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss,
        os.waitstatus_to_exitcode(status),
        file=took,
    )
"""
"""What runs a command and writes down what it took, in the form that `run` reads."""


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
    """Run a command to its end in `folder`; standard error goes to a file there.

    A small process starts it and waits for it: the kernel counts what a process was before it
    became the command as its own memory, and this one is large.
    """
    output, errors = folder / "output.txt", folder / "errors.txt"
    with output.open("wb") as out, errors.open("wb") as err:
        subprocess.run(
            [sys.executable, "-S", "-c", _WATCH, *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **environ},
            cwd=folder,
            check=True,
        )
    seconds, processor, peak, code = (folder / "took.txt").read_text().split()
    return Took(
        seconds=float(seconds),
        processor_seconds=float(processor),
        peak_megabytes=int(peak) * _BYTES / 1e6,
        exit_code=int(code),
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
