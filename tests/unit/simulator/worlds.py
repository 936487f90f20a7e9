"""Small worlds, and short ways to ask a simulated portal, for the tests of the simulator."""

import http.client
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.clock import MovableClock
from lastseen.simulator.world.people import EmployeeType, Group, Kind, Person
from lastseen.simulator.world.scenario import Happening, scenario_of

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
LOGINS = "/api/2.0/security/audit/login/filter"
TRAIL = "/api/2.0/security/audit/events/filter"
LIFETIMES = "/api/2.0/security/audit/settings/lifetime"
PEOPLE = "/api/2.0/people/filter"
TERMINATE = "/api/2.0/people/status/Terminated"
ACTIVATE = "/api/2.0/people/status/Active"

IDS = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1, 200)]
OWNER, ADMIN, ROOM_ADMIN, USER, ANNA, BERT, CARA, DIRK = IDS[:8]


def ago(**amount: float) -> datetime:
    """An instant before NOW."""
    return NOW - timedelta(**amount)


def person(user_id: str, employee_type: EmployeeType = EmployeeType.GUEST, **more: Any) -> Person:
    """A person who is what nobody says otherwise."""
    number = IDS.index(user_id)
    fields: dict[str, Any] = {
        "kind": Kind.DAILY,
        "first_name": "Person",
        "last_name": f"{number:03}",
        "email": f"person.{number:03}@example.net",
        "registered": int(ago(days=300).timestamp()),
        "user_name": f"person.{number:03}",
        "created_by": OWNER if user_id != OWNER else None,
        **more,
    }
    return Person(id=user_id, employee_type=employee_type, **fields)


GROUP = Group("aaaaaaaa-0000-4000-8000-000000000000", "Suppliers & Friends")

PEOPLE_OF_ALL_SORTS = (
    person(OWNER, EmployeeType.DOCSPACE_ADMIN, is_owner=True, first_name="Owner"),
    person(ADMIN, EmployeeType.DOCSPACE_ADMIN, first_name="Admin"),
    person(ROOM_ADMIN, EmployeeType.ROOM_ADMIN, first_name="Room"),
    person(USER, EmployeeType.USER, first_name="User"),
    person(ANNA, related_to=frozenset({ROOM_ADMIN}), created_by=ROOM_ADMIN),
    person(BERT, groups=(GROUP,), created_by=ADMIN),
    person(CARA, is_sso=True),
    person(DIRK, is_ldap=True),
)


def portal(
    *,
    people: Sequence[Person] = PEOPLE_OF_ALL_SORTS,
    logins: Iterable[Happening] = (),
    trail: Iterable[Happening] = (),
    key_account: str = ADMIN,
    setup: Setup | None = None,
) -> SimulatedPortal:
    """A portal whose clock stands at NOW."""
    scenario = scenario_of(NOW, people, key_account=key_account, logins=logins, trail=trail)
    return SimulatedPortal(scenario, clock=MovableClock(NOW), setup=setup)


@dataclass(frozen=True)
class Reply:
    """What was answered, read."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def items(self) -> list[Any]:
        """The list within the envelope."""
        response: list[Any] = self.document["response"]
        return response

    @property
    def ids(self) -> list[Any]:
        """The ids of the list's items."""
        return [item["id"] for item in self.items]


def get(where: SimulatedPortal, path: str, *, key: str | None = None, **query: object) -> Reply:
    """Ask a portal in process."""
    return send(where, "GET", path, key=key, query=query)


def put(
    where: SimulatedPortal, path: str, user_ids: Iterable[str], *, key: str | None = None
) -> Reply:
    """Have a portal change a status, in process."""
    body = json.dumps({"userIds": list(user_ids), "resendAll": False}).encode()
    return send(where, "PUT", path, key=key, body=body)


def send(
    where: SimulatedPortal,
    method: str,
    path: str,
    *,
    key: str | None = None,
    query: Mapping[str, object] | None = None,
    body: bytes = b"",
) -> Reply:
    """Send anything to a portal in process. `from_` is written for `from`."""
    answer = where.respond(
        method,
        path,
        query={name.rstrip("_"): str(value) for name, value in (query or {}).items()},
        headers={"Authorization": f"Bearer {key or where.api_key}", "Host": "portal.example.com"},
        body=body,
    )
    return Reply(answer.status, answer.headers, answer.body)


def ask(
    url: str,
    method: str,
    path: str,
    *,
    key: str = "",
    query: Mapping[str, object] | None = None,
    body: bytes | None = None,
) -> Reply:
    """Send anything to a served portal, over a connection of its own."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        target = f"{path}?{urlencode(query)}" if query else path
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()
