"""A run of a command, as the ledger records it."""

from typing import Literal

import msgspec

from lastseen.model.actor import Actor
from lastseen.model.instant import Instant

RunKind = Literal["review", "apply", "undo", "run"]
"""What a run was started to do."""

RunState = Literal["running", "done", "partial", "failed", "interrupted"]
"""How far it got; a killed run stays `running`."""

UNFINISHED: frozenset[RunState] = frozenset({"running", "interrupted"})
"""The states of a run that can be resumed."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a command."""

    run_id: str
    """Twelve hex digits; the first few are enough to name it."""
    kind: RunKind
    """What it was started to do."""
    started_at: Instant
    """When it began."""
    finished_at: Instant | None
    """When it ended; None while it runs or when it was killed."""
    state: RunState
    """How far it got."""
    plan_id: str | None
    """The plan that it made or carried out."""
    undone_run_id: str | None
    """The run that it undid."""
    summary: dict[str, int]
    """How many people got each decision or outcome."""
    exit_code: int | None
    """The exit code of its command."""
    by: Actor
    """Who started it."""
