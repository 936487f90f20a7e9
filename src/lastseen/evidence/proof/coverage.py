"""For which time evidence is known to be complete: arithmetic on sets of intervals.

Pure values in, pure values out; nothing here knows where an interval comes from.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable

import msgspec

from lastseen.model.instant import Instant, Interval


class Coverage(msgspec.Struct, frozen=True):
    """A set of instants, kept as disjoint intervals in order. Make one with `covering`."""

    intervals: tuple[Interval, ...] = ()
    """Disjoint, not touching, oldest first."""

    def union(self, other: "Coverage") -> "Coverage":
        """Return what either covers."""
        if not other.intervals:
            return self
        return covering((*self.intervals, *other.intervals))

    def within(self, bounds: Interval) -> "Coverage":
        """Return the part inside `bounds`."""
        return covering(
            Interval(max(i.since, bounds.since), min(i.until, bounds.until))
            for i in self.intervals
            if i.since < bounds.until and i.until > bounds.since
        )

    def gaps(self, needed: Interval) -> tuple[Interval, ...]:
        """Return the parts of `needed` that are not covered, oldest first."""
        missing: list[Interval] = []
        reached = needed.since
        for known in self.intervals:
            if known.until <= reached:
                continue
            if known.since >= needed.until:
                break
            if known.since > reached:
                missing.append(Interval(reached, known.since))
            reached = known.until
        if reached < needed.until:
            missing.append(Interval(reached, needed.until))
        return tuple(missing)

    def covers(self, needed: Interval) -> bool:
        """Return whether all of `needed` is covered; an empty interval always is."""
        return not self.gaps(needed)

    def since(self, moment: Instant) -> Instant | None:
        """Return since when everything up to `moment` is covered, or None if nothing is.

        `moment` itself need not be inside: an interval that ends there reaches up to it.
        """
        before = bisect_left(self.intervals, moment, key=_begins) - 1
        if before >= 0 and moment <= self.intervals[before].until:
            return self.intervals[before].since
        return None


class GrowingCoverage:
    """A coverage to which intervals are added one after the other, in any order."""

    def __init__(self) -> None:
        """Start with nothing covered."""
        self._since: list[Instant] = []
        self._until: list[Instant] = []
        self._coverage: Coverage | None = Coverage()

    def add(self, since: Instant, until: Instant) -> bool:
        """Cover from `since` to `until`, which is later; return whether any of it was new."""
        first = bisect_left(self._until, since)
        behind = bisect_right(self._since, until)
        if first < behind:
            since, until = min(since, self._since[first]), max(until, self._until[behind - 1])
            if behind - first == 1 and (since, until) == (self._since[first], self._until[first]):
                return False
        self._since[first:behind] = [since]
        self._until[first:behind] = [until]
        self._coverage = None
        return True

    def covers(self, needed: Interval) -> bool:
        """Return whether all of `needed` is covered; an empty interval always is."""
        index = bisect_right(self._since, needed.since) - 1
        return needed.since >= needed.until or (index >= 0 and self._until[index] >= needed.until)

    def coverage(self) -> Coverage:
        """Return what is covered so far."""
        if self._coverage is None:
            self._coverage = Coverage(tuple(map(Interval, self._since, self._until)))
        return self._coverage


def _begins(interval: Interval) -> Instant:
    return interval.since


def covered_since(moment: Instant, coverages: Collection[Coverage]) -> Instant | None:
    """Return since when everything up to `moment` is covered by at least one of `coverages`.

    As `since` of their union, without making it: it is asked for every person of a roster.
    """
    reached: Instant | None = None
    while True:
        further = [coverage.since(moment) for coverage in coverages]
        earliest = min((since for since in further if since is not None), default=None)
        if earliest is None:
            return reached
        moment = reached = earliest


def covering(intervals: Iterable[Interval]) -> Coverage:
    """Return the coverage of any intervals; those that overlap or touch become one."""
    merged: list[Interval] = []
    for interval in sorted(i for i in intervals if i.until > i.since):
        if merged and interval.since <= merged[-1].until:
            if interval.until > merged[-1].until:
                merged[-1] = Interval(merged[-1].since, interval.until)
        else:
            merged.append(interval)
    return Coverage(tuple(merged))
