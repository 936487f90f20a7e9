"""Builds a case's portal, and lets happen on it what the case says is still to come.

Turns ages into instants and people into the simulator's own. Nothing of the product is used here.
"""

import random
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from campaigns.safety.cases import (
    DAY,
    Case,
    Doing,
    Happening,
    Keep,
    Mode,
    Outage,
    PersonCase,
    SignOut,
)
from lastseen.simulator.endpoints.event_wire import stranger
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.limits import RateLimit
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.actions import (
    ACTIVATION_SENT,
    COOKIE_SETTINGS_UPDATED,
    FILE_READ,
    INVITATION_SENT,
    SESSIONS_ENDED,
    STATUSES_UPDATED,
)
from lastseen.simulator.world.clock import Clock
from lastseen.simulator.world.event_log import EventColumns
from lastseen.simulator.world.keys import ApiKey, make_key
from lastseen.simulator.world.people import Activation, EmployeeType, Kind, Person, Status
from lastseen.simulator.world.release import Release
from lastseen.simulator.world.scenario import LateEvent, Scenario
from lastseen.simulator.world.sessions import Door, Reader
from lastseen.simulator.world.world import Outage as Lost

STAFF = 8
"""Employees beside the administrator whose key is used; the first of all is the owner."""
FIRST_ACTOR = STAFF + 1
"""The actor of the first person of a case."""

_SIGN_IN, _FAILED, _SIGN_OUT, _LIFETIMES_SET = 1029, 1005, 1006, 6035
_TYPES = {
    "guest": EmployeeType.GUEST,
    "user": EmployeeType.USER,
    "room-admin": EmployeeType.ROOM_ADMIN,
    "admin": EmployeeType.DOCSPACE_ADMIN,
}
_STATUSES = {"active": Status.ACTIVE, "terminated": Status.TERMINATED, "pending": Status.PENDING}

_Written = tuple[int, int, int, str]
"""Second, actor, action, and the person whom it was done to, if that is told."""


def id_of(number: int) -> str:
    """Return the portal's id of a person of a case."""
    return f"{number:08x}-5afe-4000-8000-000000000000"


def email_of(number: int) -> str:
    """Return their e-mail address."""
    return f"person.{number:04}@example.net"


def portal_of(case: Case, clock: Clock) -> SimulatedPortal:
    """Build the portal of a case as it is at the start."""
    portal = SimulatedPortal(
        _scenario(case),
        clock=clock,
        setup=Setup(
            filters=Filters(case.mode),
            retention_days=case.sign_in_days,
            release=Release(case.release),
            session_minutes=case.session_minutes,
            time_zone=case.zone,
            seed=case.seed,
            rate_limit=RateLimit(per_minute=case.per_minute, announced=case.seed % 2 == 0)
            if case.per_minute
            else None,
            faults=FaultRates.of(case.faults),
            outages=tuple(_outage(case, outage) for outage in case.outages),
        ),
    )
    portal.world.trail_days = case.trail_days
    portal.audit.section_hidden = case.is_hidden
    if case.limited_age is not None:
        limited = case.start - case.limited_age
        portal.world.sessions.set_minutes(case.session_minutes, now=limited)
    for person in case.people:
        if person.signed_out_age is not None:
            ended = case.start - person.signed_out_age
            portal.world.sessions.end_all_of(id_of(person.number), now=ended)
    if case.earlier_keep is not None:
        kept_days, raised_ago = case.earlier_keep
        portal.world.logins.forget_before(case.start - raised_ago - kept_days * DAY)
    return portal


class Course:
    """What is still to come on a portal, and when a log has lost entries for good."""

    def __init__(self, case: Case, portal: SimulatedPortal) -> None:
        """Follow `portal`, which is at the start of `case`."""
        self.sign_ins_gone_before = 0
        """Before this second the sign-in log has lost entries to a lifetime that was shorter."""
        self.lifetime_set_at: int | None = None
        """When the lifetimes were last set, as the trail tells."""
        self._portal = portal
        self._chance = random.Random(f"course {case.seed}")
        self._release = Release(case.release)
        self._a_day = case.crowd.a_day
        self._reached = case.start
        coming = [
            (case.start - event.age, person.number, event)
            for person in case.people
            for event in person.events
            if event.age < 0
        ]
        # One person may do two things in the same second, and those have no order.
        self._due = deque(sorted(coming, key=lambda one: one[:2]))
        if case.earlier_keep is not None:
            kept_days, raised_ago = case.earlier_keep
            self.lifetime_set_at = case.start - raised_ago
            self.sign_ins_gone_before = self.lifetime_set_at - kept_days * DAY

    def reach(self, now: float) -> None:
        """Let happen what happens until `now`."""
        world = self._portal.world
        for second in self._coming_and_going(now):
            world.add_login(id_of_staff(self._chance.randrange(STAFF)), second, self._sign_in)
            world.add_trail(id_of_staff(self._chance.randrange(STAFF)), second, FILE_READ)
        while self._due and self._due[0][0] <= now:
            happened, number, event = self._due.popleft()
            second = happened + event.dated_ahead
            if event.log == "sign-in":
                world.add_login(id_of(number), second, known(event.action, self._release))
            else:
                visible = happened + event.written_after if event.written_after else None
                world.add_trail(id_of(number), second, event.action, visible_from=visible)
        self._reached = max(self._reached, int(now))

    def keep(self, wanted: Keep, now: float) -> None:
        """Set the lifetimes of both logs."""
        world, second = self._portal.world, int(now)
        world.settle(now)
        if wanted.sign_in_days > world.login_days:
            gone = second - world.login_days * DAY
            self.sign_ins_gone_before = max(self.sign_ins_gone_before, gone)
        world.login_days, world.trail_days = wanted.sign_in_days, wanted.trail_days
        world.add_trail(id_of_staff(0), second, _LIFETIMES_SET, visible_from=second + 3)
        self.lifetime_set_at = second
        world.settle(now)

    def sign_out(self, wanted: SignOut, now: float) -> None:
        """Have an administrator end all sessions of a person, which the trail tells at once."""
        world, who, second = self._portal.world, id_of(wanted.number), int(now)
        world.settle(now)
        world.sessions.end_all_of(who, now=second)
        world.administer(second, SESSIONS_ENDED, who)

    @property
    def _sign_in(self) -> int:
        return self._release.password_sign_in

    def switch(self, mode: Mode) -> None:
        """Have the portal treat filters in another way from now on."""
        self._portal.audit.filters = Filters(mode)

    def _coming_and_going(self, now: float) -> Iterator[int]:
        span = int(now) - self._reached
        if span <= 0:
            return
        expected = min(1500.0, self._a_day * span / DAY)
        number = int(expected) + (self._chance.random() < expected % 1)
        yield from sorted(self._reached + 1 + self._chance.randrange(span) for _ in range(number))


def known(action: int, release: Release) -> int:
    """Return a sign-in's action as a release has it that does not know every kind."""
    if action in {_SIGN_IN, 1028} and not release.knows(action):
        return release.password_sign_in
    return action


def id_of_staff(number: int) -> str:
    """Return the portal's id of an employee; 0 is the owner, 1 the administrator of the key."""
    return f"{number:08x}-57af-4000-8000-000000000000"


def _scenario(case: Case) -> Scenario:
    people = [*_staff(case), *(_person(case, one) for one in case.people)]
    sign_ins: list[_Written] = []
    trail: list[_Written] = []
    late: list[LateEvent] = []
    for actor, person in enumerate(case.people, start=FIRST_ACTOR):
        for event in person.events:
            if event.age >= 0:
                _write(case, actor, event, sign_ins, trail, late)
        who = id_of(person.number)
        if person.signed_out_age is not None:
            trail.append((case.start - person.signed_out_age, 0, SESSIONS_ENDED, who))
        for doing in person.done:
            trail.extend(_entries(case.start - doing.age, doing, who))
    _crowd(case, len(people), sign_ins, trail)
    if case.earlier_keep is not None:
        trail.append((case.start - case.earlier_keep[1], 0, _LIFETIMES_SET, ""))
    if case.limited_age is not None:
        trail.append((case.start - case.limited_age, 0, COOKIE_SETTINGS_UPDATED, ""))
    trail.sort(key=lambda event: event[0])
    return Scenario(
        now=case.start,
        people=tuple(people),
        strangers=(stranger("nobody@example.com"),),
        logins=_columns(sign_ins),
        trail=_columns(trail),
        late=tuple(late),
        key_account=id_of_staff(1),
        targets={number: who for number, (*_, who) in enumerate(trail, start=1) if who},
        readers=tuple(_readers(case)),
        keys=tuple(_keys(case)),
    )


def _entries(second: int, doing: Doing, who: str) -> Iterator[_Written]:
    """Yield what the trail shows of something that an administrator did."""
    if doing.what == "reinstated":
        disabled = second - DAY
        yield disabled, 0, COOKIE_SETTINGS_UPDATED, ""
        yield disabled, 0, STATUSES_UPDATED, who
        yield second, 0, STATUSES_UPDATED, who
    else:
        yield second, 0, INVITATION_SENT if doing.what == "invited" else ACTIVATION_SENT, who


def _outage(case: Case, wanted: Outage) -> Lost:
    until = None if wanted.until_age is None else case.start - wanted.until_age
    log: Literal["login", "trail"] = "login" if wanted.log == "sign-in" else "trail"
    return Lost(log, case.start - wanted.age, until)


def _readers(case: Case) -> Iterator[Reader]:
    for person in case.people:
        reading = person.reading
        if reading is not None:
            last, signed_in = case.start - reading.last_age, reading.signed_in_age
            yield Reader(
                id_of(person.number),
                last,
                reading.every,
                None if signed_in is None else case.start - signed_in,
                Door(reading.door),
                last if reading.ends else None,
            )


def _keys(case: Case) -> Iterator[ApiKey]:
    for person in case.people:
        if person.reading is not None and person.reading.door == "api-key":
            key = make_key(id_of(person.number), case.seed)
            yield replace(key, last_used=case.start - person.reading.last_age)


def _write(
    case: Case,
    actor: int,
    event: Happening,
    sign_ins: list[_Written],
    trail: list[_Written],
    late: list[LateEvent],
) -> None:
    happened = case.start - event.age
    second = happened + event.dated_ahead
    if event.log == "sign-in":
        sign_ins.append((second, actor, known(event.action, Release(case.release)), ""))
    elif happened + event.written_after <= case.start:
        trail.append((second, actor, event.action, ""))
    else:
        late.append(LateEvent(happened + event.written_after, second, actor, event.action))


def _crowd(case: Case, unknown: int, sign_ins: list[_Written], trail: list[_Written]) -> None:
    """Write what staff and strangers did."""
    chance = random.Random(f"crowd {case.seed}")
    crowd, start = case.crowd, case.start
    span = max(1, crowd.days * DAY)
    signed_in = Release(case.release).password_sign_in
    for _ in range(crowd.sign_ins):
        second = start - chance.randrange(1, span)
        lot = chance.random()
        if lot < 0.1:
            sign_ins.append((second, unknown, _FAILED, ""))
        else:
            action = _SIGN_OUT if lot < 0.2 else signed_in
            sign_ins.append((second, chance.randrange(STAFF), action, ""))
    for _ in range(crowd.trail):
        trail.append((start - chance.randrange(1, span), chance.randrange(STAFF), FILE_READ, ""))
    for _ in range(crowd.ahead):
        second = start + chance.randrange(1, 3600)
        sign_ins.append((second, chance.randrange(STAFF), signed_in, ""))
    for tie in case.ties:
        wanted, action = (sign_ins, signed_in) if tie.log == "sign-in" else (trail, FILE_READ)
        wanted.extend(
            (start - tie.age, chance.randrange(STAFF), action, "") for _ in range(tie.size)
        )


def _columns(events: list[_Written]) -> EventColumns:
    events.sort(key=lambda event: event[0])
    return EventColumns(
        seconds=array("q", (event[0] for event in events)),
        actors=array("i", (event[1] for event in events)),
        actions=array("i", (event[2] for event in events)),
        ids=array("q", range(1, len(events) + 1)),
    )


def _staff(case: Case) -> Iterator[Person]:
    for number in range(FIRST_ACTOR):
        administrates = number < 2
        yield Person(
            id_of_staff(number),
            Kind.STAFF,
            "Employee",
            f"{number}",
            f"employee.{number}@example.com",
            EmployeeType.DOCSPACE_ADMIN if administrates else EmployeeType.USER,
            case.start - 1000 * DAY,
            user_name=f"employee.{number}",
            is_owner=number == 0,
        )


def _person(case: Case, wanted: PersonCase) -> Person:
    status = _STATUSES[wanted.status]
    return Person(
        id_of(wanted.number),
        Kind.DAILY,  # the simulator's own kinds mean nothing here
        "Person",
        f"{wanted.number}",
        email_of(wanted.number),
        _TYPES[wanted.type],
        case.start - wanted.registered_age,
        user_name=f"person.{wanted.number}",
        status=status,
        activation=Activation.PENDING if status is Status.PENDING else Activation.ACTIVATED,
        created_by=id_of_staff(1),
        is_ldap=wanted.is_ldap,
    )
