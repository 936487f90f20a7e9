"""Mutated answers of a portal, through the wire layer.

Only a value or `MalformedResponse` may come out, and a value must keep what the rest of Lastseen
relies on.
"""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from campaigns.fuzz.finding import Finding, last_words
from campaigns.mutations import mutated
from lastseen.docspace.audit import read_events
from lastseen.docspace.wire import (
    MalformedResponse,
    failure,
    read_changed_people,
    read_people,
    read_person,
    read_retention,
)
from lastseen.model.sighting import Event
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from testing.in_process import VirtualTime

Read = Callable[[bytes], Any]


def real_bodies(seed: int) -> list[tuple[str, Read, bytes]]:
    """Return answers of a simulated portal, each with its name and what reads it."""
    time_ = VirtualTime(1_780_000_000)
    scenario = populate(
        time_.portal_clock(), Population(contractors=30, staff=5, days=40, seed=seed)
    )
    portal = SimulatedPortal(scenario, clock=time_.portal_clock)
    logins, trail = "security/audit/login/filter", "security/audit/events/filter"
    wanted: list[tuple[str, str, dict[str, str], Read]] = [
        ("sign-ins", logins, {"count": "3"}, read_events),
        ("more sign-ins", logins, {"count": "12", "startIndex": "40"}, read_events),
        ("no sign-ins", logins, {"startIndex": "1000000"}, read_events),
        ("trail", trail, {"count": "3"}, read_events),
        ("people", "people/filter", {"count": "3", "sortBy": "email"}, read_people),
        ("guests", "people/filter", {"count": "5", "area": "guests"}, read_people),
        ("self", "people/@self", {}, read_person),
        ("lifetimes", "security/audit/settings/lifetime", {}, read_retention),
        ("changed people", "people/filter", {"count": "2"}, read_changed_people),
        ("an error", "people/00000000-0000-4000-8000-000000000000", {}, failure),
    ]
    headers = {"Authorization": f"Bearer {portal.api_key}"}
    return [
        (
            name,
            read,
            portal.respond("GET", f"/api/2.0/{path}", query=query, headers=headers).body,
        )
        for name, path, query, read in wanted
    ]


def wire_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated bodies; yield what must not happen."""
    chance = random.Random(f"wire {seed}")
    for round_ in itertools.count():
        bodies = real_bodies(seed + round_)
        for _ in range(min(number - round_ * 20_000, 20_000)):
            name, read, body = chance.choice(bodies)
            mutation, changed = mutated(body, chance)
            if chance.random() < 0.2:
                again, changed = mutated(changed, chance)
                mutation = f"{mutation}, {again}"
            trouble = _trouble(read, changed)
            if trouble is not None:
                yield Finding(where=name, mutation=mutation, text=trouble, body=changed)
        if (round_ + 1) * 20_000 >= number:
            return


def _trouble(read: Read, body: bytes) -> str | None:
    try:
        value = read(body)
    except MalformedResponse:
        return None
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        return last_words()
    if isinstance(value, list):
        return _broken_promise(value)
    return None


def _broken_promise(events: Sequence[Event]) -> str | None:
    """Say what is wrong with events that were let pass."""
    for before, event in itertools.pairwise(events):
        if event.at > before.at:
            return "events that are not sorted were let pass"
    if len({event.id for event in events}) != len(events):
        return "an event was let pass twice"
    for event in events:
        if event.at.tzinfo is None or event.at.microsecond:
            return "a date without a zone, or with a fraction, was let pass"
        if event.user_id != event.user_id.strip().lower():
            return "an id in another form was let pass"
    return None
