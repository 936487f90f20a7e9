"""When a portal's job is due: a cron expression in a time zone, with a fixed jitter per portal.

Pure. Daylight saving time is handled as in cron: a time that is skipped runs at the moment the
clocks jump to; a fixed hour that is repeated runs once.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import msgspec
from croniter import croniter

from lastseen.model.instant import Instant, after, instant

PORTALS_ZONE = "portal"
"""The name for the portal's own time zone."""

_FIELDS = 5


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a portal's jobs are due."""

    cron: str
    """Minute, hour, day of the month, month, day of the week."""
    time_zone: str = "UTC"
    """The zone in which the expression is read: an IANA name, or `portal` for the portal's own."""
    jitter_minutes: int = 0
    """Each portal starts up to this many minutes later, always with the same delay."""


def problem_with(cron: str) -> str | None:
    """Return what is wrong with a cron expression, or None."""
    if len(cron.split()) != _FIELDS:
        return "must have five fields: minute, hour, day of the month, month, day of the week"
    try:
        croniter(cron, datetime(2026, 1, 1)).get_next(datetime)  # noqa: DTZ001 - any start will do
    except (ValueError, KeyError):  # croniter's errors are ValueErrors
        return "is not a cron expression that ever matches"
    return None


def is_time_zone(name: str) -> bool:
    """Return whether `name` is an IANA time zone that this machine knows, or `portal`."""
    if name == PORTALS_ZONE:
        return True
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    except KeyError:
        return False
    return True


def next_due(
    schedule: Schedule, *, portal: str, now: Instant, portal_zone: str | None = None
) -> Instant:
    """Return when the portal's next job is due: after `now`, its jitter included.

    `portal` is the portal's name, which determines its delay. `portal_zone` is the portal's own
    time zone; None or a name that this machine doesn't know: UTC.
    """
    zone = _zone(schedule.time_zone, portal_zone)
    delay = delay_of(portal, schedule.jitter_minutes)
    times = croniter(schedule.cron, (now - delay).astimezone(zone))
    while True:
        due: datetime = times.get_next(datetime)
        if not (due.fold and _names_the_hour(schedule.cron)):
            return after(instant(due), delay)


def delay_of(portal: str, jitter_minutes: int) -> timedelta:
    """Return a portal's delay: the same on every call and every machine."""
    seconds = jitter_minutes * 60
    if not seconds:
        return timedelta()
    number = int.from_bytes(sha256(portal.encode()).digest()[:8], "big")
    return timedelta(seconds=number % seconds)


def _zone(name: str, portal_zone: str | None) -> ZoneInfo:
    wanted = (portal_zone or "UTC") if name == PORTALS_ZONE else name
    return ZoneInfo(wanted if wanted != PORTALS_ZONE and is_time_zone(wanted) else "UTC")


def _names_the_hour(cron: str) -> bool:
    return not cron.split()[1].startswith("*")
