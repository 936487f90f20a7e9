"""`python -m campaigns.fuzz`: mutated inputs of every kind; exits with 1 on a finding.

Answers of the portal, rosters, configurations and plans share the number of inputs; whole reviews
with one mutated answer each are counted apart, since each takes many thousand times longer.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from campaigns.fuzz.finding import Finding
from campaigns.fuzz.kinds import KINDS, REVIEW, found, shares
from campaigns.progress import watched

INPUTS = 1_000_000
REVIEWS = 4_000
SHOWN = 20
LONGEST = 2_000
"""Bytes of an input that are shown."""
PART = 5_000
"""Inputs that one process reads before it takes others."""
REVIEWS_PART = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.fuzz")
    parser.add_argument("--inputs", type=int, default=INPUTS, help=f"of all kinds ({INPUTS:,})")
    parser.add_argument("--reviews", type=int, default=REVIEWS, help=f"with one each ({REVIEWS:,})")
    parser.add_argument("--kind", choices=[*KINDS, REVIEW], help="only this kind, all the inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args(arguments)
    numbers = {**shares(wanted.inputs), REVIEW: wanted.reviews}
    if wanted.kind:
        numbers = {wanted.kind: numbers[REVIEW] if wanted.kind == REVIEW else wanted.inputs}
    wrong = 0
    with multiprocessing.get_context("spawn").Pool(wanted.workers) as pool:
        for kind, number in numbers.items():
            began = time.monotonic()
            parts = pool.imap(found, _parts(kind, number, wanted.seed))
            shown = watched(parts, what=kind, of=number, size=_size(kind))
            findings = [finding for part in shown for finding in part]
            wrong += len(findings)
            seconds = time.monotonic() - began
            speed = f"{seconds:.0f} s, {number / max(seconds, 0.01):,.0f} a second"
            print(f"{number:,} {kind}: {len(findings)} wrong, {speed}", flush=True)
            _show(findings)
    return 1 if wrong else 0


def _parts(kind: str, number: int, seed: int) -> Iterator[tuple[str, int, int]]:
    size = _size(kind)
    for place, start in enumerate(range(0, number, size)):
        yield kind, min(size, number - start), seed + place * (size if kind == REVIEW else 1)


def _size(kind: str) -> int:
    return REVIEWS_PART if kind == REVIEW else PART


def _show(findings: Sequence[Finding]) -> None:
    for text, many in Counter(one.text for one in findings).most_common(SHOWN):
        first = next(one for one in findings if one.text == text)
        print(f"  {many} times: {text} ({first.where}; {first.mutation}): {first.body[:LONGEST]!r}")


if __name__ == "__main__":
    sys.exit(main())
