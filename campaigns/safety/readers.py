"""People who only read, in a session that lives or has ended: what the logs show of them.

Drawn so that it can have happened: a visit without a session signs in, and one with it does not.
"""

import random

import msgspec

from campaigns.safety.cases import DAY, Happening, PersonCase, Reading, Release, Rules

_LONGEST_PAST = 200 * DAY
_SIGN_IN, _BY_APPLICATION = 1029, 1028


class Lifetimes(msgspec.Struct, frozen=True, kw_only=True):
    """What ends the sessions of a portal before the start of a case."""

    release: Release
    session_minutes: int | None
    limited_age: int | None
    sign_in_days: int
    earlier_keep: tuple[int, int] | None

    def is_alive(self, begun: int, at: int, ended: int | None) -> bool:
        """Say whether a session lives; all are ages: when it began, is used and was ended."""
        if any(end is not None and begun >= end >= at for end in (ended, self.limited_age)):
            return False
        is_limited = self.limited_age is None or at <= self.limited_age
        minutes = self.session_minutes
        if minutes is not None and is_limited and begun - at >= minutes * 60:
            return False
        return begun - at < self.sign_in_days * DAY and not self._was_deleted(begun, at)

    def _was_deleted(self, begun: int, at: int) -> bool:
        """Say whether a shorter lifetime of the log had deleted the session's sign-in by then."""
        if self.earlier_keep is None:
            return False
        days, raised = self.earlier_keep
        return begun - max(at, raised) >= days * DAY and begun > raised


def draw_reader(
    number: int, rules: Rules, lifetimes: Lifetimes, chance: random.Random
) -> PersonCase:
    """Draw somebody who comes and reads, and perhaps has left."""
    window = rules.inactive_days * DAY
    within = DAY * (rules.return_days or rules.inactive_days)
    every = chance.randrange(DAY // 2, chance.choice((within, window, 2 * within)) + 1)
    leaves = chance.random() < 0.4
    last = chance.randrange(60, window + 150 * DAY) if leaves else chance.randrange(60, every)
    first = last + every * max(0, chance.randrange(_LONGEST_PAST) // every)
    reading = Reading(every=every, last_age=last, ends=leaves)
    person = PersonCase(
        number=number,
        kind="has read and left" if leaves else "reads",
        registered_age=max(first, window) + chance.randrange(60, 200 * DAY),
        reading=reading,
    )
    lot = chance.random()
    if lot < 0.1:
        return _with_key(person, chance)
    if lot < 0.2 and lifetimes.release != "3.1":
        return _by_application(person, lifetimes, chance)
    ended = chance.randrange(60, window + 60 * DAY) if lot > 0.8 else None
    return _in_sessions(person, first, lifetimes, ended)


def _in_sessions(
    person: PersonCase, first: int, lifetimes: Lifetimes, ended: int | None
) -> PersonCase:
    reading = person.reading or Reading(every=DAY, last_age=first)
    begun: int | None = None
    events = []
    for visit in range(first, reading.last_age - 1, -reading.every):
        if begun is None or not lifetimes.is_alive(begun, visit, ended):
            begun = visit
            events.append(Happening(log="sign-in", age=visit, action=_SIGN_IN))
    return msgspec.structs.replace(
        person,
        events=tuple(events),
        reading=msgspec.structs.replace(reading, signed_in_age=begun),
        signed_out_age=ended,
    )


def _with_key(person: PersonCase, chance: random.Random) -> PersonCase:
    reading = person.reading or Reading(every=DAY, last_age=DAY)
    made = min(person.registered_age - 1, reading.last_age + chance.randrange(1, 100 * DAY))
    return msgspec.structs.replace(
        person,
        kind=f"{person.kind}, by a key",
        events=(Happening(log="sign-in", age=made, action=_SIGN_IN),),
        reading=msgspec.structs.replace(reading, door="api-key"),
    )


def _by_application(person: PersonCase, lifetimes: Lifetimes, chance: random.Random) -> PersonCase:
    """Let them authorise an application so lately that the log still tells."""
    reading = person.reading or Reading(every=DAY, last_age=DAY)
    at = reading.last_age + chance.randrange(1, 20 * DAY)
    return msgspec.structs.replace(
        person,
        kind=f"{person.kind}, by an application",
        events=(Happening(log="sign-in", age=at, action=_BY_APPLICATION),),
        registered_age=max(person.registered_age, at + DAY),
        reading=msgspec.structs.replace(reading, door="oauth"),
    )
