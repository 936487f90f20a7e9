"""What applying a plan would do, as `apply --dry-run` shows it."""

import msgspec

from lastseen.model.decision import Decision
from lastseen.model.instant import Instant
from lastseen.model.receipt import Outcome

DRY_RUN_SCHEMA = "lastseen.dry-run/1"
"""The name and version of the JSON form."""


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What applying a plan would do, after every check and the recheck; nothing was changed."""

    schema: str = DRY_RUN_SCHEMA
    """Name and version of the JSON form."""
    plan_id: str
    """The plan."""
    now: Instant
    """The instant for which the plan decided."""
    would_disable: tuple[Decision, ...]
    """The people who would be disabled."""
    would_sign_out: tuple[Decision, ...]
    """The people whose sessions would be ended."""
    outcomes: tuple[Outcome, ...]
    """The others, with the reason."""
