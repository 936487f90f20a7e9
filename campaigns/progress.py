"""Tells on standard error how far a long campaign has come."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

EVERY_SECONDS = 30.0


def watched(steps: Iterable[T], *, what: str, of: int, size: int = 1) -> Iterator[T]:
    """Yield the steps; say now and then how many of all inputs they were, `size` to a step."""
    began = told = time.monotonic()
    for number, step in enumerate(steps, 1):
        yield step
        now = time.monotonic()
        if now - told >= EVERY_SECONDS:
            told, done = now, min(number * size, of)
            left = (now - began) / done * (of - done)
            print(f"  {done:,} of {of:,} {what}, {left:.0f} s left", file=sys.stderr, flush=True)
