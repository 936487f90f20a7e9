"""Since when the sign-in log can be whole, seen the changes of its lifetime.

A lifetime that was once 7 days and is 180 again deletes what was older for good, and the log ends
early without a word. The trail keeps the change itself (MessageAction.cs: AuditSettingsUpdated),
and the ledger what lifetimes were read before.
"""

from datetime import timedelta

from lastseen.docspace.interface import EventQuery, Portal, Retention
from lastseen.errors import PortalError
from lastseen.instant import EPOCH, Instant, before, days, instant
from lastseen.ledger import EvidenceStore

LIFETIME_CHANGED = 6035
"""AuditSettingsUpdated in MessageAction.cs."""

SHORTEST_LIFETIME = timedelta(days=1)
"""The least that the portal accepts (SecurityController.cs)."""


async def whole_since(
    portal: Portal, retention: Retention, store: EvidenceStore, *, ask_trail: bool
) -> Instant:
    """Return the instant before which the log's end proves nothing.

    `ask_trail`: whether the trail can be filtered, so that one request tells the newest change.
    """
    cuts = [
        before(note.at, days(note.sign_in_days))
        for note in store.retention_history()
        if note.sign_in_days < retention.sign_in_days
    ]
    if ask_trail:
        changed = await _newest_change(portal)
        if changed is not None:
            cuts.append(before(changed, SHORTEST_LIFETIME))
    return max(cuts, default=EPOCH)


async def _newest_change(portal: Portal) -> Instant | None:
    try:
        page = await portal.trail(EventQuery(action_id=LIFETIME_CHANGED, count=1))
    except PortalError:
        # A trail that can't be read is judged where it matters: activity then proves nothing.
        return None
    if page.events and page.events[0].action_id == LIFETIME_CHANGED:
        return instant(page.events[0].at)
    return None
