"""The state of a running portal: its people now, and what has happened.

It changes by requests, by faults and by tests; what a request may change is decided elsewhere.
"""

import heapq
import random
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Literal

from lastseen.simulator.endpoints.event_wire import Actor, ActorParts, actor_of, stranger
from lastseen.simulator.world.actions import (
    COOKIE_SETTINGS_UPDATED,
    PASSWORD_UPDATED,
    ROOM_INVITATION_RESENT,
    ROOM_USER_ADDED,
    STATUSES_UPDATED,
    TRAIL,
    UNLISTED,
    is_presence,
)
from lastseen.simulator.world.event_log import EventColumns, EventLog
from lastseen.simulator.world.oracle import Truth, Unlogged, truths
from lastseen.simulator.world.people import Person, Status
from lastseen.simulator.world.release import Release
from lastseen.simulator.world.scenario import LateEvent, Scenario
from lastseen.simulator.world.sessions import Door, Reader, Sessions

DAY = 86_400
_CACHED_SECONDS = 20 * 60


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status that changed."""

    second: float
    """The portal's clock."""
    user_id: str
    before: str
    after: str
    by: str
    """The account that did it, or `hand`."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A time over which nothing is written into a log: sending to it fails, without an error."""

    log: Literal["login", "trail"]
    since: int
    """In seconds since 1970."""
    until: int | None = None
    """The first second that is written again; None: not yet."""

    def swallows(self, second: int) -> bool:
        """Return whether an event of that second is lost."""
        return self.since <= second and (self.until is None or second < self.until)


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """A status that the portal gave to its cached profile before the database refused it."""

    status: Status
    until: float
    """When the cache forgets it."""


@dataclass(slots=True)
class _Lost:
    """Events that happened and that no log shows; the truth knows them."""

    logins: EventColumns = field(default_factory=EventColumns)
    trail: EventColumns = field(default_factory=EventColumns)


class World:
    """People, events and settings of one portal."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        retention_days: int,
        chance: random.Random,
        release: Release = Release.V3_7,
        session_minutes: int | None = None,
        outages: Collection[Outage] = (),
    ) -> None:
        """Start where the scenario ends. Settings are days, 1 to 180."""
        self.release = release
        self.sessions = Sessions(session_minutes)
        self.outages = list(outages)
        self._lost = _Lost()
        self.people = {person.id: person for person in scenario.people}
        self.unsaved: dict[str, _Unsaved] = {}
        """What the cache of single profiles shows though the database refused it, by id."""
        self.lists: dict[tuple[object, ...], list[Person]] = {}
        """Lists of people whose order leaves nothing open, by what was asked, until they change."""
        self.login_days = retention_days
        """`loginHistoryLifeTime`; older login events are deleted."""
        self.language = "en"
        """The language of whoever owns the key (`CultureMiddleware.cs`)."""
        self.trail_days = retention_days
        """`auditTrailLifeTime`; nothing is deleted by it in 3.7.2."""
        self.logins = EventLog(self._written(scenario.logins, "login"), chance)
        self.trail = EventLog(self._written(scenario.trail, "trail"), chance)
        self.actors = [*map(actor_of, scenario.people), *scenario.strangers]
        self.actor_parts = ActorParts(self.actors)
        self.targets: dict[int, str] = dict(scenario.targets)
        self.room_guests: dict[int, str] = {}
        """Whom a trail event adds to a room or invites there again, by the event's id."""
        """What trail events were about, by event id, if it was given."""
        self.changes: list[StatusChange] = []
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
        self._late_targets: dict[LateEvent, list[str]] = {}
        """Several of one second by one person are equal as events."""
        self.readers = {reader.user_id: reader for reader in scenario.readers}
        self.last_read = {reader.user_id: reader.last_visit for reader in scenario.readers}
        """When somebody last read without a trace, by id."""
        self.key_uses: dict[str, int] = {
            key.account: key.last_used for key in scenario.keys if key.last_used is not None
        }
        """When a key of somebody was last used, by the id of its owner."""
        self._reading_settled = scenario.now
        self._administrator = next(
            (person.id for person in scenario.people if person.is_docspace_admin), ""
        )
        self.by_name = {person.user_name.lower(): person.id for person in scenario.people}
        self.by_email = {
            person.email.lower(): person.id for person in scenario.people if person.email
        }

    def numbers_of(self, user_id: str) -> Collection[int]:
        """Give the numbers by which the logs know somebody: one, but for the anonymous account."""
        return self._numbers.get(user_id, ())

    def settle(self, now: float) -> None:
        """Let happen what is due: write late trail events, let people read, delete old logins."""
        while self._late and self._late[0].visible_from <= now:
            event = heapq.heappop(self._late)
            targets = self._late_targets.get(event, [])
            target = targets.pop(0) if targets else ""
            if self._swallows("trail", event.second):
                _append(self._lost.trail, event.second, event.actor, event.action)
                continue
            number = self.trail.insert(event.second, event.actor, event.action)
            if target:
                self.targets[number] = target
        for reader in self.readers.values():
            self._read(reader, int(now))
        self._reading_settled = max(self._reading_settled, int(now))
        # `ClearEventsService` runs once a day; here what it would delete is gone at once.
        self.logins.forget_before(int(now) - self.login_days * DAY)

    def add_login(self, user_id: str, second: int, action: int, *, login: str = "") -> int:
        """Note a login event, by a person or by a stranger who gave `login` as their name.

        Answers the event's id.
        """
        number = self._actor(stranger(login, user_id))
        if self._swallows("login", second):
            _append(self._lost.logins, second, number, action)
            return 0
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

        Some actions never go through the queue and are always written at once.
        """
        if action in UNLISTED:
            self.unlisted.add(action)
            return
        if action not in TRAIL:
            raise ValueError(f"no trail event has the id {action}")
        number = self._actor(stranger("", user_id))
        if self._swallows("trail", second):
            _append(self._lost.trail, second, number, action)
            return
        if visible_from is None or self.release.writes_at_once(action):
            event_id = self.trail.insert(second, number, action)
            if target:
                self.targets[event_id] = target
            return
        event = LateEvent(visible_from, second, number, action)
        heapq.heappush(self._late, event)
        self._late_targets.setdefault(event, []).append(target)

    def set_status(self, user_id: str, status: Status, *, by: str, now: float) -> Person:
        """Change a status, remember who did it, and return the changed person."""
        person = self.people[user_id]
        if person.status is not status:
            change = StatusChange(now, user_id, person.status.name, status.name, by)
            self.changes.append(change)
        if status is Status.TERMINATED:
            self.sessions.end_all_of(user_id, now=int(now))
        back = person.status is Status.TERMINATED and status is not Status.TERMINATED
        person = replace(person, status=status, reinstated=int(now) if back else person.reinstated)
        self.people[user_id] = person
        self.unsaved.pop(user_id, None)
        self.lists.clear()
        return person

    def fail_to_save(self, user_id: str, status: Status, *, now: float) -> None:
        """Change a status in the cache only (`CachedUserService.cs` hands out what it keeps)."""
        self.unsaved[user_id] = _Unsaved(status, now + _CACHED_SECONDS)

    def cached(self, user_id: str, *, now: float) -> Person:
        """Return a person as the cache of single profiles has them; lists bypass it."""
        person = self.people[user_id]
        unsaved = self.unsaved.get(user_id)
        if unsaved is None or unsaved.until <= now:
            return person
        return replace(person, status=unsaved.status)

    def set_status_by_hand(self, user_id: str, status: Status, *, now: float) -> Person:
        """Have an administrator change a status in the portal itself, which the trail notes."""
        person = self.set_status(user_id, status, by="hand", now=now)
        second = int(now)
        if status is Status.TERMINATED:
            self.add_trail(self._administrator, second, COOKIE_SETTINGS_UPDATED)
        self.add_trail(self._administrator, second, STATUSES_UPDATED, target=user_id)
        return person

    def administer(self, second: int, action: int, target: str = "") -> None:
        """Have an administrator do something to a person, which the trail notes at once."""
        self.add_trail(self._administrator, second, action, target=target)

    def invite_to_room(self, user_id: str, second: int, *, again: bool = False) -> None:
        """Have an administrator add somebody to a room, or send that invitation again."""
        action = ROOM_INVITATION_RESENT if again else ROOM_USER_ADDED
        self.room_guests[self.trail.next_id] = user_id
        self.trail.insert(second, self._numbers[self._administrator][0], action)

    def change_password(self, user_id: str, second: int) -> None:
        """Have somebody change their password, which signs them out everywhere.

        The trail notes it as a change of cookie settings too (`UserController.cs`).
        """
        self.sessions.end_all_of(user_id, now=second)
        self.add_trail(user_id, second, PASSWORD_UPDATED, target=user_id)
        self.add_trail(user_id, second + 1, COOKIE_SETTINGS_UPDATED, visible_from=second + 4)

    def arrive(self, now: float, number: int) -> None:
        """Let some of those who come often sign in now.

        Nobody else arrives by chance, so that no decision hangs on which request came first.
        """
        able = [
            user_id for user_id in self._regulars if self.people[user_id].status is Status.ACTIVE
        ]
        for _ in range(number if able else 0):
            self.add_login(self._chance.choice(able), int(now), self.release.password_sign_in)

    def truths(self, key_account: str) -> list[Truth]:
        """Say what is really so, for everybody in the order of the scenario."""
        return truths(
            [self.people[user_id] for user_id in self._order],
            logins=self.logins.columns,
            trail=self.trail.columns,
            late=self._late,
            key_account=key_account,
            actors=self.actors,
            targets=self.targets | self.room_guests,
            unlogged=Unlogged(
                read=self.last_read,
                key_used=self.key_uses,
                logins=self._lost.logins,
                trail=self._lost.trail,
            ),
        )

    def _read(self, reader: Reader, now: int) -> None:
        """Let somebody come and read as often as they do."""
        for visit in reader.visits(self._reading_settled, now):
            if self.people[reader.user_id].status is not Status.ACTIVE:
                return
            if reader.door is Door.API_KEY:
                self.key_uses[reader.user_id] = visit
            elif reader.door is Door.SESSION and not self._has_session(reader, visit):
                self.add_login(reader.user_id, visit, self.release.password_sign_in)
                reader = self.readers[reader.user_id] = replace(reader, signed_in=visit)
            self.last_read[reader.user_id] = visit

    def _has_session(self, reader: Reader, at: int) -> bool:
        began = reader.signed_in
        return began is not None and self.sessions.is_alive(
            reader.user_id, began, at=at, kept_days=self.login_days
        )

    def _written(self, columns: EventColumns, log: Literal["login", "trail"]) -> EventColumns:
        """Return the events that a log kept; those of an outage are lost."""
        if not any(outage.log == log for outage in self.outages):
            return columns.copy()
        kept = EventColumns()
        lost = self._lost.logins if log == "login" else self._lost.trail
        for second, actor, action, number in zip(
            columns.seconds, columns.actors, columns.actions, columns.ids, strict=True
        ):
            into = lost if self._swallows(log, second) else kept
            _append(into, second, actor, action, number)
        return kept

    def _swallows(self, log: Literal["login", "trail"], second: int) -> bool:
        return any(outage.log == log and outage.swallows(second) for outage in self.outages)

    def _actor(self, actor: Actor) -> int:
        known = self._numbers.setdefault(actor.user_id, [])
        if known and actor.user_id in self.people:
            return known[0]
        if known and self.actors[known[-1]] == actor:
            return known[-1]
        self.actors.append(actor)
        known.append(len(self.actors) - 1)
        return known[-1]


def _append(columns: EventColumns, second: int, actor: int, action: int, number: int = 0) -> None:
    columns.seconds.append(second)
    columns.actors.append(actor)
    columns.actions.append(action)
    columns.ids.append(number)


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
