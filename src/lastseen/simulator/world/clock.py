"""The portal's clock, for tests that need one that advances only by hand.

Anything that answers with an aware `datetime` when called will do instead.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Tell the time by the machine's own clock."""
    return datetime.now(UTC)


class MovableClock:
    """A clock that advances only when it is moved."""

    def __init__(self, now: datetime) -> None:
        """Stand at `now`, which must know its zone."""
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move on (or back) by so much."""
        self.now += by
