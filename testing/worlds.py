"""The portals that are measured on: how many people, how often they come, how much they do.

Plain and large, where the simulator's own population is small and full of special cases: what is
measured here is how requests, time and memory go with size. Nothing of the product is used.
"""

import random
import uuid
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from lastseen.simulator.endpoints.event_wire import stranger
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.event_log import EventColumns
from lastseen.simulator.world.people import EmployeeType, Kind, Person, Status
from lastseen.simulator.world.scenario import Scenario

DAY = 86_400
HOUR = 3_600

SIGNED_IN, SIGNED_OUT, REFUSED, WORKED = 1029, 1006, 1005, 5000
"""The portal's numbers of what happens here (MessageAction.cs)."""

_LOGIN_ACTIONS = (SIGNED_IN, SIGNED_OUT, REFUSED)
_LOGIN_SHARES = (88, 9, 3)
_GONE_EVENTS = 3
_ATTEMPTS = 60


class Habit(Enum):
    """What a contractor does."""

    DAILY = 1.0
    WEEKLY = 0.2
    RARELY = 0.05
    OPEN_SESSION = "open session"
    GONE = "gone"
    NEVER = "never"
    DISABLED = "disabled"
    ATTACKED = "attacked"

    @property
    def signs_in(self) -> float:
        """How often they sign in, against those who do so daily."""
        return self.value if isinstance(self.value, float) else 0.0

    @property
    def works(self) -> float:
        """How often the trail shows them, against those who come daily."""
        return 0.5 if self is Habit.OPEN_SESSION else self.signs_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large a portal is and what its contractors do. Shares are of the contractors."""

    contractors: int
    """Guests of the portal."""
    staff: int
    """Others, all of whom come daily."""
    sign_ins: int
    """Entries of the sign-in log in the window."""
    trail: int
    """Entries of the activity trail in the window."""
    window_days: int = 30
    days: int = 40
    """How far back the logs go."""
    weekly: float = 0.20
    """Come a fifth as often as those who come daily, who are all the others."""
    rarely: float = 0.05
    """Come a twentieth as often."""
    open_session: float = 0.05
    """Signed in before the window and work ever since: only the trail shows them."""
    gone: float = 0.08
    """Came, and do no longer."""
    never: float = 0.02
    """Have an account and nothing else."""
    disabled: float = 0.03
    """Are disabled already."""
    attacked: float = 0.01
    """Away for long, and somebody else tries their password again and again."""
    seed: int = 1


def company(contractors: int, **changes: float) -> Shape:
    """Return a portal as one thinks of it: for each 10,000 contractors 4,000 staff.

    They leave 300,000 entries of the sign-in log and 300,000 of the trail in the window.
    """
    plain = {
        "contractors": contractors,
        "staff": max(5, contractors * 2 // 5),
        "sign_ins": contractors * 30,
        "trail": contractors * 30,
    }
    return Shape(**{**plain, **changes})  # type: ignore[arg-type]


def scenario(shape: Shape, now: float) -> Scenario:
    """Make the world of `shape` as of `now`, in seconds since 1970."""
    return _Making(shape, int(now)).scenario()


def let_pass(portal: SimulatedPortal, shape: Shape, *, since: float, until: float) -> int:
    """Let on `portal` happen what happens between two instants; return how many entries came.

    Those come who came before; `until` is not after the portal's clock.
    """
    chance = random.Random(f"later {shape.seed} {since}")
    making = _Making(shape, int(since))
    days = (until - since) / DAY
    sign_ins = round(shape.sign_ins * days / shape.window_days)
    trail = round(shape.trail * days / shape.window_days)
    moments = sorted(int(since + chance.random() * (until - since)) for _ in range(sign_ins))
    ids = list(portal.world.people)
    for second, actor in zip(moments, _drawn(making.sign_ins(), sign_ins, chance), strict=True):
        action = chance.choices(_LOGIN_ACTIONS, _LOGIN_SHARES)[0]
        portal.world.add_login(ids[actor], second, action)
    moments = sorted(int(since + chance.random() * (until - since)) for _ in range(trail))
    for second, actor in zip(moments, _drawn(making.works(), trail, chance), strict=True):
        portal.world.add_trail(ids[actor], second, WORKED)
    return sign_ins


class _Making:
    """A world under way."""

    def __init__(self, shape: Shape, now: int) -> None:
        self._shape = shape
        self._now = now
        self._chance = random.Random(f"world {shape.seed}")
        self._habits = self._drawn_habits()

    def scenario(self) -> Scenario:
        """Make people, then what they did."""
        people = tuple(self._people())
        spans = self._shape.days / self._shape.window_days
        logins = [
            (second, actor, action)
            for (second, actor), action in zip(
                self._comings(self.sign_ins(), round(self._shape.sign_ins * spans)),
                self._actions(round(self._shape.sign_ins * spans)),
                strict=True,
            )
        ]
        trail = [
            (second, actor, WORKED)
            for second, actor in self._comings(self.works(), round(self._shape.trail * spans))
        ]
        for number, habit in enumerate(self._habits):
            self._own_ways(self._shape.staff + number, habit, logins, trail)
        # A refused attempt names no account, only the address that was typed.
        nobody = len(people)
        attacked = [
            people[self._shape.staff + number].email
            for number, habit in enumerate(self._habits)
            if habit is Habit.ATTACKED
        ]
        logins += [
            (self._moment(0, self._shape.window_days), nobody + 1 + number, REFUSED)
            for number in range(len(attacked))
            for _ in range(_ATTEMPTS)
        ]
        logins += [
            (self._moment(0, self._shape.days), nobody, REFUSED)
            for _ in range(self._shape.sign_ins // 500)
        ]
        return Scenario(
            now=self._now,
            people=people,
            strangers=(stranger("nobody@example.com"), *map(stranger, attacked)),
            logins=_columns(logins),
            trail=_columns(trail),
            key_account=people[1].id,
        )

    def sign_ins(self) -> list[float]:
        """Return how often each person signs in, by actor, against the others."""
        return [1.0] * self._shape.staff + [habit.signs_in for habit in self._habits]

    def works(self) -> list[float]:
        """Return how often the trail shows each person, by actor, against the others."""
        return [1.0] * self._shape.staff + [habit.works for habit in self._habits]

    def _drawn_habits(self) -> list[Habit]:
        shape = self._shape
        shares = {
            Habit.WEEKLY: shape.weekly,
            Habit.RARELY: shape.rarely,
            Habit.OPEN_SESSION: shape.open_session,
            Habit.GONE: shape.gone,
            Habit.NEVER: shape.never,
            Habit.DISABLED: shape.disabled,
            Habit.ATTACKED: shape.attacked,
        }
        habits = [h for h, share in shares.items() for _ in range(round(share * shape.contractors))]
        habits = habits[: shape.contractors]
        habits += [Habit.DAILY] * (shape.contractors - len(habits))
        self._chance.shuffle(habits)
        return habits

    def _people(self) -> Iterator[Person]:
        for number in range(self._shape.staff):
            rules = number < 2
            yield Person(
                self._id(),
                Kind.STAFF,
                "Employee",
                f"{number}",
                f"employee.{number}@example.com",
                EmployeeType.DOCSPACE_ADMIN if rules else EmployeeType.USER,
                self._now - 900 * DAY,
                user_name=f"employee.{number}",
                is_owner=number == 0,
            )
        for number, habit in enumerate(self._habits):
            yield Person(
                self._id(),
                Kind.DAILY,  # the simulator's own kinds mean nothing here
                "Contractor",
                f"{number}",
                f"contractor.{number}@example.net",
                EmployeeType.GUEST,
                self._now - 500 * DAY,
                user_name=f"contractor.{number}",
                status=Status.TERMINATED if habit is Habit.DISABLED else Status.ACTIVE,
            )

    def _comings(self, weights: list[float], number: int) -> Iterator[tuple[int, int]]:
        """Draw when who comes: by day more than by night, and on workdays."""
        if not any(weights):
            return iter(())
        days = list(range(self._shape.days))
        workdays = [0.1 if (self._now // DAY - day + 3) % 7 >= 5 else 1.0 for day in days]
        chance, midnight = self._chance, self._now - self._now % DAY
        chosen = chance.choices(days, workdays, k=number)
        # Of a day that is not over yet only the part that has passed.
        moments = (
            midnight - day * DAY + int(chance.triangular(6 * HOUR, 20 * HOUR, 10 * HOUR))
            for day in chosen
        )
        return (
            (second if second <= self._now else second - DAY, actor)
            for second, actor in zip(moments, _drawn(weights, number, chance), strict=True)
        )

    def _actions(self, number: int) -> Sequence[int]:
        return self._chance.choices(_LOGIN_ACTIONS, _LOGIN_SHARES, k=number)

    def _own_ways(
        self,
        actor: int,
        habit: Habit,
        logins: list[tuple[int, int, int]],
        trail: list[tuple[int, int, int]],
    ) -> None:
        """Add what those did who don't come as everybody does."""
        window, days = self._shape.window_days, self._shape.days
        if habit in (Habit.GONE, Habit.ATTACKED, Habit.DISABLED) and days > window + 1:
            for _ in range(_GONE_EVENTS):
                second = self._moment(window + 1, days)
                logins.append((second, actor, SIGNED_IN))
                trail.append((second, actor, WORKED))
        if habit is Habit.OPEN_SESSION and days > window + 1:
            logins.append((self._moment(window + 1, days), actor, SIGNED_IN))

    def _moment(self, least: float, most: float) -> int:
        """Draw an instant from so many days ago to so many."""
        return self._now - int(self._chance.uniform(least, most) * DAY) - 1

    def _id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


def _drawn(weights: list[float], number: int, chance: random.Random) -> list[int]:
    if not any(weights):
        return []
    return chance.choices(range(len(weights)), cum_weights=list(accumulate(weights)), k=number)


def _columns(events: list[tuple[int, int, int]]) -> EventColumns:
    events.sort(key=lambda event: event[0])
    return EventColumns(
        seconds=array("q", (event[0] for event in events)),
        actors=array("i", (event[1] for event in events)),
        actions=array("i", (event[2] for event in events)),
        ids=array("q", range(1, len(events) + 1)),
    )
