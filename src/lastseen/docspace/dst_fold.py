"""The hour that occurs twice when clocks go back, and the dates that may be in it.

The portal gives an offset with each date but not its zone, so every zone that the machine knows is
checked. A machine without a database of zones (Windows, without `tzdata`) knows none.
"""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


def may_be_repeated(moment: datetime) -> bool:
    """Return whether `moment`, aware, is in the second pass of such an hour in any zone."""
    written, offset = moment.replace(tzinfo=None), moment.utcoffset()
    for zone in _zones():
        first = written.replace(tzinfo=zone, fold=0).utcoffset()
        second = written.replace(tzinfo=zone, fold=1).utcoffset()
        if first is not None and second is not None and first > second == offset:
            return True
    return False


@cache
def _zones() -> tuple[ZoneInfo, ...]:
    return tuple(map(ZoneInfo, sorted(available_timezones())))
