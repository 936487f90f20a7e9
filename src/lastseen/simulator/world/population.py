"""Makes people with histories that make sense, from a seed.

Who there is and in which share. What each kind of person does day by day is in `histories`. No
real person, company or address: names are numbered, domains are those of RFC 2606.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime

from lastseen.simulator.world.histories import Diary, write_history
from lastseen.simulator.world.people import (
    SYSTEM,
    Activation,
    EmployeeType,
    Group,
    Kind,
    Person,
    Status,
)
from lastseen.simulator.world.release import Release
from lastseen.simulator.world.scenario import Scenario

DAY = 86_400

_NAMED = (
    Kind.OPEN_SESSION,
    Kind.ATTACKED,
    Kind.NEVER_CAME,
    Kind.PENDING,
    Kind.NEW,
    Kind.EDGE_INSIDE,
    Kind.EDGE_EXACT,
    Kind.EDGE_OUTSIDE,
    Kind.SESSION_ONLY,
    Kind.UNRECOGNISED,
    Kind.LATE_ACTIVITY,
    Kind.TERMINATED,
    Kind.LDAP,
    Kind.SSO,
    Kind.NAMELESS,
    Kind.UPPER_CASE,
    Kind.LONG_AGO,
    Kind.REINSTATED,
    Kind.SILENT_READER,
    Kind.STRANGE_NAME,
    Kind.WEEKLY,
    Kind.DAILY,
)
"""Every kind of contractor, each of which there is at least one of where there is room."""

_SHARES = (
    (Kind.DAILY, 52),
    (Kind.WEEKLY, 20),
    (Kind.OPEN_SESSION, 8),
    (Kind.LONG_AGO, 4),
    (Kind.SILENT_READER, 1),
    (Kind.NEVER_CAME, 3),
    (Kind.NEW, 3),
    (Kind.PENDING, 2),
    (Kind.SSO, 3),
    (Kind.TERMINATED, 2),
    (Kind.ATTACKED, 2),
)
"""Of the contractors beyond that, in parts of a hundred."""


@dataclass(frozen=True, slots=True)
class Population:
    """How many there are and how long their past is."""

    contractors: int = 150
    staff: int = 20
    """Employees: one owner, one or more administrators, room administrators, users."""
    days: int = 180
    """How far back events go."""
    seed: int = 1
    inactive_days: int = 30
    """The window at whose edge the three edge kinds are."""
    release: Release = Release.V3_7
    session_minutes: int | None = None
    """How long sessions live; None: until their sign-in event is deleted."""


def populate(now: datetime, population: Population | None = None) -> Scenario:
    """Make people and their past as of `now` (any zone); the same arguments give the same world."""
    wanted = population or Population()
    instant = int(now.timestamp())
    chance = random.Random(f"population {wanted.seed}")
    people = _staff(wanted, instant, chance)
    hosts = [person for person in people if not person.is_system]
    kinds = _kinds(wanted.contractors, chance)
    people += [
        _contractor(number, kind, instant, hosts, wanted, chance)
        for number, kind in enumerate(kinds, start=1)
    ]
    diary = Diary(
        now=instant,
        days=wanted.days,
        inactive_days=wanted.inactive_days,
        chance=chance,
        release=wanted.release,
        session_minutes=wanted.session_minutes,
    )
    administrator = next(
        (actor for actor, person in enumerate(people) if person.kind is Kind.DOCSPACE_ADMIN), 1
    )
    for actor, person in enumerate(people):
        write_history(diary, actor, person, administrator=administrator)
    return diary.close(tuple(people), key_account=people[administrator].id)


def _kinds(contractors: int, chance: random.Random) -> list[Kind]:
    if contractors < len(_NAMED):
        return chance.sample(_NAMED, contractors)
    names, weights = zip(*_SHARES, strict=True)
    rest = chance.choices(names, weights, k=contractors - len(_NAMED))
    kinds = [*_NAMED, *rest]
    chance.shuffle(kinds)
    return kinds


def _staff(wanted: Population, now: int, chance: random.Random) -> list[Person]:
    office = Group(_id(chance), "Office")
    people = [
        Person(
            SYSTEM,
            Kind.SYSTEM,
            "",
            "asc system",
            "",
            EmployeeType.DOCSPACE_ADMIN,
            now - 1500 * DAY,
            is_system=True,
        )
    ]
    for number in range(1, max(wanted.staff, 1) + 1):
        if number == 1:
            kind, employee_type = Kind.OWNER, EmployeeType.DOCSPACE_ADMIN
        elif number == 2 or number % 20 == 0:
            kind, employee_type = Kind.DOCSPACE_ADMIN, EmployeeType.DOCSPACE_ADMIN
        elif number % 5 == 3:
            kind, employee_type = Kind.ROOM_ADMIN, EmployeeType.ROOM_ADMIN
        else:
            kind, employee_type = Kind.STAFF, EmployeeType.USER
        people.append(
            Person(
                _id(chance),
                kind,
                "Employee",
                f"{number:03}",
                f"employee.{number:03}@example.com",
                employee_type,
                now - chance.randint(400, 1200) * DAY,
                user_name=f"employee.{number:03}",
                created_by=None if number == 1 else people[1].id,
                groups=(office,) if number % 2 else (),
                is_owner=number == 1,
            )
        )
    return people


def _contractor(
    number: int,
    kind: Kind,
    now: int,
    hosts: list[Person],
    wanted: Population,
    chance: random.Random,
) -> Person:
    host = chance.choice(hosts)
    others = chance.sample(hosts, min(len(hosts), chance.randint(0, 2)))
    email = f"contractor.{number:03}@{chance.choice(('example.net', 'example.org'))}"
    first, last = "Contractor", f"{number:03}"
    status, activation = Status.ACTIVE, Activation.ACTIVATED
    # Well before any event, so that nobody does anything before there is an account.
    registered = now - (wanted.days + chance.randint(1, 300)) * DAY - chance.randrange(DAY)
    if kind is Kind.NEW:
        registered = now - chance.randrange(3600, max(2, wanted.inactive_days - 2) * DAY)
    elif kind is Kind.PENDING:
        status, activation = Status.PENDING, Activation.PENDING
        first = last = ""
        registered = now - chance.randrange(wanted.inactive_days + 1, 200) * DAY
    elif kind is Kind.NAMELESS:
        first = last = ""
    elif kind is Kind.TERMINATED:
        status = Status.TERMINATED
    elif kind is Kind.UPPER_CASE:
        email = email.upper()
    elif kind is Kind.STRANGE_NAME:
        first, last = "Zoë & Noël", f"O'{number:03} <Contractor>"
    reinstated = now - 3 * DAY if kind is Kind.REINSTATED else None
    return Person(
        _id(chance),
        kind,
        first,
        last,
        email,
        EmployeeType.GUEST,
        registered,
        user_name=f"contractor.{number:03}",
        status=status,
        activation=activation,
        terminated=now - 50 * DAY if kind is Kind.TERMINATED and number % 2 else None,
        created_by=host.id,
        related_to=frozenset({host.id, *(other.id for other in others)}),
        is_ldap=kind is Kind.LDAP,
        is_sso=kind is Kind.SSO,
        has_invitation=kind in {Kind.PENDING, Kind.NAMELESS},
        reinstated=reinstated,
    )


def _id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
