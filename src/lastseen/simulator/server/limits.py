"""The portal's limits per account (`RateLimiterSettings.cs`, `BaseStartup.cs`).

Off unless asked for, as on small self-hosted portals. It counts; it never waits.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

_MINUTE = 60.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The limits of one account."""

    per_minute: int = 1500
    """Requests within any sixty seconds."""
    gets: int = 50
    """GETs at the same time."""
    writes: int = 15
    """Other requests at the same time."""
    daily_writes: int = 10_000
    """POSTs and PUTs within a day that begins with the first."""
    announced: bool = True
    """Whether the headers are those of the vendor's OpenAPI file: `X-RateLimit-*` on every answer
    and `Retry-After` on every 429. Release 3.7.2 itself adds headers to a 429 only, and
    `Retry-After` to that of the daily limit only (RedisRateLimiting 1.2.1)."""


class Verdict(NamedTuple):
    """Whether a request may pass, and the headers to add to its answer."""

    passes: bool
    headers: dict[str, str]


@dataclass(slots=True)
class _Account:
    passed: deque[float] = field(default_factory=deque)
    gets: int = 0
    writes: int = 0
    day_began: float | None = None
    written: int = 0


class Limiter:
    """Counts what each account asks for."""

    def __init__(self, limit: RateLimit) -> None:
        """Take the limits, the same for every account."""
        self.limit = limit
        self._accounts: dict[str, _Account] = {}

    def judge(self, account: str, method: str, now: float) -> Verdict:
        """Decide on a request that has arrived.

        What the minute's limit refuses does not count towards it; what a later limit refuses does.
        `now` is in seconds, of a clock that never goes back.
        """
        known = self._accounts.setdefault(account, _Account())
        while known.passed and known.passed[0] <= now - _MINUTE:
            known.passed.popleft()
        limit = self.limit
        if len(known.passed) >= limit.per_minute:
            wait = known.passed[0] + _MINUTE - now
            return self._refused(limit.per_minute, now + wait, wait, own_retry_after=False)
        known.passed.append(now)
        # Its own slot was taken by `enter`.
        reading = method == "GET"
        busy, most = (known.gets, limit.gets) if reading else (known.writes, limit.writes)
        if busy > most:
            return self._refused(most, now + 1, 1.0, own_retry_after=False)
        if method in {"POST", "PUT"}:
            if known.day_began is None or now >= known.day_began + _DAY:
                known.day_began, known.written = now, 0
            if known.written >= limit.daily_writes:
                wait = known.day_began + _DAY - now
                return self._refused(limit.daily_writes, now + wait, wait, own_retry_after=True)
            known.written += 1
        if not limit.announced:
            return Verdict(True, {})
        left = limit.per_minute - len(known.passed)
        return Verdict(True, _headers(limit.per_minute, left, known.passed[0] + _MINUTE))

    def enter(self, account: str, method: str) -> None:
        """Say that a request is on its way."""
        known = self._accounts.setdefault(account, _Account())
        if method == "GET":
            known.gets += 1
        else:
            known.writes += 1

    def leave(self, account: str, method: str) -> None:
        """Say that its answer has gone out."""
        known = self._accounts[account]
        if method == "GET":
            known.gets -= 1
        else:
            known.writes -= 1

    def _refused(self, limit: int, reset: float, wait: float, *, own_retry_after: bool) -> Verdict:
        headers = _headers(limit, 0, reset)
        if self.limit.announced or own_retry_after:
            headers["Retry-After"] = str(max(1, math.ceil(wait)))
        else:
            del headers["X-RateLimit-Reset"]
        return Verdict(False, headers)


def _headers(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(math.ceil(reset)),
    }
