"""For which time evidence is known to be complete: arithmetic on sets of intervals.

Pure values in, pure values out; nothing here knows where an interval comes from.
"""

from collections.abc import Iterable

import msgspec

from lastseen.instant import Instant, Interval


class Coverage(msgspec.Struct, frozen=True):
    """A set of instants, kept as disjoint intervals in order. Make one with `covering`."""

    intervals: tuple[Interval, ...] = ()
    """Disjoint, not touching, oldest first."""

    def union(self, other: "Coverage") -> "Coverage":
        """Return what either covers."""
        if not other.intervals:
            return self
        return covering((*self.intervals, *other.intervals))

    def plus(self, interval: Interval) -> "Coverage":
        """Return this with one interval more."""
        return covering((*self.intervals, interval))

    def within(self, bounds: Interval) -> "Coverage":
        """Return the part that lies inside `bounds`."""
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
        """Say whether all of `needed` is covered; an empty interval always is."""
        return not self.gaps(needed)

    def since(self, moment: Instant) -> Instant | None:
        """Return since when everything up to `moment` is covered, or None where nothing is.

        `moment` itself need not be inside: an interval that ends there reaches up to it.
        """
        for known in self.intervals:
            if known.since < moment <= known.until:
                return known.since
        return None


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
