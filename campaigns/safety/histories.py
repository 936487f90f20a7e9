"""What one person of a case did: each kind of history that a portal knows, drawn by chance.

Only what is known of the person; the portal, the faults and the reviews are `drawing`'s business.
"""

import random
from collections.abc import Callable, Iterator

import msgspec

from campaigns.safety.cases import DAY, Happening, PersonCase, Rules
from lastseen.simulator.world.actions import (
    FILE_READ,
    LOGIN_FAILURE,
    LOGIN_SUCCESS,
    NEWER_RELEASE,
    SIGNED_BY_OTHERS,
    TRAIL,
)

_SUCCESSES = tuple(LOGIN_SUCCESS)
_FAILURES = tuple(LOGIN_FAILURE)
_SESSIONS = (1006, 1016, 1017)
# Those that the product, an administrator or others would set off are left out.
_WORK = tuple(action for action in TRAIL if 5000 <= action < 5070 and action != SIGNED_BY_OTHERS)
_FAR = 400 * DAY


def draw_person(number: int, rules: Rules, chance: random.Random) -> PersonCase:
    """Draw somebody; `number` tells them from others."""
    kinds, weights = zip(*_KINDS, strict=True)
    kind: _Draw = chance.choices(kinds, weights)[0]
    events = tuple(kind(rules.inactive_days * DAY, chance))
    oldest = max((event.age for event in events), default=0)
    registered = max(oldest, rules.inactive_days * DAY) + chance.randrange(1, 300 * DAY)
    person = PersonCase(
        number=number,
        kind=kind.__name__.strip("_").replace("_", " "),
        events=events,
        registered_age=registered,
    )
    return _with_peculiarities(person, rules, chance)


def _with_peculiarities(person: PersonCase, rules: Rules, chance: random.Random) -> PersonCase:
    """Make some people new, protected, disabled, exempt or out of contract."""
    window = rules.inactive_days * DAY
    lot = chance.random()
    changed: dict[str, object] = {}
    if lot < 0.06:
        changed = {
            "registered_age": chance.randrange(60, window),
            "events": tuple(e for e in person.events if e.age < 0),
        }
        if chance.random() < 0.5:
            changed["events"] = ()
    elif lot < 0.09:
        changed = {"status": "terminated"}
    elif lot < 0.12:
        changed = {"status": "pending"}
    elif lot < 0.15:
        changed = {"is_ldap": True}
    elif lot < 0.17:
        changed = {"exempt": True}
    elif lot < 0.19:
        changed = {"contract_ended": True}
    elif lot < 0.21:
        changed = {"type": chance.choice(("user", "room-admin", "admin"))}
    elif lot < 0.23:
        changed = {"on_roster": False}
    return msgspec.structs.replace(person, **changed)


_Draw = Callable[[int, random.Random], Iterator[Happening]]


def _sign_in(age: int, chance: random.Random) -> Happening:
    return Happening(log="sign-in", age=age, action=chance.choice(_SUCCESSES))


def _work(age: int, chance: random.Random, *, written_after: int = 0) -> Happening:
    action = chance.choice(_WORK) if _WORK else FILE_READ
    return Happening(log="trail", age=age, action=action, written_after=written_after)


def _comes_daily(window: int, chance: random.Random) -> Iterator[Happening]:
    age = chance.randrange(30, 3 * DAY)
    while age < window + 20 * DAY:
        yield _sign_in(age, chance)
        if chance.random() < 0.5:
            yield _work(max(1, age - chance.randrange(60, 4 * 3600)), chance)
        age += chance.randrange(DAY // 2, 4 * DAY)


def _came_once_in_the_window(window: int, chance: random.Random) -> Iterator[Happening]:
    yield _sign_in(chance.randrange(60, window), chance)
    if chance.random() < 0.5:
        yield _sign_in(chance.randrange(window, _FAR), chance)


def _works_in_a_session_of_a_year(window: int, chance: random.Random) -> Iterator[Happening]:
    if chance.random() < 0.7:
        yield _sign_in(chance.randrange(window, _FAR), chance)
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        yield _work(chance.randrange(60, window), chance)


def _worked_once_in_the_window(window: int, chance: random.Random) -> Iterator[Happening]:
    yield _work(chance.randrange(60, window), chance)
    for _ in range(chance.randrange(3)):
        yield _sign_in(chance.randrange(window, _FAR), chance)


def _is_attacked(window: int, chance: random.Random) -> Iterator[Happening]:
    for _ in range(chance.choice((1, 5, 30, 150))):
        age = chance.randrange(60, window + 60 * DAY)
        yield Happening(log="sign-in", age=age, action=chance.choice(_FAILURES))
    if chance.random() < 0.6:
        yield _sign_in(chance.randrange(window, _FAR), chance)


def _is_attacked_and_comes(window: int, chance: random.Random) -> Iterator[Happening]:
    yield from _is_attacked(window, chance)
    yield _sign_in(chance.randrange(60, window), chance)


def _never_came(window: int, chance: random.Random) -> Iterator[Happening]:
    yield from ()


def _stands_at_the_edge(window: int, chance: random.Random) -> Iterator[Happening]:
    age = window - chance.choice((0, 0, 1, -1, 2, -2, chance.randrange(-60, 60)))
    yield _sign_in(age, chance) if chance.random() < 0.7 else _work(age, chance)
    if chance.random() < 0.4:
        yield _sign_in(age + chance.randrange(1, 90 * DAY), chance)


def _came_long_ago(window: int, chance: random.Random) -> Iterator[Happening]:
    age = window + chance.randrange(60, 200 * DAY)
    for _ in range(chance.choice((1, 1, 3, 40, 120))):
        yield _sign_in(age, chance)
        if chance.random() < 0.5:
            yield _work(age, chance)
        age += chance.randrange(60, 5 * DAY)


def _did_something_unknown(window: int, chance: random.Random) -> Iterator[Happening]:
    yield Happening(
        log="sign-in", age=chance.randrange(60, window + 30 * DAY), action=NEWER_RELEASE
    )
    if chance.random() < 0.7:
        yield _sign_in(chance.randrange(60, window * 2), chance)


def _signs_out_only(window: int, chance: random.Random) -> Iterator[Happening]:
    for _ in range(chance.choice((1, 1, 4))):
        age = chance.randrange(60, window)
        yield Happening(log="sign-in", age=age, action=chance.choice(_SESSIONS))


def _is_dated_ahead(window: int, chance: random.Random) -> Iterator[Happening]:
    ahead = chance.choice((30, 3600, 2 * DAY))
    yield Happening(log="sign-in", age=chance.randrange(ahead), action=1029, dated_ahead=ahead)


def _worked_just_now(window: int, chance: random.Random) -> Iterator[Happening]:
    """Draw what the portal writes too late for a review, and perhaps in time for a recheck."""
    if chance.random() < 0.7:
        yield _sign_in(chance.randrange(window, _FAR), chance)
    age = chance.randrange(1, 900)
    yield _work(age, chance, written_after=chance.randrange(age, 1200))


def _comes_back_later(window: int, chance: random.Random) -> Iterator[Happening]:
    if chance.random() < 0.8:
        yield _sign_in(chance.randrange(window, _FAR), chance)
    for _ in range(chance.choice((1, 1, 3))):
        age = -chance.choice((chance.randrange(1, 3 * 3600), chance.randrange(1, 40 * DAY)))
        if chance.random() < 0.5:
            yield _sign_in(age, chance)
        else:
            yield _work(age, chance, written_after=chance.choice((0, 5, 60, 600)))


def _comes_all_along(window: int, chance: random.Random) -> Iterator[Happening]:
    age = window
    while age > -90 * DAY:
        yield _sign_in(age, chance) if chance.random() < 0.5 else _work(age, chance)
        age -= chance.randrange(1, max(2, window * 3 // 4))


_KINDS: tuple[tuple[_Draw, int], ...] = (
    (_comes_daily, 10),
    (_came_once_in_the_window, 10),
    (_works_in_a_session_of_a_year, 10),
    (_worked_once_in_the_window, 8),
    (_is_attacked, 8),
    (_is_attacked_and_comes, 6),
    (_never_came, 6),
    (_stands_at_the_edge, 10),
    (_came_long_ago, 12),
    (_did_something_unknown, 4),
    (_signs_out_only, 4),
    (_is_dated_ahead, 2),
    (_worked_just_now, 4),
    (_comes_back_later, 8),
    (_comes_all_along, 6),
)
