"""Since when the sign-in log can be complete, given how its lifetime was changed.

A lifetime that was once 7 days and is 180 again has deleted older entries for good, and the log
ends early without a word. The trail records the change itself (MessageAction.cs:
AuditSettingsUpdated), and the ledger which lifetimes were read before.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from lastseen.docspace.interface import EventQuery, Portal, Retention
from lastseen.evidence.proof.quorum import agreed_page
from lastseen.evidence.reading.filter_detection import WITHOUT_OPTION
from lastseen.evidence.reading.log import activity_trail
from lastseen.evidence.silence_finder import SilenceFinder, SilenceLimit
from lastseen.ledger import EvidenceStore
from lastseen.model.concurrency import repeated
from lastseen.model.errors import PortalError
from lastseen.model.instant import EPOCH, Instant, before, days, instant
from lastseen.model.sighting import EvidenceKind

LIFETIME_CHANGED = 6035
"""AuditSettingsUpdated in MessageAction.cs."""

SHORTEST_LIFETIME = timedelta(days=1)
"""The least that the portal accepts (SecurityController.cs)."""


class RetentionHistory:
    """The sign-in log's lifetime over time. Nothing is requested before it matters."""

    def __init__(
        self,
        portal: Portal,
        retention: Retention,
        store: EvidenceStore,
        *,
        now: Instant,
        window: Instant,
        silence: SilenceLimit | None,
        is_unsteady: Callable[[], bool],
    ) -> None:
        """`retention` was read at `now`; `is_unsteady`: whether the portal has shown any fault.

        `window`: since when entries matter; `silence`: when the trail counts as stopped,
        None if that is judged elsewhere.
        """
        self._portal = portal
        self._retention = retention
        self._store = store
        self._now = now
        self._window = window
        self._silence = silence
        self._is_unsteady = is_unsteady
        self._whole_since: Instant | None = None
        self._turn = asyncio.Lock()

    async def complete_since(self) -> Instant:
        """Return the instant before which the log's end proves nothing."""
        async with self._turn:
            if self._whole_since is None:
                changed = max(await self._newest_change(), await self._trail_written_since())
                self._whole_since = max(
                    before(changed, SHORTEST_LIFETIME), self._gone_before(changed)
                )
            return self._whole_since

    def _gone_before(self, changed: Instant) -> Instant:
        """Return before which instant entries are gone, since the ledger saw a shorter lifetime.

        It applied, and deleted, until it was last changed; if that is not known, at most until
        another one was seen.
        """
        notes = self._store.retention_history()
        seen_otherwise = [*(note.at for note in notes[1:]), self._now]
        return max(
            (
                before(
                    changed if note.last_at <= changed < otherwise else otherwise,
                    days(note.sign_in_days),
                )
                for note, otherwise in zip(notes, seen_otherwise, strict=False)
                if note.sign_in_days < self._retention.sign_in_days
            ),
            default=EPOCH,
        )

    async def _trail_written_since(self) -> Instant:
        """Return since when the trail was written without a pause that may hide a change."""
        if self._silence is None:
            return EPOCH
        finder = SilenceFinder(
            EvidenceKind.ACTIVITY,
            self._portal,
            self._store,
            limit=days(self._silence.days),
            kept_for=days(self._retention.trail_days),
            can_filter=True,
        )
        try:
            found = await finder.silence(
                window=self._window, born=self._silence.born, now=self._now
            )
        except PortalError:
            return self._now
        if found.since is not None:
            return self._now
        return max((pause.until for pause in found.pauses), default=EPOCH)

    async def _newest_change(self) -> Instant:
        """Return when the lifetime was last set, or the latest instant at which it may have been.

        If the trail shows no change, that is when the trail itself begins: what it has forgotten it
        can't rule out.
        """
        try:
            asked = EventQuery(action_id=LIFETIME_CHANGED, count=1)
            page = await self._portal.trail(asked)
            # More than requested: this portal ignores the query and returns the newest entries.
            is_ignored = len(page.events) > 1
            if is_ignored:
                page = await self._portal.trail(EventQuery())
            if len(page.events) < (WITHOUT_OPTION if is_ignored else 1):
                agreed = await agreed_page(
                    page,
                    lambda query, times: repeated(partial(self._portal.trail, query), times),
                    self._is_unsteady,
                    kept_since=activity_trail(self._portal, self._retention).kept_since,
                    shows_at_most=WITHOUT_OPTION if is_ignored else None,
                )
                if not agreed.is_believed:
                    return self._now
                page = agreed.page
        except PortalError:
            return self._now
        newest = next((e for e in page.events if e.action_id == LIFETIME_CHANGED), None)
        if newest is not None:
            return instant(newest.at)
        if is_ignored and len(page.events) >= WITHOUT_OPTION:
            return instant(page.events[-1].at)
        return before(self._now, days(self._retention.trail_days))
