"""The proof that pages of a newest-first log leave no gap between them.

The portal sorts by whole seconds and by nothing else: events of one second change places from
request to request, new ones arrive while a log is read, and a page may come short. A page alone
proves only the seconds strictly between its newest and its oldest event. A second at which a page
begins or ends is proven when

- one page shows something newer and something older around it, or
- the places say so: a page shows that the second begins at place `a`, a page *asked for after
  that one was answered* shows that it ends before place `b`, and `b - a` different events of it
  have been seen. New events only ever push `b` up, so the count can't come out right by chance.

What can't be proven is not covered. No I/O, no clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from lastseen.evidence.coverage import Coverage, covering
from lastseen.instant import Instant, Interval, instant
from lastseen.sighting import Event

SECOND = timedelta(seconds=1)


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a log, as far as the proof needs it."""

    start: int
    """The place of its first event: how many newer ones were passed over."""
    events: Sequence[Event]
    """Newest first."""
    sent_at: Instant
    """When it was asked for, by the reader's clock."""
    answered_at: Instant
    """When the answer was whole, by the same clock."""
    known_until: Instant
    """Up to which instant a page from place 0 speaks for the newest events, exclusive."""
    floor: Instant
    """Before it nothing is claimed: the portal may already be deleting there."""
    ends_log: bool = False
    """Whether it is known that nothing older than this page's last event exists."""


class _Second:
    """What is known of one second at which some page begins or ends."""

    __slots__ = ("begins", "ends", "ids")

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.begins: list[tuple[int, Instant]] = []
        self.ends: list[tuple[int, Instant]] = []

    def is_whole(self) -> bool:
        seen = len(self.ids)
        return any(
            end - begin == seen and sent >= answered
            for begin, answered in self.begins
            for end, sent in self.ends
        )


class Weave:
    """Pages of one log woven together; tells what they prove."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._proven = Coverage()
        self._fresh: list[Interval] = []
        self._open: dict[datetime, _Second] = {}
        self._marks: list[tuple[Instant, int]] = []

    def add(self, page: PageView) -> None:
        """Take in one page; pages may come in any order."""
        events = page.events
        if not events:
            if page.start == 0 and page.ends_log:
                self._prove(page.floor, page.known_until, page.floor)
            return
        newest, oldest = instant(events[0].at), instant(events[-1].at)
        self._marks.append((newest, page.start))
        self._marks.append((oldest, page.start + len(events) - 1))
        first_size = _leading(events)
        last_size = _trailing(events)
        several = newest != oldest
        # Nothing can stand before place 0, and nothing behind the end of the log.
        shows_newer = page.start == 0
        shows_older = page.ends_log
        since = page.floor if shows_older else Instant(oldest + SECOND)
        self._prove(since, page.known_until if shows_newer else newest, page.floor)
        if not shows_newer:
            self._edge(
                page,
                newest,
                ids=[e.id for e in events[:first_size]],
                begins=None,
                ends=(page.start + first_size, page.sent_at) if several or shows_older else None,
            )
        if not shows_older:
            self._edge(
                page,
                oldest,
                ids=[e.id for e in events[-last_size:]],
                begins=(page.start + len(events) - last_size, page.answered_at)
                if several or shows_newer
                else None,
                ends=None,
            )

    def covered(self) -> Coverage:
        """Return what all pages together prove."""
        if self._fresh:
            self._proven = covering((*self._proven.intervals, *self._fresh))
            self._fresh = []
        return self._proven

    def places_at(self, second: Instant) -> tuple[int, ...]:
        """Return the places at which a page began or ended in that very second."""
        return tuple(place for at, place in self._marks if at == second)

    def place_of(self, moment: Instant) -> int:
        """Guess the place of the oldest event at or after `moment`, from the pages seen.

        Between two known places it is taken to lie on a straight line; beyond the oldest, at the
        density seen so far. 0 where nothing is known.
        """
        newer = [(at, place) for at, place in self._marks if at >= moment]
        older = [(at, -place) for at, place in self._marks if at < moment]
        if not newer:
            return 0
        at, place = min(newer)
        place = max(p for a, p in newer if a == at)
        if older:
            next_at, next_place = max(older)
            share = (at - moment) / (at - next_at)
            return place + max(0, int((-next_place - place) * share))
        top_at, top_place = max(self._marks, key=lambda mark: mark[0])
        if top_at == at or place <= top_place:
            return place
        return place + int((place - top_place) * ((at - moment) / (top_at - at)))

    def _prove(self, since: Instant, until: Instant, floor: Instant) -> None:
        since = max(since, floor)
        if since < until:
            self._fresh.append(Interval(since, until))

    def _edge(
        self,
        page: PageView,
        second: Instant,
        *,
        ids: list[int],
        begins: tuple[int, Instant] | None,
        ends: tuple[int, Instant] | None,
    ) -> None:
        known = self._open.setdefault(second, _Second())
        known.ids.update(ids)
        if begins:
            known.begins.append(begins)
        if ends:
            known.ends.append(ends)
        if known.is_whole():
            del self._open[second]
            self._prove(second, Instant(second + SECOND), page.floor)


def _leading(events: Sequence[Event]) -> int:
    newest = events[0].at
    for index, event in enumerate(events):
        if event.at != newest:
            return index
    return len(events)


def _trailing(events: Sequence[Event]) -> int:
    oldest = events[-1].at
    for index, event in enumerate(reversed(events)):
        if event.at != oldest:
            return index
    return len(events)
