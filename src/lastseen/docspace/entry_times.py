"""At which times a log has entries by anybody: whether it is being written at all.

Writing to the logs is fire-and-forget (DbMessageSender.cs), and a log that has stopped looks as if
everybody had left. Only times are kept here; `evidence` decides what a pause means.
"""

from collections.abc import Sequence
from datetime import timedelta

from lastseen.model.instant import Instant, Interval, instant
from lastseen.model.sighting import Event

GRAIN = timedelta(days=1)
"""Entries no further apart than this belong to one stretch."""

_SECOND = timedelta(seconds=1)


class EntryTimes:
    """Notes the stretches over which pages of one log show an entry at least every `GRAIN`."""

    def __init__(self) -> None:
        """Start without having seen a page."""
        self._stretches: list[Interval] = []

    def note(self, events: Sequence[Event]) -> None:
        """Take the entries of a page, newest first."""
        if not events:
            return
        newest = last = events[0].at
        # Most pages of a busy portal span less than a day: nothing to look for.
        steps = events if newest - events[-1].at > GRAIN else events[-1:]
        for event in steps:
            if last - event.at > GRAIN and len(steps) > 1:
                self._add(last, newest)
                newest = event.at
            last = event.at
        self._add(last, newest)

    def stretches(self) -> tuple[Interval, ...]:
        """Return the stretches seen so far, in no order; they may overlap."""
        return tuple(self._stretches)

    def _add(self, oldest: object, newest: object) -> None:
        since, until = instant(oldest), instant(newest)  # type: ignore[arg-type]
        self._stretches.append(Interval(since, Instant(until + _SECOND)))
