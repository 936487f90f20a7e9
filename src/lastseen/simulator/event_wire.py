"""How one event looks on the wire: the actors, and the bytes of a login and of a trail event.

Each event is encoded once and from prepared parts, since a page holds a hundred of them.
"""

from dataclasses import dataclass

import msgspec

from lastseen.simulator.actions import LOGIN, TRAIL
from lastseen.simulator.dates import DateWriter
from lastseen.simulator.people import ANONYMOUS, NOBODY, Person

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


def actor_of(person: Person) -> Actor:
    """Make the actor that a person is in events, which name the address where there is no name."""
    return Actor(person.id, person.full_name or person.email, person.email)


def stranger(login: str, user_id: str = NOBODY) -> Actor:
    """Somebody who tried to sign in under a name that belongs to no account."""
    return Actor(user_id, login or "Anonymous", login)


def login_event(number: int, second: int, actor: Actor, action: int, dates: DateWriter) -> bytes:
    """Encode an event of the login history (`LoginEventDto.cs`)."""
    head, login, tail = _actor_parts(actor)
    return b'{"id":%d,"date":"%b",%b,"login":%b,%b,%b}' % (
        number,
        dates.of_event(second).encode(),
        head,
        login,
        _login_action_part(action),
        tail,
    )


def file_of(second: int, actor: int) -> str:
    """Choose the file (or room) that an event of that actor at that second was about."""
    return str((second * 31 + actor * 17) % _FILES + 1)


def trail_event(
    number: int, second: int, actor: Actor, action: int, *, target: str, dates: DateWriter
) -> bytes:
    """Encode an event of the activity trail (`AuditEventDto.cs`)."""
    head, _, tail = _actor_parts(actor)
    known = TRAIL[action]
    rest = {
        "actionType": int(known.action_type),
        "product": int(known.product),
        "location": int(known.place),
        "target": target.split(","),
        "entries": [int(entry) for entry in known.entries],
        "context": known.place.name.capitalize(),
    }
    return b'{"id":%d,"date":"%b",%b,"action":%b,"actionId":%d,%b,%b' % (
        number,
        dates.of_event(second).encode(),
        head,
        _encode(known.text),
        action,
        tail,
        _encode(rest)[1:],
    )


_parts: dict[Actor, tuple[bytes, bytes, bytes]] = {}
_action_parts: dict[int, bytes] = {}


def _login_action_part(action: int) -> bytes:
    part = _action_parts.get(action)
    if part is None:
        part = b'"action":%b,"actionId":%d' % (_encode(LOGIN[action].text), action)
        _action_parts[action] = part
    return part


def _actor_parts(actor: Actor) -> tuple[bytes, bytes, bytes]:
    found = _parts.get(actor)
    if found is not None:
        return found
    # Spread by the id rather than by `hash`, which differs from one run to the next.
    spread = sum(actor.user_id.encode()) + len(actor.login)
    where = {
        "ip": f"198.51.100.{spread % 254 + 1}",
        "browser": _BROWSERS[spread % 4],
        "platform": _PLATFORMS[spread // 4 % 4],
        "page": "/login" if actor.user_id in {NOBODY, ANONYMOUS} else "/rooms/shared",
    }
    if (city := _CITIES[spread // 2 % 4]) is not None:
        where["country"], where["city"] = city
    head = _encode({"user": actor.name, "userId": actor.user_id})[1:-1]
    if len(_parts) > 100_000:
        _parts.clear()
    _parts[actor] = head, _encode(actor.login), _encode(where)[1:-1]
    return _parts[actor]
