"""How many requests to the logs, and how much time, one command may take.

Both grow with the number of the portal's people and with the days read back. Beyond either, the
logs answer with an error, and everyone still undecided is held; a note says so when four fifths
are used, and at the end. What was read is kept, so that the same command continues where this one
stopped.
"""

import logging
from collections.abc import Callable

from lastseen.docspace.http.error_text import ErrorText, Operation
from lastseen.docspace.http.limits import Limits

_PROGRESS = logging.getLogger("lastseen.progress")
_WARNED_AT = 0.8
_NEAR = 0.7


class LogBudget:
    """Counts the requests to the logs of one portal, and the time since the first."""

    def __init__(
        self, limits: Limits, error_text: ErrorText, monotonic: Callable[[], float]
    ) -> None:
        """Start with nothing used; `monotonic` gives the time in seconds."""
        self._limits = limits
        self._error_text = error_text
        self._monotonic = monotonic
        self._people = 0
        self._days = 0.0
        self._requests = 0
        self._began: float | None = None
        self._is_warned = False
        self._ended = False

    def expect_people(self, number: int, operation: Operation) -> None:
        """Raise the limits to what a portal with that many people may need.

        Raises PortalUnreadable if no portal has that many.
        """
        if number > self._limits.people:
            reason = f"the list claims to have {number:,} people, more than {self._limits.people:,}"
            raise self._error_text.unreadable(operation, reason)
        self._people = max(self._people, number)

    def expect_days(self, number: float) -> None:
        """Raise the limits to what reading that many days back may need."""
        self._days = max(self._days, number)

    @property
    def is_nearly_spent(self) -> bool:
        """Whether requests or time are about to run out."""
        return self._share_spent() >= _NEAR

    def spend(self, operation: Operation) -> None:
        """Count one request; raises PortalUnreadable if requests or time are used up."""
        now = self._monotonic()
        if self._began is None:
            self._began = now
        self._requests += 1
        requests, seconds = self._most_requests, self._most_seconds
        spent = now - self._began
        if self._requests > requests or spent > seconds:
            used_up = f"{requests:,} requests" if self._requests > requests else _minutes(seconds)
            self._note_end(used_up)
            raise self._error_text.endless(operation, used_up)
        if not self._is_warned and self._share_spent() >= _WARNED_AT:
            self._is_warned = True
            _PROGRESS.warning(
                "%s requests to the logs in %s so far; this command stops after %s requests or %s, "
                "and the next one continues from there",
                f"{self._requests:,}",
                _minutes(spent),
                f"{requests:,}",
                _minutes(seconds),
            )

    @property
    def _most_requests(self) -> int:
        person_days = self._people * self._days
        return self._limits.log_requests + int(self._limits.log_requests_a_person_day * person_days)

    @property
    def _most_seconds(self) -> float:
        person_days = self._people * self._days
        return self._limits.log_seconds + self._limits.log_seconds_a_person_day * person_days

    def _share_spent(self) -> float:
        if self._began is None:
            return 0.0
        spent = self._monotonic() - self._began
        return max(self._requests / self._most_requests, spent / self._most_seconds)

    def _note_end(self, used_up: str) -> None:
        """Note once that the logs are abandoned; the review holds everyone undecided."""
        if not self._ended:
            self._ended = True
            _PROGRESS.warning(
                "%s did not reach the end of the logs: reading stops here; run the same command "
                "again to continue",
                used_up,
            )


def _minutes(seconds: float) -> str:
    whole = round(seconds / 60)
    return f"{whole:,} minute{'' if whole == 1 else 's'}"
