"""How a fleet of portals stands: one row a portal, and what the rows amount to."""

from enum import StrEnum

import msgspec

from lastseen.model.instant import Instant

FLEET_STATUS_SCHEMA = "lastseen.fleet-status/1"
"""The name and version of the status's JSON form."""


class PortalState(StrEnum):
    """How a portal stands; only `clean` needs nobody's attention."""

    CLEAN = "clean"
    """The last job ended well, the review was whole, and nothing waits for a person."""
    PROPOSED = "proposed"
    """The last plan disables somebody or signs somebody out, and nobody has carried it out."""
    HELD = "held"
    """The last review ended, but somebody is held or evidence is incomplete."""
    GUARDRAIL = "guardrail"
    """A guardrail stopped the last run."""
    PARTIAL = "partial"
    """The last run was carried out in part."""
    UNREACHABLE = "unreachable"
    """The portal gave no answer that could be used."""
    REFUSED = "refused"
    """The portal or the roster's source refused."""
    FAILED = "failed"
    """The last job failed for another reason: configuration, key, time or memory."""
    STOPPED = "stopped"
    """Its job broke several workers, and is not tried again until somebody resumes it."""
    OVERDUE = "overdue"
    """It was well, but a job that is due has not ended for too long."""
    PAUSED = "paused"
    """Somebody paused it."""
    NEVER = "never"
    """No job has ended yet."""


class PortalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one portal stands."""

    name: str
    """The name in the fleet file."""
    url: str
    """The portal's address."""
    state: PortalState
    """How it stands."""
    whole_review_at: Instant | None
    """When the last review ended that had complete evidence; null where none did."""
    next_due_at: Instant | None
    """When the next job is due; null without a schedule, and while paused or stopped."""
    disabled: int | None
    """How many people the last job disabled."""
    to_disable: int | None
    """How many people its plan disables and nobody has disabled yet."""
    held: int | None
    """How many people the last review held, without those who were signed out and have time to
    return."""
    due_soon: int | None
    """How many people will be due within a week if nothing is seen of them."""
    guardrail_at: Instant | None
    """When a guardrail stopped the newest run; null where none did."""
    unreachable_since: Instant | None
    """Since when the portal has given no usable answer; null where it has."""
    key_expires_at: Instant | None
    """When the API key expires, as the portal says; null where it doesn't."""
    last_job_at: Instant | None
    """When the last job ended, whatever came of it."""
    last_error: str | None
    """Why the last job did not end well, in one sentence."""


class FleetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the fleet stands."""

    schema: str = FLEET_STATUS_SCHEMA
    """Name and version of the JSON form."""
    at: Instant
    """When this was read."""
    portals: tuple[PortalStatus, ...]
    """Every portal that is not retired, by name."""
    summary: dict[str, int]
    """How many portals are in which state; only states that occur."""
    waiting: int
    """Jobs that wait to be started."""
    running: int
    """Jobs that a worker has begun."""


def summarise_portals(portals: tuple[PortalStatus, ...]) -> dict[str, int]:
    """Count the portals by state, in the order of `PortalState`."""
    counts = {state.value: 0 for state in PortalState}
    for portal in portals:
        counts[portal.state.value] += 1
    return {state: count for state, count in counts.items() if count}
