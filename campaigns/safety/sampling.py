"""Lets the vendor-like baseline loose on a case's portal, and compares whom it would disable.

The same portal, the same people, the same faults, the same truth as for the product.
"""

from datetime import timedelta

import msgspec

from campaigns.safety.cases import Case, PersonCase
from campaigns.safety.judging import is_due, must_be_left_alone
from campaigns.safety.open_sessions import read_silently
from campaigns.safety.world import id_of, portal_of
from lastseen.simulator.world.oracle import Truth
from testing.baseline import VARIANTS, Baseline, in_process
from testing.in_process import VirtualTime

_PART_OF_A_SECOND = timedelta(microseconds=123_457)
"""No program runs at the full second: dates as Python writes them have six digits then."""


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """What one variant of the baseline would have done."""

    people: int
    there: int
    """How many of them must not be disabled."""
    disables: int
    wrongful: tuple[int, ...]
    reading: tuple[int, ...]
    """Those it disables who read in the window, of whom no log tells."""
    missed: tuple[int, ...]
    requests: int


def sample(case: Case) -> dict[str, Sampled]:
    """Return what each variant of the baseline makes of the case's portal at its start."""
    return {name: _sample(case, name) for name in VARIANTS}


def _sample(case: Case, variant: str) -> Sampled:
    time = VirtualTime(case.start, machine_ahead=case.machine_ahead)
    time.advance(_PART_OF_A_SECOND)
    portal = portal_of(case, time.portal_clock)
    portal.world.settle(time.now())
    truths = {truth.id: truth for truth in portal.truths()}
    people = [person for person in case.people if _is_asked_about(person, case)]
    baseline = Baseline(
        in_process(portal, lambda seconds: time.advance(timedelta(seconds=seconds))),
        clock=time.machine_clock,
        dates=VARIANTS[variant],
        inactive_days=case.rules.inactive_days,
        lookback_days=max(case.rules.lookback_days, case.rules.inactive_days),
    )
    now = time.machine_clock().timestamp()
    found = baseline.clean_up([id_of(person.number) for person in people], disable=False)
    marked = set(found.to_disable)
    return Sampled(
        people=len(people),
        there=sum(must_be_left_alone(case, _of(truths, person), now) for person in people),
        disables=len(marked),
        wrongful=tuple(
            person.number
            for person in people
            if id_of(person.number) in marked and must_be_left_alone(case, _of(truths, person), now)
        ),
        reading=tuple(
            person.number
            for person in people
            if id_of(person.number) in marked
            and read_silently(case, _of(truths, person), now)
            and not must_be_left_alone(case, _of(truths, person), now)
        ),
        missed=tuple(
            person.number
            for person in people
            if id_of(person.number) not in marked and is_due(case, person, _of(truths, person), now)
        ),
        requests=found.requests,
    )


def _is_asked_about(person: PersonCase, case: Case) -> bool:
    """Say whether the person is on the roster, and known to the product's policy by no more.

    Contracts and exemptions are the product's own: the sample can't be held to them.
    """
    if person.exempt or person.contract_ended or person.status == "terminated":
        return False
    return person.on_roster if case.roster == "csv" else person.type == "guest"


def _of(truths: dict[str, Truth], person: PersonCase) -> Truth:
    return truths[id_of(person.number)]
