"""Estimates the offset of an instant in a newest-first log, from the pages seen so far.

Estimates only: they decide what is requested, never what is proven. Pure.
"""

from bisect import bisect_left, bisect_right

from lastseen.model.instant import EPOCH, WEEK_SECONDS, Instant


class OffsetIndex:
    """The offsets at which pages were seen to begin and to end."""

    def __init__(self) -> None:
        """Start with nothing."""
        # By age, in the order of the offsets, so that older pages are added at the end.
        self._ages: list[float] = []
        self._offsets: list[int] = []

    def add(self, moment: Instant, offset: int) -> None:
        """Note that the event at `offset` happened at `moment`."""
        age = _age(moment)
        index = bisect_left(self._ages, age)
        if index < len(self._ages) and self._ages[index] == age:
            behind = bisect_right(self._ages, age, index)
            index = bisect_left(self._offsets, offset, index, behind)
            if index < behind and self._offsets[index] == offset:
                return  # a page begins where the one before ended
        self._ages.insert(index, age)
        self._offsets.insert(index, offset)

    def at(self, moment: Instant) -> list[int]:
        """Return the offsets at which a page began or ended at that very instant, in order."""
        age = _age(moment)
        return self._offsets[bisect_left(self._ages, age) : bisect_right(self._ages, age)]

    @property
    def deepest(self) -> int:
        """The offset of the oldest event known; 0 if there is none."""
        return self._offsets[-1] if self._offsets else 0

    @property
    def seconds(self) -> float:
        """Over how many seconds offsets are known."""
        return self._ages[-1] - self._ages[0] if self._ages else 0.0

    def reach(self, moment: Instant) -> bool:
        """Return whether any offset as old as `moment` is known."""
        return bool(self._ages) and self._ages[-1] >= _age(moment)

    def newer(self, moment: Instant) -> int:
        """Return the last offset known to be at or after `moment`; 0 if there is none."""
        index = bisect_right(self._ages, _age(moment))
        return self._offsets[index - 1] if index else 0

    def older(self, moment: Instant) -> int | None:
        """Return the first offset known to be before `moment`; None if there is none."""
        index = bisect_right(self._ages, _age(moment))
        return self._offsets[index] if index < len(self._offsets) else None

    def of(self, moment: Instant) -> int:
        """Estimate the offset of the oldest event at or after `moment`.

        Linear between two known offsets; beyond the oldest, by the density of all that is known,
        and for what is left of a week by the same hours of the week after. 0 if nothing is known.
        """
        age = _age(moment)
        if not self._ages or age < self._ages[0]:
            return 0
        reached = self._ages[-1]
        if age < reached:
            return self._between(age)
        first, top = self._ages[0], self._offsets[bisect_right(self._ages, self._ages[0]) - 1]
        if reached == first or self.deepest <= top:
            return self.deepest
        further, offset = age - reached, self.deepest
        if reached - first >= WEEK_SECONDS:
            part, a_week_on = further % WEEK_SECONDS, reached - WEEK_SECONDS
            offset += max(0, self._between(a_week_on + part) - self._between(a_week_on))
            further -= part
        return offset + int((self.deepest - top) * (further / (reached - first)))

    def _between(self, age: float) -> int:
        """Estimate the offset at `age`, not outside what is known, from the two next to it."""
        index = bisect_right(self._ages, age)
        reached, offset = self._ages[index - 1], self._offsets[index - 1]
        if index == len(self._ages):
            return offset
        share = (age - reached) / (self._ages[index] - reached)
        return offset + max(0, int((self._offsets[index] - offset) * share))


def _age(moment: Instant) -> float:
    return (EPOCH - moment).total_seconds()
