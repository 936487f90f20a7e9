"""Plays many cases in several processes and adds up what came of them.

Which cases, how they are judged and what is shown is said elsewhere.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from campaigns.safety.cases import Case
from campaigns.safety.generator import draw
from campaigns.safety.judging import Fault
from campaigns.safety.playing import Played, play
from campaigns.safety.sampling import sample
from campaigns.safety.tallies import Tally, tally

CHUNK = 20
"""Cases that a process plays before it reports."""

ALLOWED = frozenset({Fault.HELD_IN_TROUBLE})
"""What may happen: a hold where something went wrong on the way takes nothing from anybody."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A case in which something happened that must not."""

    seed: int
    text: str
    """One line for people."""


class Result(msgspec.Struct, kw_only=True):
    """What came of many cases."""

    counts: Tally
    failures: list[Failure]


def run(seeds: range, *, jobs: int) -> Iterator[Result]:
    """Play the cases of `seeds` in `jobs` processes; yield what came of each chunk of them."""
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    if jobs == 1:
        yield from map(play_all, chunks)
        return
    with ProcessPoolExecutor(jobs) as processes:
        yield from processes.map(play_all, chunks)


def play_all(seeds: Iterable[int]) -> Result:
    """Play the cases of `seeds` one after the other."""
    logging.getLogger("lastseen").setLevel(logging.CRITICAL)
    result = Result(counts=Tally(), failures=[])
    with tempfile.TemporaryDirectory(prefix="lastseen-safety-") as folder:
        for seed in seeds:
            case = draw(seed)
            played = play(case, Path(folder))
            result.counts.update(tally(case, played, sample(case)))
            result.failures += [Failure(seed=seed, text=text) for text in failures_of(case, played)]
    return result


def failures_of(case: Case, played: Played) -> Iterator[str]:
    """Yield a line for each thing that must not happen."""
    if played.crash is not None:
        yield f"crash: {played.crash.strip().splitlines()[-1]}"
    for number, review in enumerate(played.reviews, start=1):
        if review.refused is not None and not review.disturbed and not case.is_hidden:
            yield f"review {number} ended without a plan: {review.refused}"
        for judged in review.judged:
            if judged.fault is not None and judged.fault not in ALLOWED:
                yield (
                    f"review {number}: {judged.fault.value}: person {judged.number}, who "
                    f"{judged.kind}: {judged.decision} {judged.reason}, should be {judged.should}"
                )
    for applied in played.applied:
        if applied.wrongful:
            yield f"apply disabled wrongly: people {applied.wrongful}"
        if applied.undone and not applied.may_lack_proof and not case.is_disturbed:
            yield f"apply left {applied.undone} alone for lack of proof, undisturbed"
