"""How the portal writes dates and which ones it reads, to the letter of `ApiDateTime.cs`.

Instants are whole seconds since 1970 (UTC), since the portal's columns hold no more. No clock here.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_READ = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2})([:-])(\d{2})\5(\d{2})(?:\.(\d{3}|\d{7}))?"
    r"(?:(Z)|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = 10_000_000
_MOST_MINUTES = 100_000
_QUARTER = 15
"""Minutes: clocks of all zones are set at quarters of an hour, and by quarters of an hour."""


class BadDate(ValueError):
    """The portal cannot read this date; it answers 400."""


def read_date(text: str) -> int:
    """Read a date of a query; answers ticks of 100 ns since 1970.

    Accepted are no fraction, three digits or seven, then `Z` or an offset with a colon, with colons
    or (for whatever reason) dashes in the time. Six digits are refused, and so is a date without a
    zone: the server's converter has no portal at hand whose zone it could take.
    """
    found = _READ.fullmatch(text)
    if found is None:
        raise BadDate(text)
    year, month, day, hour, _, minute, second, fraction, _, sign, off_hours, off_minutes = (
        found.groups()
    )
    try:
        instant = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError as error:
        raise BadDate(text) from error
    seconds = (instant - _EPOCH) // timedelta(seconds=1)
    if sign is not None:
        offset = int(off_hours) * 3600 + int(off_minutes) * 60
        if int(off_minutes) > 59 or offset > 14 * 3600:
            raise BadDate(text)
        seconds += offset if sign == "-" else -offset
    return seconds * _TICKS + int((fraction or "").ljust(7, "0"))


FIRST_TICK = -62_135_596_800 * _TICKS
"""`DateTime.MinValue`, which the repositories take as "no date"."""


def seconds_from(ticks: int) -> int:
    """Give the first whole second that is not before `ticks`."""
    return -(-ticks // _TICKS)


def seconds_to(ticks: int) -> int:
    """Give the last whole second that is not after `ticks`."""
    return ticks // _TICKS


class DateWriter:
    """Writes instants in the portal's time zone, seven fraction digits, `Z` at offset zero."""

    def __init__(self, zone: str) -> None:
        """Take an IANA name, such as `Europe/Berlin`."""
        self._zone = ZoneInfo(zone)
        self._minutes: dict[int, tuple[bytes, bytes]] = {}
        self._quarters: dict[int, tuple[bytes, int, bytes]] = {}

    def of_event(self, second: int) -> str:
        """Write the date of a login or trail event."""
        minute, offset = self.minute_of_event(second)
        return f"{minute.decode()}{second % 60:02}.0000000{offset.decode()}"

    def minute_of_event(self, second: int) -> tuple[bytes, bytes]:
        """Write what comes before and behind the seconds in the date of a login or trail event.

        The server turns it into local time first and back again later (`TenantUtil`), so that the
        hour which an autumn night has twice is written as its second pass both times: events of the
        first pass look one hour later than they were.
        """
        known = self._minutes.get(second // 60)
        if known is None:
            if len(self._minutes) >= _MOST_MINUTES:
                self._minutes.clear()
            quarter, minute = divmod(second // 60, _QUARTER)
            hour, begins, offset = self._quarter(quarter)
            known = self._minutes[second // 60] = b"%b%02d:" % (hour, begins + minute), offset
        return known

    def of_profile(self, second: int) -> str:
        """Write a date of a profile (`registrationDate`, `terminated`), which is kept in UTC.

        Digits which the zone's clock skips in spring are moved on by an hour first, although they
        are UTC (`ApiDateTime.SetDate`).
        """
        return _of_profile(self._zone, second)

    def _quarter(self, number: int) -> tuple[bytes, int, bytes]:
        """Write the hour of a quarter of an hour since 1970, the minute it begins, the offset."""
        known = self._quarters.get(number)
        if known is None:
            instant = datetime.fromtimestamp(number * _QUARTER * 60, self._zone)
            shift = instant.utcoffset() or timedelta()
            written = min(shift, instant.replace(fold=1).utcoffset() or timedelta())
            hour, offset = f"{instant:%Y-%m-%dT%H:}".encode(), _suffix(written).encode()
            known = self._quarters[number] = hour, instant.minute, offset
        return known


def http_date(second: float) -> str:
    """Write an instant as the `Date` header has it (RFC 9110)."""
    instant = datetime.fromtimestamp(int(second), UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[instant.weekday()]
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[instant.month * 3 - 3 : instant.month * 3]
    return f"{day}, {instant.day:02} {month} {instant:%Y %H:%M:%S} GMT"


@lru_cache(maxsize=65_536)
def _of_profile(zone: ZoneInfo, second: int) -> str:
    wall = _EPOCH + timedelta(seconds=second)
    local = wall.replace(tzinfo=zone)
    back = local.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None) != local.replace(tzinfo=None):
        second += 3600
    instant = datetime.fromtimestamp(second, zone)
    offset = instant.utcoffset() or timedelta()
    return f"{instant:%Y-%m-%dT%H:%M:%S}.0000000{_suffix(offset)}"


def _suffix(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    if minutes == 0:
        return "Z"
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
