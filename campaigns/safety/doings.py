"""What happens to people and logs without their doing: administrators' acts, and dead logs.

Drawn from a chance of its own, so that everything else of a seed stays as it is.
"""

import random
from collections.abc import Iterator, Sequence

import msgspec

from campaigns.safety.cases import DAY, Case, Crowd, Doing, Log, Outage, PersonCase, Rules

SILENCE_DAYS = 7
"""The product's default for `log_silence_days`."""

_LOGS: tuple[Log, ...] = ("sign-in", "trail")
_PENDING = (30, 30, 30, 3, 10, 60, 90)
_INVITED, _REINSTATED = 0.05, 0.05
_NEVER_ACCEPTED = 0.05
_GRACE_DAYS = 14


def with_doings(case: Case) -> Case:
    """Add to a case what administrators did, invitations that nobody accepted, and dead logs."""
    chance = random.Random(f"doings {case.seed}")
    rules = msgspec.structs.replace(case.rules, pending_days=chance.choice(_PENDING))
    people = tuple(_done_to(person, rules, chance) for person in case.people)
    case = msgspec.structs.replace(case, rules=rules, people=people)
    if len(people) > 100 or chance.random() > 0.2:
        return case
    return _with_logs_that_count_as_dead(case, chance)


def _done_to(person: PersonCase, rules: Rules, chance: random.Random) -> PersonCase:
    lot = chance.random()
    window = rules.inactive_days * DAY
    if lot < _INVITED:
        return _with(person, _invitation(chance.randrange(60, 2 * window), chance))
    if lot < _INVITED + _REINSTATED and person.status == "active" and person.reading is None:
        age = chance.randrange(60, chance.choice((_GRACE_DAYS, 40)) * DAY)
        return _with(person, Doing(what="reinstated", age=age))
    if lot < _INVITED + _REINSTATED + _NEVER_ACCEPTED and person.reading is None:
        return _invited_only(person, rules, chance)
    return person


def _invited_only(person: PersonCase, rules: Rules, chance: random.Random) -> PersonCase:
    """Return somebody who was invited, perhaps more than once, and never came."""
    longest = 2 * max(rules.pending_days, rules.inactive_days) * DAY
    edge = rules.pending_days * DAY + chance.choice((-3600, -60, 60, 3600))
    registered = chance.choice((edge, chance.randrange(60, longest)))
    again = [chance.randrange(30, registered) for _ in range(chance.choice((0, 0, 1, 2)))]
    return msgspec.structs.replace(
        person,
        kind="was invited and never came",
        status="pending",
        events=(),
        registered_age=registered,
        done=tuple(_invitation(age, chance) for age in sorted(again, reverse=True)),
    )


def _invitation(age: int, chance: random.Random) -> Doing:
    return Doing(what="invited" if chance.random() < 0.7 else "activation-sent", age=age)


def _with(person: PersonCase, doing: Doing) -> PersonCase:
    registered = max(person.registered_age, doing.age + 2 * DAY)
    return msgspec.structs.replace(person, done=(doing,), registered_age=registered)


def _with_logs_that_count_as_dead(case: Case, chance: random.Random) -> Case:
    """Let a log that is silent for long count as dead, and most of the time let one be."""
    busy = Crowd(
        sign_ins=chance.randrange(1500, 3000),
        trail=chance.randrange(1500, 3000),
        days=180,
        a_day=chance.choice((10, 50)),
    )
    return msgspec.structs.replace(
        case,
        crowd=busy,
        rules=msgspec.structs.replace(case.rules, log_silence_days=SILENCE_DAYS),
        outages=tuple(_outages(case, chance)) if chance.random() < 0.8 else (),
        # What is deleted before its time makes a log silent as well.
        faults={name: rate for name, rate in case.faults.items() if name != "deletions"},
    )


def _outages(case: Case, chance: random.Random) -> Iterator[Outage]:
    logs: Sequence[Log] = _LOGS if chance.random() < 0.2 else (chance.choice(_LOGS),)
    for log in logs:
        lot = chance.random()
        if lot < 0.15:
            age = chance.randrange(DAY, SILENCE_DAYS * DAY)
        elif lot < 0.25:  # it counts as dead while the case goes on
            age = SILENCE_DAYS * DAY + chance.randrange(-DAY, DAY)
        else:
            age = chance.randrange(8 * DAY, chance.choice((20, 60, 150)) * DAY)
        ends = chance.random() < 0.4
        yield Outage(log=log, age=age, until_age=chance.randrange(0, age) if ends else None)
