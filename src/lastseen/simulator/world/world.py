"""The state of a running portal: who is what by now, and what has happened.

It changes by requests, by faults and by tests; what a request may change is decided elsewhere.
"""

import heapq
import random
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, replace

from lastseen.simulator.endpoints.event_wire import Actor, ActorParts, actor_of, stranger
from lastseen.simulator.world.actions import (
    PASSWORD_SIGN_IN,
    TRAIL,
    UNLISTED,
    WRITTEN_AT_ONCE,
    is_presence,
)
from lastseen.simulator.world.event_log import EventLog
from lastseen.simulator.world.oracle import Truth, truths
from lastseen.simulator.world.people import Person, Status
from lastseen.simulator.world.scenario import LateEvent, Scenario

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Change:
    """A status that changed."""

    second: float
    """The portal's clock."""
    user_id: str
    before: str
    after: str
    by: str
    """The account that did it, or `hand`."""


class World:
    """People, events and settings of one portal."""

    def __init__(self, scenario: Scenario, *, retention_days: int, chance: random.Random) -> None:
        """Start where the scenario ends. Settings are days, 1 to 180."""
        self.people = {person.id: person for person in scenario.people}
        self.lists: dict[tuple[object, ...], list[Person]] = {}
        """Lists of people whose order leaves nothing open, by what was asked, until they change."""
        self.login_days = retention_days
        """`loginHistoryLifeTime`; older login events are deleted."""
        self.trail_days = retention_days
        """`auditTrailLifeTime`; nothing is deleted by it in 3.7.2."""
        self.logins = EventLog(scenario.logins.copy(), chance)
        self.trail = EventLog(scenario.trail.copy(), chance)
        self.actors = [*map(actor_of, scenario.people), *scenario.strangers]
        self.actor_parts = ActorParts(self.actors)
        self.targets: dict[int, str] = {}
        """What trail events were about, by event id, where it was said."""
        self.changes: list[Change] = []
        self.unlisted: set[int] = set()
        """Ids of trail events that are stored and never listed."""
        self._chance = chance
        self._numbers: dict[str, list[int]] = {}
        for number, actor in enumerate(self.actors):
            self._numbers.setdefault(actor.user_id, []).append(number)
        self._order = tuple(self.people)
        self._regulars = _seen_since(scenario, scenario.now - 7 * DAY)
        self._late = list(scenario.late)
        heapq.heapify(self._late)
        self._late_targets: dict[LateEvent, str] = {}
        self.by_name = {person.user_name.lower(): person.id for person in scenario.people}
        self.by_email = {
            person.email.lower(): person.id for person in scenario.people if person.email
        }

    def numbers_of(self, user_id: str) -> Collection[int]:
        """Give the numbers by which the logs know somebody: one, but for the anonymous account."""
        return self._numbers.get(user_id, ())

    def settle(self, now: float) -> None:
        """Let happen what is due: write late trail events, delete old login events."""
        while self._late and self._late[0].visible_from <= now:
            event = heapq.heappop(self._late)
            number = self.trail.insert(event.second, event.actor, event.action)
            if target := self._late_targets.pop(event, None):
                self.targets[number] = target
        # `ClearEventsService` runs once a day; here what it would delete is gone at once.
        self.logins.forget_before(int(now) - self.login_days * DAY)

    def add_login(self, user_id: str, second: int, action: int, *, login: str = "") -> int:
        """Note a login event, by a person or by a stranger who gave `login` as their name.

        Answers the event's id.
        """
        number = self._actor(stranger(login, user_id))
        return self.logins.insert(second, number, action)

    def add_trail(
        self,
        user_id: str,
        second: int,
        action: int,
        *,
        visible_from: int | None = None,
        target: str = "",
    ) -> None:
        """Note a trail event, which is written at `visible_from` or, without it, at once.

        Some actions never go through the queue and are written at once whatever is said.
        """
        if action in UNLISTED:
            self.unlisted.add(action)
            return
        if action not in TRAIL:
            raise ValueError(f"no trail event has the id {action}")
        number = self._actor(stranger("", user_id))
        if visible_from is None or action in WRITTEN_AT_ONCE:
            event_id = self.trail.insert(second, number, action)
            if target:
                self.targets[event_id] = target
            return
        event = LateEvent(visible_from, second, number, action)
        heapq.heappush(self._late, event)
        if target:
            self._late_targets[event] = target

    def set_status(self, user_id: str, status: Status, *, by: str, now: float) -> Person:
        """Change a status and remember who did it; answers the changed person."""
        person = self.people[user_id]
        if person.status is not status:
            change = Change(now, user_id, person.status.name, status.name, by)
            self.changes.append(change)
        back = person.status is Status.TERMINATED and status is not Status.TERMINATED
        person = replace(person, status=status, reinstated=int(now) if back else person.reinstated)
        self.people[user_id] = person
        self.lists.clear()
        return person

    def arrive(self, now: float, number: int) -> None:
        """Let some of those who come often sign in now.

        Nobody else arrives by chance, so that no decision hangs on which request came first.
        """
        able = [
            user_id for user_id in self._regulars if self.people[user_id].status is Status.ACTIVE
        ]
        for _ in range(number if able else 0):
            self.add_login(self._chance.choice(able), int(now), PASSWORD_SIGN_IN)

    def truths(self, key_account: str) -> list[Truth]:
        """Say what is really so, for everybody in the order of the scenario."""
        return truths(
            [self.people[user_id] for user_id in self._order],
            logins=self.logins.columns,
            trail=self.trail.columns,
            late=self._late,
            key_account=key_account,
        )

    def _actor(self, actor: Actor) -> int:
        known = self._numbers.setdefault(actor.user_id, [])
        if known and (actor.user_id in self.people or self.actors[known[-1]] == actor):
            return known[-1]
        self.actors.append(actor)
        known.append(len(self.actors) - 1)
        return known[-1]


def _seen_since(scenario: Scenario, second: int) -> list[str]:
    """List who signed in since then, or worked."""
    seen: set[int] = set()
    logins = scenario.logins
    for position in range(bisect_left(logins.seconds, second), len(logins.seconds)):
        if is_presence(logins.actions[position]):
            seen.add(logins.actors[position])
    seen.update(scenario.trail.actors[bisect_left(scenario.trail.seconds, second) :])
    people = scenario.people
    return [people[actor].id for actor in sorted(seen) if actor < len(people)]
