"""When a job is tried again: decided where it ended, carried out by Procrastinate."""

from typing import Self

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

AFTER_OUTAGES = (120.0, 600.0)
"""After how many seconds a job is tried again whose portal gave no usable answer."""

MOST_WAITS = 360
"""So often a job is put off because somebody else is at work on its portal: for about an hour."""


MOST_LEDGER_FAULTS = 6
"""So often a job is tried again that the ledger failed."""


class Again(Exception):
    """The job is to be tried again in so many seconds; the text says why."""

    def __init__(self, seconds: float, why: str) -> None:
        """Try again in `seconds`."""
        super().__init__(why)
        self.seconds = seconds

    @classmethod
    def after_outage(cls, attempts: int, why: str) -> Self | None:
        """Return when to try after an outage, None when it has been tried often enough."""
        if attempts >= len(AFTER_OUTAGES):
            return None
        return cls(AFTER_OUTAGES[attempts], why)


class AgainStrategy(BaseRetryStrategy):
    """Tries again what raised `Again`, or what was cancelled with its worker; nothing else."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, None for never."""
        if isinstance(exception, Again):
            return RetryDecision(retry_in={"seconds": round(exception.seconds)})
        if isinstance(exception, Exception):
            return None
        return RetryDecision()  # a CancelledError: the worker ends
