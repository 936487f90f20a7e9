"""The world that a simulated portal starts with: people, and everything that happened to them.

A value: `population` makes one, several portals may start from the same one, none changes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lastseen.simulator.endpoints.event_wire import Actor
from lastseen.simulator.world.event_log import EventColumns
from lastseen.simulator.world.keys import ApiKey
from lastseen.simulator.world.people import Person
from lastseen.simulator.world.sessions import Reader

Happening = tuple[str, datetime, int]
"""The id of a person, when, and which action."""


@dataclass(frozen=True, slots=True, order=True)
class LateEvent:
    """A trail event that has happened and that the portal has not written yet."""

    visible_from: int
    """When it will be written, in seconds since 1970."""
    second: int
    """When it happened."""
    actor: int
    action: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """People and events at one instant."""

    now: int
    """The instant at which it was made, in seconds since 1970."""
    people: tuple[Person, ...]
    """Whose index is the actor of their events."""
    strangers: tuple[Actor, ...] = ()
    """Actors beyond the people: refused attempts, and background work in a person's name."""
    logins: EventColumns = field(default_factory=EventColumns)
    trail: EventColumns = field(default_factory=EventColumns)
    late: tuple[LateEvent, ...] = ()
    key_account: str = ""
    """The id of the account that the API key acts as."""
    targets: Mapping[int, str] = field(default_factory=dict)
    """What trail events were about, by event id, where it matters: ids of people, by commas."""
    readers: tuple[Reader, ...] = ()
    """Those who come and read, which no log shows."""
    keys: tuple[ApiKey, ...] = ()
    """The API keys of people other than the product's own."""


def scenario_of(
    now: datetime,
    people: Sequence[Person],
    *,
    key_account: str,
    logins: Iterable[Happening] = (),
    trail: Iterable[Happening] = (),
) -> Scenario:
    """Make a scenario by hand; events come in any order and lose their fractions of a second."""
    numbers = {person.id: number for number, person in enumerate(people)}
    return Scenario(
        now=int(now.timestamp()),
        people=tuple(people),
        logins=_columns(logins, numbers),
        trail=_columns(trail, numbers),
        key_account=key_account,
    )


def _columns(happenings: Iterable[Happening], numbers: dict[str, int]) -> EventColumns:
    columns = EventColumns()
    ordered = sorted(happenings, key=lambda happening: happening[1])
    for event_id, (user_id, instant, action) in enumerate(ordered, start=1):
        columns.seconds.append(int(instant.timestamp()))
        columns.actors.append(numbers[user_id])
        columns.actions.append(action)
        columns.ids.append(event_id)
    return columns
