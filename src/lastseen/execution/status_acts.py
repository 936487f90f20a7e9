"""When people's status was last set according to the activity trail, also by hand."""

from collections.abc import Mapping

from lastseen.docspace.interface import Portal
from lastseen.evidence.administration import STATUS_SET, read_administration
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalRefused
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, after
from lastseen.model.progress import Progress


async def status_set_after(
    portal: Portal, changed_at: Mapping[UserId, Instant], *, now: Instant, progress: Progress
) -> Mapping[UserId, Instant]:
    """Return whose status was set again after Lastseen changed it, and when last.

    `changed_at`: when it did. An act within the tolerance of the clocks counts as its own. If the
    key may not read the trail, the result is empty and a note says so: giving access back must not
    fail for that. Raises PortalError otherwise.
    """
    if not changed_at:
        return {}
    try:
        found = await read_administration(
            portal, {STATUS_SET: min(changed_at.values())}, is_contradicted=False
        )
    except PortalRefused as error:
        progress.note(
            f"whether anyone was disabled again by hand since is not known: {error.found}"
        )
        return {}
    until = after(now, CLOCK_TOLERANCE)
    newest = {who: found.last_done(STATUS_SET, who, until) for who in changed_at}
    return {
        who: at
        for who, at in newest.items()
        if at is not None and at > after(changed_at[who], CLOCK_TOLERANCE)
    }
