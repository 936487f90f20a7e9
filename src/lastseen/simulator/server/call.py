"""One request on its way through a simulated portal, and what is known of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lastseen.simulator.endpoints.wire import Request
from lastseen.simulator.server.faults import InjectedFault
from lastseen.simulator.world.keys import ApiKey
from lastseen.simulator.world.people import Person
from lastseen.simulator.world.release import Release


@dataclass(slots=True)
class Call:
    """One request on its way through the portal."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    mishap: InjectedFault
    now: float
    release: Release
    key: ApiKey | None = None
    extra: dict[str, str] = field(default_factory=dict)
    """Headers that its answer will have."""
    account: Person | None = None

    @property
    def origin(self) -> str:
        """The portal's address, as the client wrote it."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def shown_url(self) -> str:
        """The address as the portal repeats it: decoded."""
        asked = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.origin}{self.path}{'?' if asked else ''}{asked}"

    def request(self) -> Request:
        """Give what an endpoint sees; the door has set the account."""
        if self.account is None:
            raise AssertionError("nobody came through the door")
        asked = {name.lower(): value for name, value in self.query.items()}
        return Request(
            self.method,
            self.path,
            asked,
            self.body,
            self.account,
            self.now,
            self.origin,
            self.release,
            self.key,
        )
