"""Draws a whole case from a seed: the portal, its people, what goes wrong and what is done.

The same seed gives the same case. Shares are chosen so that what is rare in life is frequent here.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from campaigns.safety.cases import (
    DAY,
    MODES,
    OPEN_SESSIONS,
    RELEASES,
    Apply,
    Case,
    Crowd,
    Evidence,
    Keep,
    Mode,
    PersonCase,
    Review,
    Rules,
    SetStatus,
    SignOut,
    Step,
    Switch,
    Tie,
    Wait,
)
from campaigns.safety.doings import with_doings
from campaigns.safety.histories import draw_person
from campaigns.safety.nameless import NAMELESS, with_nameless
from campaigns.safety.readers import Lifetimes, draw_reader
from lastseen.simulator.server.fault_names import NAMES

_ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Auckland",
)
_RETENTIONS = (7, 14, 29, 30, 31, 45, 60, 90, 120, 180, 180, 180, 180, 180)
_SESSIONS = (None, None, 60, 1440, 9999)
_READERS = 0.15
"""Which share of the people only read."""
_NUMBERS = (2, 4, 6, 8, 12, 16, 24, 40, 60)
_WINDOWS = (7, 14, 30, 30, 30, 30, 60, 90)
_BOTH: tuple[Evidence, ...] = ("sign-in", "activity")
_FIRST_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def draw(seed: int) -> Case:
    """Draw the case of this seed."""
    chance = random.Random(f"case {seed}")
    zone = chance.choice(_ZONES)
    rules = _rules(chance)
    mode: Mode = chance.choice(MODES)
    many = chance.random() < 0.015
    number_of_people = chance.randrange(150, 300) if many else chance.choice(_NUMBERS)
    kept = chance.choice(_RETENTIONS)
    earlier_keep = _earlier_keep(chance)
    minutes = chance.choice(_SESSIONS)
    lifetimes = Lifetimes(
        release=chance.choice(RELEASES),
        session_minutes=minutes,
        limited_age=chance.randrange(60, 200 * DAY)
        if minutes is not None and chance.random() < 0.3
        else None,
        sign_in_days=kept,
        earlier_keep=earlier_keep,
    )
    people = tuple(
        draw_reader(number, rules, lifetimes, chance)
        if chance.random() < _READERS
        else draw_person(number, rules, chance)
        for number in range(1, 1 + number_of_people)
    )
    crowd = _crowd(mode, chance)
    if crowd.ahead or any(event.dated_ahead for one in people for event in one.events):
        # Dates ahead of the clock on a night that turns clocks back: such a page is refused.
        zone = "UTC"
    case = Case(
        seed=seed,
        start=_start(zone, rules, chance),
        zone=zone,
        people=people,
        crowd=crowd,
        ties=_ties(rules, chance),
        mode=mode,
        sign_in_days=kept,
        trail_days=kept if chance.random() < 0.8 else chance.choice(_RETENTIONS),
        earlier_keep=earlier_keep,
        release=lifetimes.release,
        session_minutes=minutes,
        limited_age=lifetimes.limited_age,
        latency=chance.choice((0.0, 0.02, 0.02, 0.3)),
        machine_ahead=_machine_ahead(chance),
        faults=_faults(rules, chance),
        rules=rules,
        roster=chance.choice(("guests", "csv")),
        per_minute=chance.choice((40, 200, 1500)) if chance.random() < 0.08 else None,
        is_hidden=chance.random() < 0.01,
        steps=_steps(mode, rules, people, chance),
    )
    return with_nameless(with_doings(_with_many_people(case, chance) if many else case))


def _with_many_people(case: Case, chance: random.Random) -> Case:
    """Turn a case with many people into one in which they are asked about one by one.

    A portal that seldom lies has more of them to lie about, and fewer occasions to be caught.
    """
    lies = chance.choice(("empty-200", "cut-page", "other-shape", "reset"))
    return msgspec.structs.replace(
        case,
        mode="before-window",
        crowd=Crowd(sign_ins=12_000, trail=5_000),
        ties=(),
        faults={lies: chance.choice((0.0, 0.002, 0.01, 0.05))},
        steps=(Review(switches=_switches_among_many(chance)),),
    )


def _switches_among_many(chance: random.Random) -> tuple[tuple[int, Mode], ...]:
    """Draw changes of ways while people are asked about one by one, there and perhaps back."""
    if chance.random() < 0.6:
        return ()
    first = chance.randrange(5, 200)
    there: tuple[int, Mode] = (first, chance.choice(("after-window", "ignored")))
    back: tuple[int, Mode] = (first + chance.randrange(1, 300), "before-window")
    return (there, back) if chance.random() < 0.7 else (there,)


def _rules(chance: random.Random) -> Rules:
    inactive = chance.choice(_WINDOWS)
    return Rules(
        inactive_days=inactive,
        lookback_days=chance.choice((180, 180, inactive, max(inactive, 60))),
        never_seen=chance.choice(("grace", "grace", "grace", "disable", "keep")),
        evidence=chance.choice((*[_BOTH] * 8, ("sign-in",), ("activity",))),
        open_sessions=chance.choice(OPEN_SESSIONS),
        return_days=chance.choice((None, 3, 7, min(14, inactive))),
    )


def _machine_ahead(chance: random.Random) -> float:
    """Draw by how much the machine's clock is ahead: within what is allowed, but for a few."""
    lot = chance.random()
    if lot < 0.7:
        return 0.0
    return chance.uniform(-280, 280) if lot < 0.98 else chance.choice((-1, 1)) * 3600.0


def _crowd(mode: Mode, chance: random.Random) -> Crowd:
    """Draw how busy the portal is. Without the audit option only quiet ones are of interest."""
    if chance.random() < 0.15:
        return Crowd()
    quiet = mode == "ignored" and chance.random() < 0.7
    most = 12 if quiet else 3000
    return Crowd(
        sign_ins=_spread(most, chance),
        trail=_spread(most, chance),
        days=chance.choice((3, 40, 180, 180)),
        ahead=chance.choice((0, 0, 0, 0, 0, 1, 5, 150)),
        a_day=0 if quiet else chance.choice((0, 2, 2, 50, 50, 20_000)),
    )


def _spread(most: int, chance: random.Random) -> int:
    """Draw a number up to `most` whose order of magnitude is what is equally likely."""
    return int(most ** chance.random())


def _ties(rules: Rules, chance: random.Random) -> tuple[Tie, ...]:
    if chance.random() < 0.6:
        return ()
    return tuple(
        Tie(
            log="sign-in" if chance.random() < 0.7 else "trail",
            age=chance.randrange(60, rules.inactive_days * DAY + 10 * DAY),
            size=chance.choice((2, 3, 10, 30, 60, 95, 97, 101, 250)),
        )
        for _ in range(chance.choice((1, 1, 2, 5)))
    )


def _earlier_keep(chance: random.Random) -> tuple[int, int] | None:
    if chance.random() < 0.9:
        return None
    return chance.choice((1, 7, 30)), chance.randrange(60, 60 * DAY)


_TESTED_APART = ("disposed", "unsaved")
"""Faults that are left out so that the seeds draw what they always drew."""


def _faults(rules: Rules, chance: random.Random) -> dict[str, float]:
    """Draw which faults there are and how often: none on two portals of five."""
    if chance.random() < 0.4:
        return {}
    # Entries deleted before their time, from the sixty-first day on, leave no trace that anybody
    # could see: they are left out where the window reaches as far.
    # Sign-ins in nobody's name are drawn apart from what befalls requests.
    known = [
        name
        for name in NAMES
        if name not in (NAMELESS, *_TESTED_APART)
        and (name != "deletions" or rules.inactive_days <= 60)
    ]
    number = chance.choice((1, 1, 1, 2, 2, 3, 5, len(known)))
    names = chance.sample(known, number)
    return {name: round(chance.choice((0.01, 0.05, 0.1, 0.2)), 2) for name in names}


def _steps(
    mode: Mode, rules: Rules, people: tuple[PersonCase, ...], chance: random.Random
) -> tuple[Step, ...]:
    steps: list[Step] = [_review(chance)]
    if rules.open_sessions == "sign-out" and chance.random() < 0.7:
        return (*steps, *_signing_out(rules, people, chance))
    lot = chance.random()
    if lot < 0.3:
        for _ in range(chance.choice((1, 1, 2))):
            steps += [*_between(rules, people, chance), _review(chance)]
    elif lot < 0.45:
        cut = Review(cancelled_at=int(60 ** chance.random()) + 1)
        steps = [cut, Wait(seconds=chance.choice((1, 600, DAY))), _review(chance)]
    elif lot < 0.55:
        lower = chance.choice((1, 7, 14))
        steps += [
            Keep(sign_in_days=lower, trail_days=lower),
            Wait(seconds=chance.randrange(60, 40 * DAY)),
            *([_review(chance)] if chance.random() < 0.5 else []),
            Wait(seconds=chance.randrange(60, 5 * DAY)),
            Keep(sign_in_days=180, trail_days=180),
            Wait(seconds=chance.randrange(60, 40 * DAY)),
            _review(chance),
        ]
    if chance.random() < 0.3:
        steps += [Wait(seconds=chance.choice((1, 300, 3600, 20 * 3600))), Apply()]
    return tuple(steps)


def _signing_out(
    rules: Rules, people: tuple[PersonCase, ...], chance: random.Random
) -> Iterator[Step]:
    """Yield what ends sessions, and later reviews, around the day on which it begins to count."""
    within = DAY * (rules.return_days or rules.inactive_days)
    yield Wait(seconds=chance.choice((1, 300, 3600)))
    yield Apply()
    if chance.random() < 0.3:
        yield Wait(seconds=chance.randrange(60, within))
        yield _review(chance)
        within = max(60, within - chance.randrange(within))
    if chance.random() < 0.2:
        yield SignOut(number=chance.choice(people).number)
    yield Wait(seconds=within + chance.choice((-3600, -60, 60, 3600, DAY, 9 * DAY)))
    yield _review(chance)
    if chance.random() < 0.4:
        yield Wait(seconds=chance.choice((1, 300, 3600)))
        yield Apply()


def _review(chance: random.Random) -> Review:
    """Draw a review, in some of which the portal changes its ways, goes there and back, or wavers.

    It wavers while it is being brought up to date: some of its servers are new and some old.
    """
    lot = chance.random()
    if lot < 0.85:
        return Review(twice=lot < 0.05)
    if lot < 0.88:
        ways: tuple[Mode, ...] = ("before-window", "after-window")
        return Review(switches=tuple((n, chance.choice(ways)) for n in range(1, 200)))
    first = int(40 ** chance.random()) + 1
    switches = [(first, chance.choice(MODES))]
    if chance.random() < 0.5:
        switches.append((first + int(20 ** chance.random()), chance.choice(MODES)))
    return Review(switches=tuple(switches))


def _between(rules: Rules, people: tuple[PersonCase, ...], chance: random.Random) -> list[Step]:
    steps: list[Step] = []
    span = chance.choice((600, 3 * 3600, DAY, 7 * DAY, rules.inactive_days * DAY))
    if chance.random() < 0.3:
        steps.append(Switch(mode=chance.choice(MODES)))
    if chance.random() < 0.2:
        who = chance.choice(people).number
        steps += [
            SetStatus(number=who, status="terminated"),
            *([Review()] if chance.random() < 0.5 else []),
            Wait(seconds=chance.randrange(60, DAY)),
            SetStatus(number=who, status="active"),
        ]
    steps.append(Wait(seconds=chance.randrange(span // 2, span + 1)))
    return steps


def _start(zone: str, rules: Rules, chance: random.Random) -> int:
    """Draw when the case begins: for some within hours of a change of clocks, or a window after."""
    start = int(_FIRST_YEAR.timestamp()) + chance.randrange(2 * 365 * DAY)
    changes = _changes_of_clocks(zone)
    if changes and chance.random() < 0.3:
        start = chance.choice(changes) + chance.randrange(-5400, 5400)
        if chance.random() < 0.5:
            start += rules.inactive_days * DAY
    return start


@cache
def _changes_of_clocks(zone: str) -> tuple[int, ...]:
    """Return the hours of two years at whose end a zone's offset is another one."""
    place = ZoneInfo(zone)
    hours = [_FIRST_YEAR + timedelta(hours=hour) for hour in range(2 * 365 * 24)]
    offsets = [moment.astimezone(place).utcoffset() for moment in hours]
    return tuple(
        int(hours[index].timestamp())
        for index in range(1, len(hours))
        if offsets[index] != offsets[index - 1]
    )
