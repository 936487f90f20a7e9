"""What the queue stores for one job: no configuration and no secret."""

import msgspec

from lastseen.model.fleet import Command


class JobOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is to do."""

    portal: str
    """The portal's name."""
    url: str
    """Its address when the job was enqueued: what was agreed to holds for no other."""
    command: Command
    """The command to run."""
    agreed: bool = False
    """Whether a run may change anyone; otherwise it only reports."""
    first_run_applies: bool = False
    """Whether the first run on a portal may change anyone."""
    max_disable: int | None = None
    """How many people the run may disable, whatever the guardrails say; None: they apply."""
