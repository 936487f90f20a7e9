"""Time in Lastseen: aware instants in UTC and half-open intervals of them.

Nothing here reads a clock; a `Clock` is passed in from the edge.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NewType

import msgspec

Instant = NewType("Instant", datetime)
"""An aware `datetime` in UTC. Make one with `instant` or `parse_instant`."""

_WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
"""What people write; Python also reads `20261101`, `2026-W44-7` and more."""

Clock = Callable[[], Instant]
"""Gives the present instant; passed in, never read elsewhere."""

EPOCH = Instant(datetime(1970, 1, 1, tzinfo=UTC))
"""The earliest instant that coverage can contain."""

DAY_SECONDS = 86_400.0
WEEK_SECONDS = 7 * DAY_SECONDS

CLOCK_TOLERANCE = timedelta(minutes=5)
"""By how much two clocks may differ before nothing that depends on both is trusted."""


class Interval(msgspec.Struct, frozen=True, order=True, gc=False):
    """A stretch of time, half open: it includes `since` but not `until`."""

    since: Instant
    """The first instant inside."""
    until: Instant
    """The first instant after it; never before `since`."""

    def __post_init__(self) -> None:
        """Refuse an interval that ends before it begins."""
        if self.until < self.since:
            raise ValueError(f"interval ends before it begins: {self.since} > {self.until}")


def instant(moment: datetime) -> Instant:
    """Return `moment` in UTC; raises ValueError if it has no time zone."""
    if moment.tzinfo is UTC:
        return Instant(moment)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a time zone: {moment.isoformat()}")
    return Instant(moment.astimezone(UTC))


def system_clock() -> Instant:
    """Return the machine's present instant; only edges pass this on as their `Clock`."""
    return Instant(datetime.now(UTC))


def parse_instant(text: str) -> Instant:
    """Read ISO 8601; a date alone is its midnight UTC, a time without zone is taken as UTC.

    Raises ValueError when `text` is neither.
    """
    written = text.strip()
    if not _WRITTEN.fullmatch(written):
        raise ValueError("not a date or a time as people write them")
    moment = datetime.fromisoformat(written)
    return instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def format_instant(moment: Instant) -> str:
    """Return `2026-11-01T10:30:00Z`, with microseconds only if there are any."""
    return moment.isoformat().replace("+00:00", "Z")


def minute(moment: Instant) -> str:
    """Return `2026-11-01 10:30 UTC`, as people read it."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def whole_second(moment: Instant) -> Instant:
    """Return `moment` with its fraction truncated, as the portal's log stores it."""
    return Instant(moment.replace(microsecond=0))


def days(count: float) -> timedelta:
    """Return `count` times 24 hours."""
    return timedelta(days=count)


def before(moment: Instant, span: timedelta) -> Instant:
    """Return the instant `span` before `moment`, no earlier than `EPOCH`."""
    return max(EPOCH, Instant(moment - span)) if span < moment - EPOCH else EPOCH


def after(moment: Instant, span: timedelta) -> Instant:
    """Return the instant `span` after `moment`."""
    return Instant(moment + span)


def utc_date(moment: Instant) -> date:
    """Return the calendar day in UTC."""
    return moment.date()
