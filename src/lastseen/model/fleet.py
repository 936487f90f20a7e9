"""The state of a fleet: one row a portal, and the totals."""

from enum import StrEnum
from typing import Literal

import msgspec

from lastseen.model.instant import Instant

FLEET_STATUS_SCHEMA = "lastseen.fleet-status/1"
"""The name and version of the status's JSON form."""


Command = Literal["review", "run"]
"""What a job does: `review` changes nobody."""


class PortalState(StrEnum):
    """The state of a portal; only `clean` needs no attention."""

    CLEAN = "clean"
    """The last job succeeded, its evidence was complete, and nothing waits for a person."""
    PROPOSED = "proposed"
    """The last plan disables somebody or signs somebody out, and has not been applied."""
    HELD = "held"
    """The last review ended, but somebody is on hold or evidence is incomplete."""
    GUARDRAIL = "guardrail"
    """A guardrail stopped the last run."""
    PARTIAL = "partial"
    """The last run was carried out in part."""
    UNREACHABLE = "unreachable"
    """The portal gave no usable answer."""
    REFUSED = "refused"
    """The portal or the roster's source refused."""
    FAILED = "failed"
    """The last job failed for another reason: configuration, key, time or memory."""
    STOPPED = "stopped"
    """Its job broke several workers, and is not tried again until somebody resumes it."""
    OVERDUE = "overdue"
    """The last job succeeded, but one that is due has been missing for too long."""
    PAUSED = "paused"
    """Somebody paused it."""
    NEVER = "never"
    """No job has ended yet."""


class PortalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one portal."""

    name: str
    """The name in the fleet file."""
    url: str
    """The portal's address."""
    state: PortalState
    """Its state."""
    whole_review_at: Instant | None
    """When the last review with complete evidence ended; null if there was none."""
    next_due_at: Instant | None
    """When the next job is due; null without a schedule, and while paused or stopped."""
    disabled: int | None
    """How many people the last job disabled."""
    to_disable: int | None
    """How many people its plan would disable who have not been disabled yet."""
    held: int | None
    """How many people the last review held, except those who were signed out and may still
    return."""
    due_soon: int | None
    """How many people will be due within a week if they are not seen."""
    guardrail_at: Instant | None
    """When a guardrail stopped the newest run; null if none did."""
    unreachable_since: Instant | None
    """Since when the portal has given no usable answer; null if it has."""
    key_expires_at: Instant | None
    """When the API key expires, as the portal says; null if it doesn't."""
    last_job_at: Instant | None
    """When the last job ended, with whatever result."""
    last_error: str | None
    """Why the last job failed, in one sentence."""


class FleetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the fleet."""

    schema: str = FLEET_STATUS_SCHEMA
    """Name and version of the JSON form."""
    at: Instant
    """When this was read."""
    portals: tuple[PortalStatus, ...]
    """Every portal that is not retired, by name."""
    summary: dict[str, int]
    """How many portals are in each state; only states that occur."""
    waiting: int
    """Jobs that wait to be started."""
    running: int
    """Jobs that a worker has started."""


def summarise_portals(portals: tuple[PortalStatus, ...]) -> dict[str, int]:
    """Count the portals by state, in the order of `PortalState`."""
    counts = {state.value: 0 for state in PortalState}
    for portal in portals:
        counts[portal.state.value] += 1
    return {state: count for state, count in counts.items() if count}
