"""What runs write to the journal: whom a run is to change, what it intends, and the outcomes.

Shapes only. The journal outlives versions: fields are added, never renamed or given a new meaning.
"""

import msgspec

from lastseen.execution.target import Target
from lastseen.model.contractor import AccountStatus
from lastseen.model.receipt import Outcome


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Kind `scope`: the first entry of a run, or of each further attempt at it."""

    status: AccountStatus
    """The status that the run gives."""
    scope: tuple[Target, ...]
    """The people whose status it changes."""
    sign_out: tuple[Target, ...] = ()
    """The people whose sessions it ends instead."""
    plan_id: str | None = None
    plan_digest: str | None = None
    undone_run_id: str | None = None
    max_disable: int | None = None
    """How many people `--max-disable` allowed the run to disable; null without it."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """Kind `intent`: written before a request that changes people is sent."""

    batch: int
    """Numbers the intents of a run."""
    status: AccountStatus | None = None
    """The requested status; null if sessions are ended."""
    people: tuple[Target, ...]
    plan_id: str | None = None


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """Kind `outcome`: written when people's outcomes are known."""

    people: tuple[Outcome, ...]
    """The known outcomes."""
    open: tuple[Outcome, ...] = ()
    """Outcomes that are not certain yet, with what is known."""
    unrequested: tuple[Target, ...] = msgspec.field(default=(), name="unasked")
    """People whom the portal changed without being asked to; their outcomes are in `people`."""
