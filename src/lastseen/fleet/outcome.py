"""How a portal's job ended, as the worker reports it to the database and to the metrics."""

import msgspec

from lastseen.model.fleet import Command, PortalState
from lastseen.model.instant import Instant


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How many people a review decided on and a run changed."""

    disabled: int
    """Disabled by the run; 0 for a review."""
    to_disable: int
    """To be disabled by the plan, and not disabled yet."""
    kept: int
    """Kept."""
    held: int
    """On hold, except people who were signed out and still have time to return."""
    due_soon: int
    """Kept, and due within a week unless seen before then."""


class JobOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a portal's job ended."""

    portal: str
    """The portal's name."""
    command: Command
    """What the job was."""
    state: PortalState
    """The portal's state afterwards."""
    finished_at: Instant
    """When it ended."""
    seconds: float
    """How long it took."""
    requests: int
    """How many requests it sent."""
    exit_code: int
    """The exit code that the command would have had."""
    figures: Figures | None = None
    """What the review found; None if it did not finish."""
    whole: bool = False
    """Whether the review's evidence was complete."""
    error: str | None = None
    """Why it failed, in one sentence, without secrets."""
    run_id: str | None = None
    """The run in the ledger that was applied, or the plan's."""
    portal_zone: str | None = None
    """The portal's own time zone, if it was requested."""
    key_expires_at: Instant | None = None
    """When the API key expires, if the portal says so."""
    needs_isolation: bool = False
    """Whether it took so much memory that the next job gets its own process again."""
