"""How one event looks on the wire: the actors, and the bytes of a login and of a trail event.

Events are put together from prepared parts, since a page holds a hundred of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import msgspec

from lastseen.simulator.endpoints.dates import DateWriter
from lastseen.simulator.world.actions import LOGIN, TRAIL
from lastseen.simulator.world.event_log import EventColumns
from lastseen.simulator.world.people import ANONYMOUS, NOBODY, Person

_encode = msgspec.json.Encoder().encode

_CITIES = (("Germany", "Berlin"), ("Spain", "Madrid"), ("Poland", "Warsaw"), None)
_BROWSERS = ("Chrome 148", "Firefox 151", "Edge 148", "Safari 26")
_PLATFORMS = ("Windows 11", "Linux", "macOS 26", "Android 16")
_FILES = 5_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever an event names: a person, or somebody whom the portal doesn't know."""

    user_id: str
    name: str
    login: str
    came_in: bool = True
    """Whether events have an address, a browser and a page; background work has none."""
    in_ipv6: bool = False
    """Whether they come by `::ffff:198.51.100.7`, as a server on both protocols sees it. What
    follows the first colon is cut off (`EventTypeConverter.cs`): the address is empty."""


def actor_of(person: Person) -> Actor:
    """Make the actor that a person is in events, which name the address where there is no name."""
    in_ipv6 = sum(person.id.encode()) % 5 == 0
    return Actor(person.id, person.full_name or person.email, person.email, in_ipv6=in_ipv6)


def stranger(login: str, user_id: str = ANONYMOUS) -> Actor:
    """Somebody who tried to sign in as `login`: a refused attempt names no account."""
    return Actor(user_id, login or "Anonymous", login)


def background_work(person: Person) -> Actor:
    """Make the actor of what the portal does in a person's name without them."""
    return Actor(person.id, person.full_name or person.email, person.email, came_in=False)


class ActorParts:
    """Each actor's part of their events, encoded when first needed."""

    def __init__(self, actors: Sequence[Actor]) -> None:
        """Take the actors by whose numbers the logs know them; more may be added to them."""
        self._actors = actors
        self._known: dict[int, tuple[bytes, bytes, bytes]] = {}
        self._logins: dict[tuple[int, int, bool], bytes] = {}

    def of(self, number: int) -> tuple[bytes, bytes, bytes]:
        """Give an actor's names, their login and where they sit."""
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = _parts(self._actors[number])
        return known

    def of_login(self, number: int, action: int, nameless: bool) -> bytes:
        """Give what all login events have in which an actor does the same.

        `nameless`: with the anonymous account in the actor's place.
        """
        key = number, action, nameless
        known = self._logins.get(key)
        if known is None:
            actor = _parts(stranger(self._actors[number].login)) if nameless else self.of(number)
            known = self._logins[key] = login_parts(actor, action)
        return known


def login_events(
    columns: EventColumns,
    positions: Iterable[int],
    parts: ActorParts,
    dates: DateWriter,
    *,
    is_nameless: Callable[[int], bool] | None = None,
) -> list[bytes]:
    """Encode events of the login history (`LoginEventDto.cs`).

    `is_nameless`: whether the event at a position names the anonymous account; None: no one does.
    """
    ids, seconds, actors, actions = columns.ids, columns.seconds, columns.actors, columns.actions
    written: list[bytes] = []
    for position in positions:
        second = seconds[position]
        minute, offset = dates.minute_of_event(second)
        nameless = is_nameless is not None and is_nameless(position)
        behind = parts.of_login(actors[position], actions[position], nameless)
        written.append(
            b'{"id":%d,"date":"%b%02d.0000000%b",%b'
            % (ids[position], minute, second % 60, offset, behind)
        )
    return written


def login_parts(actor: tuple[bytes, bytes, bytes], action: int) -> bytes:
    """Encode what all events have in which `actor`, of `ActorParts`, does the same."""
    names, login, place = actor
    return b"%b,%b,%b%b}" % (names, login, _login_action(action), place)


def file_of(second: int, actor: int) -> str:
    """Choose the file (or room) that an event of that actor at that second was about."""
    return str((second * 31 + actor * 17) % _FILES + 1)


def trail_event(
    number: int,
    second: int,
    actor: tuple[bytes, bytes, bytes],
    action: int,
    *,
    target: str,
    dates: DateWriter,
    about: str = "",
) -> bytes:
    """Encode an event of the activity trail (`AuditEventDto.cs`); `actor` is of `ActorParts`.

    `about`: whom its text names, as the portal writes them.
    """
    names, _, place = actor
    minute, offset = dates.minute_of_event(second)
    said, before_target, behind_target = _trail_action(action)
    if about:
        said = b'"action":%b,"actionId":%d' % (_encode(TRAIL[action].text.format(about)), action)
    return b'{"id":%d,"date":"%b%02d.0000000%b",%b,%b%b,%b%b%b}' % (
        number,
        minute,
        second % 60,
        offset,
        names,
        said,
        place,
        before_target,
        _targets(target),
        behind_target,
    )


@cache
def _login_action(action: int) -> bytes:
    return b'"action":%b,"actionId":%d' % (_encode(LOGIN[action].text), action)


@cache
def _trail_action(action: int) -> tuple[bytes, bytes, bytes]:
    """Encode an action's own part: its name, and the text around its targets."""
    known = TRAIL[action]
    before = {
        "actionType": int(known.action_type),
        "product": int(known.product),
        "location": int(known.place),
    }
    behind = {
        "entries": [int(entry) for entry in known.entries],
        "context": known.place.name.capitalize(),
    }
    return (
        b'"action":%b,"actionId":%d' % (_encode(known.text), action),
        _encode(before)[1:-1] + b',"target":',
        b"," + _encode(behind)[1:-1],
    )


@lru_cache(maxsize=2 * _FILES)
def _targets(target: str) -> bytes:
    return _encode(target.split(","))


def _parts(actor: Actor) -> tuple[bytes, bytes, bytes]:
    names = {"user": actor.name, "userId": actor.user_id}
    login = {"login": actor.login}
    if not actor.came_in:
        return _encode(names)[1:-1], _encode(login)[1:-1], b""
    # Spread by the id rather than by `hash`, which differs from one run to the next.
    spread = sum(actor.user_id.encode()) + len(actor.login)
    where = {
        "ip": "" if actor.in_ipv6 else f"198.51.100.{spread % 254 + 1}",
        "browser": _BROWSERS[spread % 4],
        "platform": _PLATFORMS[spread // 4 % 4],
        "page": "/login" if actor.user_id in {NOBODY, ANONYMOUS} else "/rooms/shared",
    }
    if (city := _CITIES[spread // 2 % 4]) is not None:
        where["country"], where["city"] = city
    return _encode(names)[1:-1], _encode(login)[1:-1], b"," + _encode(where)[1:-1]
