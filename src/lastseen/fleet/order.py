"""What the queue carries for one job. No configuration and no secret travels in it."""

import msgspec

from lastseen.fleet.configuration import Command


class JobOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is to do."""

    portal: str
    """The portal's name."""
    command: Command
    """What is to be done."""
    agreed: bool = False
    """Whether a run may change anybody; otherwise it only reports."""
    first_run_applies: bool = False
    """Whether the first run on a portal may change anybody."""
