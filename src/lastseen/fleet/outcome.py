"""How a portal's job ended, as the worker reports it to the database and to the metrics."""

import msgspec

from lastseen.fleet.configuration import Command
from lastseen.model.fleet import PortalState
from lastseen.model.instant import Instant


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a review found and a run did, in numbers of people."""

    disabled: int
    """Disabled by the run; 0 for a review."""
    to_disable: int
    """Whom the plan disables and nobody has disabled yet."""
    kept: int
    """Kept."""
    held: int
    """On hold, without those who were signed out and have time to return."""
    due_soon: int
    """Kept, and due within a week if nothing is seen of them."""


class JobOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a portal's job ended."""

    portal: str
    """The portal's name."""
    command: Command
    """What the job was."""
    state: PortalState
    """How the portal stands after it."""
    finished_at: Instant
    """When it ended."""
    seconds: float
    """How long it took."""
    requests: int
    """How many requests it sent."""
    exit_code: int
    """How the command would have ended."""
    figures: Figures | None = None
    """What the review found; None where it came to no end."""
    whole: bool = False
    """Whether the review's evidence was complete."""
    error: str | None = None
    """Why it did not end well, in one sentence, without secrets."""
    run_id: str | None = None
    """The run in the ledger that was carried out, or the plan's."""
    portal_zone: str | None = None
    """The portal's own time zone, where it was asked for."""
    key_expires_at: Instant | None = None
    """When the API key expires, where the portal says so."""
    needs_isolation: bool = False
    """Whether it took so much memory that the next one gets a process of its own again."""
