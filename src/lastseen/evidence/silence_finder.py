"""Whether the logs that count are being written, and always were.

Entries by anybody count. Stretches that no page has shown are checked week by week where the
portal filters before it cuts a page; the findings are kept in the ledger.
"""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from lastseen.docspace.interface import EventQuery, Portal
from lastseen.evidence.proof.coverage import Coverage, covering
from lastseen.evidence.proof.log_silence import Silence, find_silence
from lastseen.evidence.reading.shown_entries import LOG_ITSELF, shown_entries
from lastseen.ledger import EvidenceStore
from lastseen.model.concurrency import task_group
from lastseen.model.instant import Instant, Interval, after, before, instant
from lastseen.model.sighting import EvidenceKind

WRITING_TESTS = {
    EvidenceKind.SIGN_IN: ("sign-in log", "sign in to the portal once"),
    EvidenceKind.ACTIVITY: ("activity trail", "rename a document or a room"),
}
"""What each log is called, and how an administrator shows that it is being written."""

_SECOND = timedelta(seconds=1)
_GRAIN = timedelta(hours=6)


class SilenceLimit(msgspec.Struct, frozen=True, kw_only=True):
    """When a log without entries counts as stopped."""

    days: float
    """After this many days without an entry by anybody, or a shorter window without any."""
    born: Instant
    """Since when the portal exists at least."""


class SilenceFinder:
    """One log of one portal, and when it has entries."""

    def __init__(
        self,
        kind: EvidenceKind,
        portal: Portal,
        store: EvidenceStore,
        *,
        limit: timedelta,
        kept_for: timedelta,
        can_filter: bool,
        read: Coverage | None = None,
    ) -> None:
        """`limit`: a pause that is never too long. `can_filter`: a time can be asked for.

        `kept_for`: how long the portal keeps entries; missing older entries are no pause. `read`:
        for which time this run knows the log, whatever the ledger says: another run may have
        dropped that.
        """
        self.kind = kind
        self._portal = portal
        self._store = store
        self._limit = limit
        self._kept_for = kept_for
        self._can_filter = can_filter
        self._read = read or Coverage()

    async def silence(self, *, window: Instant, born: Instant, now: Instant) -> Silence:
        """Return the pauses of the log that are too long, within `window` and until `now`.

        `born`: since when the portal exists, as far as is known. Raises PortalError.
        """
        shown = self._shown()
        known = self._known(now)
        begins = known.since(now)
        kept_since = max(window, Instant(now - self._kept_for))
        may_ask = self._can_filter and self._limit < now - born
        if may_ask and _is_long_ago(shown, before(now, self._limit), now):
            # Perhaps only because this run did not read the log, which does not count.
            newest = await self._newest_entry(None, now)
            if newest is not None:
                shown = shown.union(covering([Interval(newest, after(newest, _SECOND))]))
        if (begins is None or begins > window) and may_ask:
            asked = await self._ask(shown, window, now)
            shown = shown.union(covering(asked))
            begins = min([begins or kept_since, kept_since, *(one.since for one in asked)])
        begins = _beginning(shown, begins or kept_since, born)
        if begins >= now:
            return Silence()
        if may_ask and _pauses_at(begins, shown, now):
            older = await self._newest_entry(None, begins)
            if older is not None:
                shown = shown.union(covering([Interval(older, after(older, _SECOND))]))
                begins = older  # the pause began there
        self._keep(shown, now)
        return find_silence(shown.intervals, begins=begins, now=now, limit=self._limit)

    def _shown(self) -> Coverage:
        kept = [row.interval for row in self._store.coverage(self.kind, LOG_ITSELF)]
        return covering((*kept, *self._portal.shown(self.kind)))

    def _known(self, now: Instant) -> Coverage:
        """Return for which time all entries are known; the newest ones count as known.

        Not if the log was last read so long ago that there may have been a pause since.
        """
        rows = [row.interval for row in self._store.coverage(self.kind)]
        rows += self._read.intervals
        newest = max((row.until for row in rows), default=None)
        if newest is not None and newest >= before(now, self._limit):
            rows.append(Interval(newest, max(newest, now)))
        return covering(rows)

    async def _ask(self, shown: Coverage, window: Instant, now: Instant) -> list[Interval]:
        """Walk back past `window` in steps too short to hold a pause longer than the limit."""
        found: list[Interval] = []
        step = max(self._limit - timedelta(days=1), self._limit / 2)
        reached = max((i.until for i in shown.intervals if i.until <= now), default=now)
        while reached > window:
            near = self._shown_before(shown, reached)
            if near is not None:
                found.append(Interval(near, reached))
                reached = near
                continue
            asked_until = before(reached, step)
            older = await self._newest_entry(None, asked_until)
            if older is None or reached - older > self._limit:
                # There is a pause somewhere between the two: find where it ends.
                resumed = await self._oldest_entry(asked_until, reached)
                found.append(Interval(resumed, reached))
            else:
                found.append(Interval(older, reached))
            if older is None:
                break
            found.append(Interval(older, after(older, _SECOND)))
            reached = older
        return found

    def _shown_before(self, shown: Coverage, reached: Instant) -> Instant | None:
        """Return how far back entries are shown anyway, if they begin no further than the limit."""
        edge = before(reached, self._limit)
        starts = [i.since for i in shown.intervals if i.since < reached and i.until >= edge]
        return min(starts, default=None)

    async def _newest_entry(self, since: Instant | None, until: Instant) -> Instant | None:
        """Return when the newest entry of a stretch was written, None if there is none."""
        fetch = self._portal.sign_ins if self.kind is EvidenceKind.SIGN_IN else self._portal.trail
        page = await fetch(EventQuery(since=since, until=until, count=1))
        inside = [instant(event.at) for event in page.events if event.at <= until]
        return max((at for at in inside if since is None or at >= since), default=None)

    async def _oldest_entry(self, since: Instant, until: Instant) -> Instant:
        """Return, to within a few hours, when the oldest entry after `since` was written."""
        while until - since > _GRAIN:
            middle = Instant(since + (until - since) / 2)
            entry = await self._newest_entry(since, middle)
            since, until = (since, entry) if entry else (middle, until)
        return until

    def _keep(self, shown: Coverage, now: Instant) -> None:
        self._store.keep(shown_entries(self.kind, shown.intervals, now))


def _is_long_ago(shown: Coverage, limit: Instant, now: Instant) -> bool:
    """Return whether the newest entry shown up to `now` is older than `limit`."""
    return not any(i.since <= now and i.until >= limit for i in shown.intervals)


def _beginning(shown: Coverage, known_since: Instant, born: Instant) -> Instant:
    """Return since when the log was being written and known well enough to show a pause.

    An entry older than `born` shows that the portal is older; one that ends exactly where the
    known time begins shows that a pause begins there.
    """
    oldest = shown.intervals[0].since if shown.intervals else born
    begins = max(known_since, min(born, oldest))
    return min((i.since for i in shown.intervals if i.since < begins <= i.until), default=begins)


def _pauses_at(moment: Instant, shown: Coverage, now: Instant) -> bool:
    """Return whether a pause is under way then: the next entry is more than a day away."""
    following = min((i.since for i in shown.intervals if i.until >= moment), default=now)
    return following - moment > timedelta(days=1)


async def find_silences(
    finders: Iterable[SilenceFinder], *, window: Instant, born: Instant, now: Instant
) -> dict[EvidenceKind, Silence]:
    """Return the pauses of each log. Raises PortalError."""
    async with task_group() as group:
        asked = {
            finder.kind: group.create_task(finder.silence(window=window, born=born, now=now))
            for finder in finders
        }
    return {kind: task.result() for kind, task in asked.items()}
