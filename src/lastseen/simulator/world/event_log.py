"""A sorted log of events and the pages that the portal cuts from it.

It knows instants, actors and action ids as numbers in columns; what an event looks like on the wire
is `event_wire`'s business, and which page is asked for `login_history`'s and `trail`'s. A million
events take about 40 MB, and no page copies the world.
"""

# `array` takes no type parameter at run time before Python 3.12.
from __future__ import annotations

import random
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain


@dataclass(slots=True)
class EventColumns:
    """Events, oldest first, one column a property; equal seconds in the order of writing."""

    seconds: array[int] = field(default_factory=lambda: array("q"))
    actors: array[int] = field(default_factory=lambda: array("i"))
    actions: array[int] = field(default_factory=lambda: array("i"))
    ids: array[int] = field(default_factory=lambda: array("q"))

    def copy(self) -> EventColumns:
        """Give columns that may be changed without changing these."""
        return EventColumns(self.seconds[:], self.actors[:], self.actions[:], self.ids[:])


class EventLog:
    """Events in the order of their seconds, with pages newest first.

    The portal sorts by second only. Where several events share one, their order is whatever the
    database finds at that moment, so it is drawn again for every page, from `chance`.
    """

    def __init__(self, columns: EventColumns, chance: random.Random) -> None:
        """Take sorted columns, which belong to the log from now on."""
        self.columns = columns
        self._chance = chance
        self._first = 0
        self._by_actor: dict[int, array[int]] | None = None
        self._by_action: dict[int, array[int]] | None = None
        self.next_id = max(columns.ids, default=0) + 1

    def __len__(self) -> int:
        """How many events there still are."""
        return len(self.columns.seconds) - self._first

    def build_indexes(self) -> None:
        """Build the indexes that a database has; else the first who asks waits for them."""
        self._of_actor(-1)
        self._of_action(-1)

    def insert(self, second: int, actor: int, action: int) -> int:
        """Add an event, after all those of the same second; answers its id."""
        columns = self.columns
        position = bisect_right(columns.seconds, second)
        at_end = position == len(columns.seconds)
        columns.seconds.insert(position, second)
        columns.actors.insert(position, actor)
        columns.actions.insert(position, action)
        columns.ids.insert(position, self.next_id)
        self.next_id += 1
        if at_end:
            if self._by_actor is not None:
                self._by_actor.setdefault(actor, array("i")).append(position)
            if self._by_action is not None:
                self._by_action.setdefault(action, array("i")).append(position)
        else:
            self._by_actor = self._by_action = None
            self._first += position < self._first
        return self.next_id - 1

    def forget_before(self, second: int) -> None:
        """Delete what is older than `second`, for good."""
        if self._first < len(self.columns.seconds) and self.columns.seconds[self._first] < second:
            self._first = bisect_left(self.columns.seconds, second)

    def forget_oldest(self, number: int, *, before: int) -> None:
        """Delete up to `number` of the oldest events, none from the second `before` on."""
        most = bisect_left(self.columns.seconds, before)
        self._first = max(self._first, min(self._first + number, most))

    def page(self, start: int, count: int) -> list[int]:
        """Cut `count` positions from the `start`-th newest on, of all events."""
        first, end = self._first, len(self.columns.seconds)
        high = end - max(start, 0)
        low = max(high - count, first)
        if high <= first:
            return []
        return self._shuffled(range(low, high), low, high, first, end, None)

    def filtered_page(
        self,
        start: int,
        count: int,
        *,
        positions: Sequence[int],
    ) -> list[int]:
        """Cut `count` positions from the `start`-th newest on, of those given (ascending)."""
        high = len(positions) - max(start, 0)
        low = max(high - count, 0)
        if high <= 0:
            return []
        return self._shuffled(positions[low:high], low, high, 0, len(positions), positions)

    def _shuffled(
        self,
        chosen: Sequence[int],
        low: int,
        high: int,
        first: int,
        end: int,
        positions: Sequence[int] | None,
    ) -> list[int]:
        """Turn `chosen` round, newest first, equal seconds in any order.

        A second that the page's edge cuts is drawn from as a whole: which of its events are on the
        page is as uncertain as their order.
        """
        seconds = self.columns.seconds
        at: Callable[[int], int] = (
            seconds.__getitem__ if positions is None else lambda index: seconds[positions[index]]
        )
        low_cut = low > first and at(low - 1) == at(low)
        high_cut = high < end and at(high) == at(high - 1)
        if not low_cut and not high_cut:
            times = [seconds[position] for position in chosen]
            if len(set(times)) == len(times):
                return list(reversed(chosen))
        index = range(end)
        wide_low = bisect_left(index, at(low), first, low, key=at) if low_cut else low
        wide_high = bisect_right(index, at(high - 1), high, end, key=at) if high_cut else high
        wide = range(wide_low, wide_high) if positions is None else positions[wide_low:wide_high]
        newest_first: list[int] = []
        group: list[int] = []
        for position in reversed(wide):
            if group and seconds[group[0]] != seconds[position]:
                if len(group) > 1:
                    self._chance.shuffle(group)
                newest_first += group
                group = []
            group.append(position)
        self._chance.shuffle(group)
        newest_first += group
        skipped = wide_high - high
        return newest_first[skipped : skipped + high - low]

    def matching(
        self,
        *,
        actors: Collection[int] | None = None,
        actions: Iterable[int] | None = None,
        since: int | None = None,
        until: int | None = None,
        keep: Callable[[int], bool] | None = None,
    ) -> Sequence[int]:
        """List the positions of all events that match, oldest first.

        `since` and `until` are seconds, both inclusive; `keep` has the last word on a position.
        """
        seconds, first = self.columns.seconds, self._first
        positions: Sequence[int]
        wanted = None if actions is None else frozenset(actions)
        if actors is not None:
            each = [self._of_actor(actor) for actor in actors]
            positions = each[0] if len(each) == 1 else sorted(chain.from_iterable(each))
        elif wanted is not None and len(wanted) == 1:
            positions, wanted = self._of_action(next(iter(wanted))), None
        else:
            positions = range(first, len(seconds))
        low = bisect_left(positions, first)
        if since is not None:
            low = bisect_left(positions, since, low, key=seconds.__getitem__)
        high = len(positions)
        if until is not None:
            high = bisect_right(positions, until, low, key=seconds.__getitem__)
        positions = positions[low:high]
        if wanted is not None:
            of = self.columns.actions
            positions = [position for position in positions if of[position] in wanted]
        if keep is not None:
            positions = [position for position in positions if keep(position)]
        return positions

    def _of_actor(self, actor: int) -> array[int]:
        if self._by_actor is None:
            self._by_actor = _index(self.columns.actors)
        return self._by_actor.get(actor, array("i"))

    def _of_action(self, action: int) -> array[int]:
        if self._by_action is None:
            self._by_action = _index(self.columns.actions)
        return self._by_action.get(action, array("i"))


def _index(column: array[int]) -> dict[int, array[int]]:
    index: dict[int, array[int]] = {}
    for position, value in enumerate(column):
        found = index.get(value)
        if found is None:
            index[value] = found = array("i")
        found.append(position)
    return index
