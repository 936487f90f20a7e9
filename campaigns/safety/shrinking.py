"""Makes a failing case small, by leaving things out for as long as it still fails.

Chance is part of a case: what goes wrong with which request depends on the seed and on everything
that was asked before. So each smaller case is tried with some seeds, and fails if it does with one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from campaigns.safety.cases import Apply, Case, Crowd, Review, Rules, Step

Fails = Callable[[Case], bool]

T = TypeVar("T")

SEEDS = 12
"""With so many seeds each smaller case is tried."""


_SETTINGS = (
    "zone",
    "latency",
    "machine_ahead",
    "earlier_keep",
    "roster",
    "per_minute",
    "release",
    "session_minutes",
    "limited_age",
)
"""What a smaller case has as every plain one does."""


def shrink(case: Case, fails: Fails) -> Case:
    """Return a case that still fails, from which nothing can be left out any more.

    `fails` must be true for `case` itself.
    """
    while True:
        smaller = next(_failing(case, fails), None)
        if smaller is None:
            return case
        case = smaller


def _failing(case: Case, fails: Fails) -> Iterator[Case]:
    """Yield smaller cases that fail: those with the same chance first, which is quick to see."""
    yield from filter(fails, _smaller(case))
    for smaller in _smaller(case):
        for seed in range(SEEDS if smaller.faults or smaller.latency else 0):
            tried = msgspec.structs.replace(smaller, seed=seed)
            if fails(tried):
                yield tried
                break


def _smaller(case: Case) -> Iterator[Case]:
    """Yield cases with something left out, the most first."""
    for steps in _shorter(case.steps):
        if any(isinstance(step, Review | Apply) for step in steps):
            yield msgspec.structs.replace(case, steps=steps)
    for people in _shorter(case.people):
        yield msgspec.structs.replace(case, people=people)
    for index, person in enumerate(case.people):
        fewer = [msgspec.structs.replace(person, events=some) for some in _shorter(person.events)]
        fewer += [msgspec.structs.replace(person, done=some) for some in _shorter(person.done)]
        for changed in fewer:
            people = (*case.people[:index], changed, *case.people[index + 1 :])
            yield msgspec.structs.replace(case, people=people)
    for ties in _shorter(case.ties):
        yield msgspec.structs.replace(case, ties=ties)
    for outages in _shorter(case.outages):
        yield msgspec.structs.replace(case, outages=outages)
    for name in case.faults:
        rest = {other: rate for other, rate in case.faults.items() if other != name}
        yield msgspec.structs.replace(case, faults=rest)
    for crowd in _quieter(case.crowd):
        yield msgspec.structs.replace(case, crowd=crowd)
    for steps in _plainer(case.steps):
        yield msgspec.structs.replace(case, steps=steps)
    plain = Case(seed=case.seed)
    for field in _SETTINGS:
        if getattr(case, field) != getattr(plain, field):
            yield msgspec.structs.replace(case, **{field: getattr(plain, field)})
    for field in Rules.__struct_fields__:
        if getattr(case.rules, field) != getattr(plain.rules, field):
            rules = msgspec.structs.replace(case.rules, **{field: getattr(plain.rules, field)})
            yield msgspec.structs.replace(case, rules=rules)


def _shorter(things: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """Yield what is left without some, half of them to begin with."""
    length = len(things) // 2
    while length:
        for start in range(0, len(things), length):
            yield (*things[:start], *things[start + length :])
        length //= 2
    if len(things) == 1:
        yield ()


def _quieter(crowd: Crowd) -> Iterator[Crowd]:
    for field in ("sign_ins", "trail", "ahead", "a_day"):
        number = getattr(crowd, field)
        for fewer in {0, number // 2, number - 1} - {number, -1}:
            yield msgspec.structs.replace(crowd, **{field: fewer})


def _plainer(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield the steps with one of the reviews disturbed less."""
    for index, step in enumerate(steps):
        if isinstance(step, Review):
            changed = [msgspec.structs.replace(step, switches=s) for s in _shorter(step.switches)]
            if step.cancelled_at is not None:
                changed.append(msgspec.structs.replace(step, cancelled_at=None))
            if step.twice:
                changed.append(msgspec.structs.replace(step, twice=False))
            for plainer in changed:
                yield (*steps[:index], plainer, *steps[index + 1 :])
