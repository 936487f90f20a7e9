"""What every reading of a portal's logs begins with; needs no ledger."""

import msgspec

from lastseen.docspace.interface import Portal, Retention
from lastseen.evidence.reading.filter_detection import Detected, detect_filters
from lastseen.model.concurrency import task_group


class LogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the portal says of its logs."""

    retention: Retention
    """How long it keeps them."""
    detected: Detected
    """How it treats filters of the sign-in log, with its newest page."""


async def read_log_facts(portal: Portal) -> LogFacts:
    """Ask for all of it at once; raises PortalError."""
    async with task_group() as group:
        asked = group.create_task(portal.retention())
        detecting = group.create_task(detect_filters(portal.sign_ins))
    return LogFacts(retention=asked.result(), detected=detecting.result())
