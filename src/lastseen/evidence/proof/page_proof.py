"""The proof that pages of a newest-first log leave no gap between them.

The portal sorts by whole seconds and by nothing else: events of one second change order from
request to request, new ones arrive while a log is read, and a page may be short. A page alone
proves only the seconds strictly between its newest and its oldest event. The second at which a
page begins or ends is proven when

- one page shows a newer and an older event around it, or
- the offsets prove it: one page shows that the second begins at offset `a`, a page *requested
  after that one was answered* shows that it ends before offset `b`, and `b - a` different events
  of it have been seen. New events only ever increase `b`, so the count can't match by chance.

Whatever can't be proven is not covered. No I/O, no clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from lastseen.evidence.proof.coverage import Coverage, GrowingCoverage
from lastseen.evidence.proof.offsets import OffsetIndex
from lastseen.model.instant import Instant, Interval, instant
from lastseen.model.sighting import Event

SECOND = timedelta(seconds=1)


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one page of a log that the proof needs."""

    start: int
    """The offset of its first event: how many newer ones come before it."""
    events: Sequence[Event]
    """Newest first."""
    sent_at: Instant
    """When it was requested, by the reader's clock."""
    answered_at: Instant
    """When the answer had arrived, by the same clock."""
    known_until: Instant
    """Up to which instant the page can prove anything, exclusive; a page at offset 0 does."""
    floor: Instant
    """Nothing is claimed before it: the portal may be deleting entries there."""
    ends_log: bool = False
    """Whether this page is known to end the log."""


class _Second:
    """What is known about a second at which a page begins or ends."""

    __slots__ = ("begins", "ends", "ids")

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.begins: list[tuple[int, Instant]] = []
        self.ends: list[tuple[int, Instant]] = []

    def is_whole(self) -> bool:
        seen = len(self.ids)
        for begin, answered in self.begins:
            for end, sent in self.ends:
                if end - begin == seen and sent >= answered:
                    return True
        return False


class PageProof:
    """What the pages of one log prove together."""

    def __init__(self) -> None:
        """Begin without pages."""
        self.offsets = OffsetIndex()
        self._proven = GrowingCoverage()
        self._open: dict[datetime, _Second] = {}

    def add(self, page: PageView) -> bool:
        """Add one page, in any order; return whether it proves anything new."""
        events = page.events
        if not events:
            if page.start == 0 and page.ends_log:
                return self._prove(page.floor, page.known_until, page.floor)
            return False
        newest, oldest = instant(events[0].at), instant(events[-1].at)
        self.offsets.add(newest, page.start)
        self.offsets.add(oldest, page.start + len(events) - 1)
        first_size = _leading(events)
        last_size = trailing(events)
        several = newest != oldest
        # Nothing comes before offset 0, and nothing after the end of the log.
        shows_newer = page.start == 0
        shows_older = page.ends_log
        since = page.floor if shows_older else Instant(oldest + SECOND)
        # Dates ahead of the portal's clock prove nothing: newer entries may still come.
        until = page.known_until if shows_newer else min(newest, page.known_until)
        if not shows_newer:
            second = self._second(newest, events[:first_size])
            if several or shows_older:
                second.ends.append((page.start + first_size, page.sent_at))
            if self._is_whole(newest, second, page):
                since, until = min(since, newest), Instant(newest + SECOND)
        grown = self._prove(since, until, page.floor)
        if not shows_older:
            second = self._second(oldest, events[-last_size:])
            if several or shows_newer:
                begin = page.start + len(events) - last_size
                second.begins.append((begin, page.answered_at))
            if self._is_whole(oldest, second, page):
                grown |= self._prove(oldest, Instant(oldest + SECOND), page.floor)
        return grown

    def covered(self) -> Coverage:
        """Return the coverage that all pages prove together."""
        return self._proven.coverage()

    def covers(self, needed: Interval) -> bool:
        """Return whether all pages together cover `needed`."""
        return self._proven.covers(needed)

    def _prove(self, since: Instant, until: Instant, floor: Instant) -> bool:
        since = max(since, floor)
        return since < until and self._proven.add(since, until)

    def _second(self, moment: Instant, events: Sequence[Event]) -> _Second:
        """Return what is known of the second at `moment`, with `events` added to it."""
        second = self._open.get(moment)
        if second is None:
            second = self._open[moment] = _Second()
        second.ids.update([event.id for event in events])
        return second

    def _is_whole(self, moment: Instant, second: _Second, page: PageView) -> bool:
        """Return whether the second at `moment` is complete now; then it is no longer tracked."""
        if second.is_whole() and moment + SECOND <= page.known_until:
            del self._open[moment]
            return True
        return False


def _leading(events: Sequence[Event]) -> int:
    newest = events[0].at
    for index, event in enumerate(events):
        if event.at != newest:
            return index
    return len(events)


def trailing(events: Sequence[Event]) -> int:
    """Return how many of a page's events belong to its last second."""
    oldest = events[-1].at
    for index, event in enumerate(reversed(events)):
        if event.at != oldest:
            return index
    return len(events)
