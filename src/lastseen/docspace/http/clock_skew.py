"""The portal's clock, read from the `Date` header of every answer and compared to the machine's.

Only headers and instants: what a difference means for a decision is up to others.
"""

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime

from lastseen.model.instant import Instant, instant

_GRAIN = timedelta(seconds=1)
"""The header's resolution: whole seconds."""


class PortalClock:
    """Reads the portal's time from answers and remembers the largest difference."""

    def __init__(self) -> None:
        """Start without having seen an answer."""
        self.largest_skew_seconds = 0.0
        self.is_known = False
        """Whether any answer has contained it."""
        self._last_text = ""
        self._last_time: Instant | None = None

    def read(self, headers: Mapping[str, str]) -> Instant | None:
        """Return the portal's time from an answer's headers, or None if they don't have it.

        An answer that a cache kept is older than its arrival by its `Age` (RFC 9111).
        """
        text = headers.get("Date")
        if not text:
            return None
        if text != self._last_text:  # within one second all answers carry the same text
            self._last_text = text
            self._last_time = _read_date(text)
        if self._last_time is None:
            return None
        self.is_known = True
        age = headers.get("Age")
        if age and age.isascii() and age.isdigit() and len(age) < 9:
            return Instant(self._last_time + timedelta(seconds=int(age)))
        return self._last_time

    def compare(self, portal_time: Instant, *, sent_at: Instant, answered_at: Instant) -> None:
        """Keep the difference if it is the largest: positive if the portal is ahead.

        A time between sending and answer, give or take a second, is no difference.
        """
        if portal_time > answered_at + _GRAIN:
            skew = (portal_time - answered_at).total_seconds()
        elif portal_time < sent_at - _GRAIN:
            skew = (portal_time - sent_at).total_seconds()
        else:
            return
        if abs(skew) > abs(self.largest_skew_seconds):
            self.largest_skew_seconds = skew


def _read_date(text: str) -> Instant | None:
    try:
        moment = parsedate_to_datetime(text)
        # Arithmetic could overflow beyond these years, and no clock shows them.
        return instant(moment) if 1971 <= moment.year < 9000 else None
    except (ValueError, OverflowError, TypeError):
        return None
