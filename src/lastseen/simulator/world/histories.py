"""What each kind of person did, day by day, written into a diary that becomes a scenario.

Only past events: what happens while a portal runs is the faults' and the tests' business.
"""

# `array` takes no type parameter at run time before Python 3.12.
from __future__ import annotations

import random
from array import array
from bisect import bisect_left
from collections.abc import Mapping

from lastseen.simulator.endpoints.event_wire import Actor, stranger
from lastseen.simulator.world import actions
from lastseen.simulator.world.event_log import EventColumns
from lastseen.simulator.world.people import NOBODY, Kind, Person
from lastseen.simulator.world.release import Release
from lastseen.simulator.world.scenario import LateEvent, Scenario
from lastseen.simulator.world.sessions import Reader

DAY = 86_400
# Nothing for a document that is only read: that leaves no event.
_WORK = (5002, 5009, 5011, 5034, 5054, 5063, 6046)
_SIGN_INS = (1029, 1029, 1029, 1029, 1001, 1021, 1007, 1028)
# One number holds an event while it waits to be sorted: second, actor, action.
_ACTOR_BITS, _ACTION_BITS = 18, 14


class Diary:
    """Collects events in any order; `close` sorts them once."""

    def __init__(
        self,
        *,
        now: int,
        days: int,
        inactive_days: int,
        chance: random.Random,
        release: Release = Release.V3_7,
        session_minutes: int | None = None,
    ) -> None:
        """Write for a world of `now` whose past is `days` long; the window is `inactive_days`."""
        self.now = now
        self.release = release
        self.session_minutes = session_minutes
        self.days = days
        self.window = inactive_days * DAY
        self.chance = chance
        self.regulars: list[int] = []
        """The actors who come often enough to be there when a whole company signs in at once."""
        self._logins: array[int] = array("q")
        self._trail: array[int] = array("q")
        self._late: list[LateEvent] = []
        self._failures: list[tuple[int, Person]] = []
        self._targets: dict[int, list[str]] = {}
        self._readers: list[Reader] = []

    def sign_in(self, second: int, actor: int, action: int | None = None) -> None:
        """Note a login event; without `action`, a successful sign-in. Nothing after now."""
        chosen = self.chance.choice(_SIGN_INS) if action is None else action
        if chosen in _SIGN_INS and not self.release.knows(chosen):
            chosen = self.release.password_sign_in
        if second <= self.now:
            self._logins.append(_packed(second, actor, chosen))

    def work(self, second: int, actor: int, action: int | None = None) -> None:
        """Note a trail event, which has been written already. Nothing after now."""
        chosen = self.chance.choice(_WORK) if action is None else action
        if second <= self.now:
            self._trail.append(_packed(second, actor, chosen))

    def work_written_late(self, second: int, actor: int, *, visible_from: int) -> None:
        """Note a trail event that the portal will write only later."""
        self._late.append(LateEvent(visible_from, second, actor, actions.FILE_READ))

    def administer(self, second: int, administrator: int, action: int, target: str) -> None:
        """Note what an administrator did to a person, whose id is `target`."""
        if second <= self.now:
            event = _packed(second, administrator, action)
            self._targets.setdefault(event, []).append(target)
            self._trail.append(event)

    def read(self, reader: Reader) -> None:
        """Note somebody who comes and reads, which no log shows."""
        self._readers.append(reader)

    def attack(self, second: int, person: Person) -> None:
        """Note a failed sign-in under a person's address that the portal could not match."""
        self._failures.append((second, person))

    def close(self, people: tuple[Person, ...], *, key_account: str) -> Scenario:
        """Add what befalls a portal as a whole, sort everything, and give the scenario."""
        self._bursts()
        strangers = self._strangers(len(people))
        trail = array("q", sorted(self._trail))
        return Scenario(
            now=self.now,
            people=people,
            strangers=strangers,
            logins=_columns(array("q", sorted(self._logins))),
            trail=_columns(trail),
            late=tuple(sorted(self._late)),
            key_account=key_account,
            targets=self._ids_of_targets(trail),
            readers=tuple(self._readers),
        )

    def _ids_of_targets(self, trail: array[int]) -> Mapping[int, str]:
        """Say by the ids of events what they were about; ids count from 1."""
        return {
            bisect_left(trail, event) + 1 + number: target
            for event, targets in self._targets.items()
            for number, target in enumerate(targets)
        }

    def _bursts(self) -> None:
        """Let ten people, and then everybody, sign in within one second."""
        if len(self.regulars) < 2:
            return
        for share in (10, 10, len(self.regulars)):
            second = self.now - self.chance.randrange(3600, max(self.days, 1) * DAY)
            for actor in self.chance.sample(self.regulars, min(share, len(self.regulars))):
                self.sign_in(second, actor)
                self.work(second, actor)

    def _strangers(self, first: int) -> tuple[Actor, ...]:
        found: list[Actor] = []
        for second, person in self._failures:
            self._logins.append(_packed(second, first + len(found), actions.WRONG_PASSWORD))
            # As somebody typed it: in any case.
            typed = self.chance.choice((person.email, person.email.upper(), person.email.lower()))
            found.append(stranger(typed))
        for number in range(min(self.days, 60)):
            second = self.now - self.chance.randrange(self.days * DAY)
            failure = self.chance.choice((1005, 1026))
            self._logins.append(_packed(second, first + len(found), failure))
            # Some come under the empty id, most under that of the anonymous account.
            login = f"nobody.{number:02}@example.com"
            found.append(stranger(login, NOBODY) if number % 4 == 0 else stranger(login))
        return tuple(found)


def write_history(diary: Diary, actor: int, person: Person, *, administrator: int = 1) -> None:
    """Write down what this person did, and what the administrator (an actor) did to them."""
    match person.kind:
        case Kind.DAILY | Kind.LDAP | Kind.SSO | Kind.STRANGE_NAME:
            _come_daily(diary, actor, person)
        case Kind.STAFF | Kind.ROOM_ADMIN | Kind.DOCSPACE_ADMIN | Kind.OWNER:
            _come_daily(diary, actor, person)
        case Kind.WEEKLY:
            _come_weekly(diary, actor)
        case Kind.OPEN_SESSION:
            _work_in_an_open_session(diary, actor)
        case Kind.ATTACKED:
            _suffer_attacks(diary, actor, person)
        case Kind.NEW:
            # Half of them came; the others have an account and nothing else.
            if diary.chance.random() < 0.5:
                diary.work(person.registered, actor, actions.GUEST_ACTIVATED)
                diary.sign_in(diary.chance.randint(person.registered, diary.now), actor)
        case Kind.EDGE_INSIDE | Kind.EDGE_EXACT | Kind.EDGE_OUTSIDE:
            _stand_at_the_edge(diary, actor, person.kind)
        case Kind.SESSION_ONLY:
            _leave_sessions_only(diary, actor)
        case Kind.UNRECOGNISED:
            _stay_away(diary, actor)
            recent = diary.now - diary.chance.randrange(3600, diary.window - 3600)
            diary.sign_in(recent, actor, actions.NEWER_RELEASE)
        case Kind.LATE_ACTIVITY:
            _stay_away(diary, actor)
            happened = diary.now - diary.chance.randrange(5, 180)
            visible_from = diary.now + diary.chance.randrange(30, 600)
            diary.work_written_late(happened, actor, visible_from=visible_from)
        case Kind.TERMINATED | Kind.UPPER_CASE | Kind.LONG_AGO | Kind.NAMELESS:
            _stay_away(diary, actor)
        case Kind.REINSTATED:
            _stay_away(diary, actor)
            back = person.reinstated or diary.now
            diary.administer(back, administrator, actions.STATUSES_UPDATED, person.id)
        case Kind.SILENT_READER:
            _read_in_an_open_session(diary, actor, person)
        case Kind.PENDING:
            diary.administer(person.registered, administrator, actions.INVITATION_SENT, person.id)
        case Kind.NEVER_CAME | Kind.SYSTEM:
            pass


def _come_daily(diary: Diary, actor: int, person: Person) -> None:
    chance, now = diary.chance, diary.now
    diary.regulars.append(actor)
    hour = chance.randrange(6, 17) * 3600
    midnight = now - now % DAY
    sign_in = actions.SSO_SIGN_IN if person.is_sso else None
    # Whoever comes daily came today or yesterday, whatever day of the week it is.
    diary.sign_in(now - chance.randrange(60, 20 * 3600), actor, sign_in)
    for day in range(1, diary.days):
        start = midnight - day * DAY
        weekend = (start // DAY + 3) % 7 >= 5
        if chance.random() < (0.9 if weekend else 0.1):
            continue
        second = start + hour + chance.randrange(5400)
        diary.sign_in(second, actor, sign_in)
        if chance.random() < 0.05:
            diary.attack(second - chance.randrange(5, 60), person)
        for _ in range(chance.randrange(4)):
            diary.work(second + chance.randrange(60, 6 * 3600), actor)
        if chance.random() < 0.3:
            diary.sign_in(second + chance.randrange(6 * 3600, 9 * 3600), actor, actions.SIGN_OUT)


def _come_weekly(diary: Diary, actor: int) -> None:
    chance = diary.chance
    diary.regulars.append(actor)
    second = diary.now - chance.randrange(3600, 6 * DAY)
    while second > diary.now - diary.days * DAY:
        diary.sign_in(second, actor)
        for _ in range(chance.randrange(3)):
            diary.work(second + chance.randrange(60, 3600), actor)
        second -= 7 * DAY + chance.randrange(-DAY, DAY)


def _work_in_an_open_session(diary: Diary, actor: int) -> None:
    chance = diary.chance
    if diary.session_minutes is None and diary.days * DAY > diary.window + 20 * DAY:
        # A cookie is good for a year: the sign-in is before the window, the work continues.
        diary.sign_in(diary.now - chance.randrange(diary.window + DAY, diary.days * DAY), actor)
    second = diary.now - chance.randrange(3600, 4 * DAY)
    while second > diary.now - diary.days * DAY:
        diary.work(second, actor)
        if diary.session_minutes is not None:
            diary.sign_in(second - 60, actor)
        second -= chance.randrange(3600, 3 * DAY)


def _read_in_an_open_session(diary: Diary, actor: int, person: Person) -> None:
    """Sign in once and then only read, or sign in again whenever the session has ended."""
    chance = diary.chance
    last = diary.now - chance.randrange(3600, 4 * DAY)
    every = chance.randrange(DAY, 6 * DAY)
    if diary.session_minutes is not None:
        second = signed_in = last
        while second > diary.now - diary.days * DAY:
            diary.sign_in(second, actor, actions.PASSWORD_SIGN_IN)
            second -= every
    else:
        nearest = min(diary.window + DAY, diary.days * DAY - 1)
        farthest = max(nearest + 1, min(diary.days - 1, 120) * DAY)
        signed_in = diary.now - chance.randrange(nearest, farthest)
        diary.sign_in(signed_in, actor, actions.PASSWORD_SIGN_IN)
    diary.read(Reader(person.id, last, every, signed_in))


def _suffer_attacks(diary: Diary, actor: int, person: Person) -> None:
    chance = diary.chance
    _stay_away(diary, actor)
    for _ in range(chance.randrange(200, 400)):
        diary.attack(diary.now - chance.randrange(60, diary.days * DAY), person)
    # Whoever asks for a new password does so as nobody: it is not the contractor who acts.
    diary.attack(diary.now - chance.randrange(60, DAY), person)


def _stand_at_the_edge(diary: Diary, actor: int, kind: Kind) -> None:
    shift = {Kind.EDGE_INSIDE: -1, Kind.EDGE_EXACT: 0, Kind.EDGE_OUTSIDE: 1}[kind]
    last = diary.now - diary.window - shift
    diary.sign_in(last, actor)
    for _ in range(diary.chance.randrange(4)):
        earlier = last - diary.chance.randrange(3600, 20 * DAY)
        if earlier > diary.now - diary.days * DAY:
            diary.sign_in(earlier, actor)


def _leave_sessions_only(diary: Diary, actor: int) -> None:
    chance = diary.chance
    second = diary.now - chance.randrange(3600, max(7200, diary.window // 2))
    while second > diary.now - diary.days * DAY:
        diary.sign_in(second, actor, chance.choice((1006, 1016, 1017)))
        second -= chance.randrange(DAY, 12 * DAY)


def _stay_away(diary: Diary, actor: int) -> None:
    """Come for some weeks, 60 to 170 days ago where the past is that long, and never since."""
    chance = diary.chance
    oldest = diary.days * DAY
    nearest = max(diary.window + 2, min(60 * DAY, oldest - 3600))
    if nearest >= oldest:
        return
    last = diary.now - chance.randrange(nearest, max(nearest + 1, min(170 * DAY, oldest)))
    second = last
    while second > diary.now - oldest:
        diary.sign_in(second, actor)
        if chance.random() < 0.5:
            # Never after the last sign-in, so that the last of all is where it should be.
            diary.work(second - chance.randrange(1, 3600), actor)
        second -= chance.randrange(3600, 6 * DAY)


def _packed(second: int, actor: int, action: int) -> int:
    return (second << _ACTOR_BITS | actor) << _ACTION_BITS | action


def _columns(ordered: array[int]) -> EventColumns:
    actor_mask, action_mask = (1 << _ACTOR_BITS) - 1, (1 << _ACTION_BITS) - 1
    return EventColumns(
        seconds=array("q", (event >> _ACTOR_BITS + _ACTION_BITS for event in ordered)),
        actors=array("i", (event >> _ACTION_BITS & actor_mask for event in ordered)),
        actions=array("i", (event & action_mask for event in ordered)),
        ids=array("q", range(1, len(ordered) + 1)),
    )
