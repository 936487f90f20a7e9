"""The options of a portal that is served as a command.

Values and their checks only: offering the command on a command line loads no server by
importing this.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.world.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions:
    """The options of `lastseen simulate`. Raises `ValueError`, with a text for people."""

    port: int = 0
    """Where to listen, on 127.0.0.1; 0 is any port that is free."""
    filters: Filters = Filters.AFTER_WINDOW
    contractors: int = 150
    staff: int = 20
    days: int = 180
    """How far back events go."""
    seed: int = 1
    """The same seed gives the same people, events, faults and key."""
    latency_ms: int = 0
    """How long every answer takes."""
    retention_days: int = 180
    """How long login events are kept, 1 to 180."""
    session_minutes: int | None = None
    """How long sessions live, 1 to 9999; `None` is until their sign-in event is deleted."""
    release: Release = Release.V3_7
    rate_limit: int | None = None
    """Requests a minute; `None` is no limit of any sort."""
    faults: str = ""
    """Names with or without rates, as `reset,html-502:0.2`."""
    time_zone: str = "UTC"
    """The portal's zone, by its IANA name."""
    portals: int = 1
    """How many portals, with the next seeds, each on a port of its own: the next ones, or any."""
    controls: bool = True
    """Whether `/simulator/…` answers."""

    def __post_init__(self) -> None:
        """Check what no type can say."""
        if not 0 <= self.port <= 65_535:
            raise ValueError(f"a port is from 0 to 65535, not {self.port}")
        if not 1 <= self.retention_days <= 180:
            raise ValueError(f"a portal keeps events for 1 to 180 days, not {self.retention_days}")
        if self.session_minutes is not None and not 1 <= self.session_minutes <= 9999:
            raise ValueError(f"a session lives for 1 to 9999 minutes, not {self.session_minutes}")
        if self.contractors < 0 or self.staff < 1 or self.days < 1:
            raise ValueError("there must be a day, somebody on the staff, and no negative number")
        if self.portals < 1 or self.port + self.portals > 65_536:
            raise ValueError("there must be a portal, and a port for each of them")
        if self.latency_ms < 0:
            raise ValueError(f"a delay is 0 ms or more, not {self.latency_ms}")
        if self.rate_limit is not None and self.rate_limit < 1:
            raise ValueError(f"the limit is at least 1 request a minute, not {self.rate_limit}")
        FaultRates.parse(self.faults)
        try:
            ZoneInfo(self.time_zone)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"no time zone is called {self.time_zone}") from error
