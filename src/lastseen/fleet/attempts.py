"""When a job is retried: decided where it ended, carried out by Procrastinate."""

from typing import Self

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

AFTER_OUTAGES = (120.0, 600.0)
"""Seconds until a job is retried whose portal gave no usable answer."""

MOST_WAITS = 360
"""How often a job is put off because its portal is locked: for about an hour."""

BEHIND = -1
"""The priority of a job that is retried after an outage. A waiting job holds up those of its lock
that have no higher priority, even if it is not due yet; this one holds up none."""

MOST_LEDGER_FAULTS = 6
"""How often a job is retried that failed because of the ledger."""


class RetryLater(Exception):
    """The job is to be retried after some seconds; the text says why."""

    def __init__(self, seconds: float, why: str, *, priority: int | None = None) -> None:
        """Retry in `seconds`; without a priority it keeps the one it has."""
        super().__init__(why)
        self.seconds = seconds
        self.priority = priority

    @classmethod
    def after_outage(cls, attempts: int, why: str) -> Self | None:
        """Return when to retry after an outage, or None after enough attempts."""
        if attempts >= len(AFTER_OUTAGES):
            return None
        return cls(AFTER_OUTAGES[attempts], why, priority=BEHIND)


class RetryLaterStrategy(BaseRetryStrategy):
    """Retries jobs that raised `RetryLater` or were cancelled with their worker; no others."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to retry, or None for never."""
        if isinstance(exception, RetryLater):
            return RetryDecision(
                retry_in={"seconds": round(exception.seconds)}, priority=exception.priority
            )
        if isinstance(exception, Exception):
            return None
        return RetryDecision()  # a CancelledError: the worker ends
