"""How many requests per minute the portal allows, and how many were sent.

Pure arithmetic on a clock that is passed in; waiting is the limiter's job. A leaky bucket
(aiolimiter) would not do: it starts full and lets nearly twice its rate through in the first
minute, while the portal counts every request of the last 60 seconds (BaseStartup.cs).
"""

import math
from collections import deque

WINDOW_SECONDS = 60.0
"""The length of the portal's sliding window."""

DOCUMENTED_PER_MINUTE = 1500
"""The default allowance per account (RateLimiterSettings.cs)."""

_USED_SHARE = 0.98
"""The share of a known allowance that is used: clocks and networks are not exact."""

USED_PER_MINUTE = int(DOCUMENTED_PER_MINUTE * _USED_SHARE)
"""How many requests a minute are sent to a portal with the documented allowance."""

_EDGE = range(-1, 3)
"""Requests this close to the documented allowance go one at a time: the portal may count the
question for its release, which needs no key, for another account."""

_FRESH_SECONDS = 5.0
"""If no answer has shown the allowance for this long, the next request goes alone."""

_MOST_AT_ONCE = 100
"""Higher limits count as limits per minute, not of concurrent requests."""

_MORE_THAN_A_MOMENT = 5.0
"""A bare 429 at the documented allowance that asks for a longer wait means it is used up."""


class RateWindow:
    """The sliding window of one account's requests.

    A request counts from the moment it is sent until a minute after its answer: whenever the
    portal counted it, it has dropped out of the portal's window by then.

    A portal states its allowance in the headers of every answer, as the vendor documents, or in
    those of a 429, as release 3.7.2 does; or it has none. While nothing is known, requests are
    not held back; only those around the documented allowance go one at a time, so that a limiter
    without headers costs a single 429.
    """

    def __init__(self, most: int | None) -> None:
        """Never let more than `most` per minute through; None sets no limit of our own."""
        self._most = most
        self._under_way = 0
        self._answered: deque[float] = deque()
        """When each answered request drops out of the window."""
        self._shown: int | None = None
        """The allowance according to successful answers."""
        self._shown_at = -math.inf
        self._told: int | None = None
        """The allowance according to a 429."""
        self._others = 0
        """How much of the allowance other programs with the same account use."""
        self._others_at = -math.inf
        self._resumes_at = -math.inf
        self._unlimited = False
        """The documented allowance was exceeded without a refusal."""

    def wait(self, now: float) -> float:
        """Return how many seconds the next request must wait; 0 if it may be sent now.

        Infinity means that a pending answer must arrive first.
        """
        if now < self._resumes_at:
            return self._resumes_at - now
        self._forget(now)
        used = self._under_way + len(self._answered)
        if self._under_way and self._goes_alone(used, now):
            return math.inf
        allowance = self._allowance()
        others = 0
        if now - self._others_at < WINDOW_SECONDS:
            others = math.ceil(self._others * 1.1)
        if allowance is None or used + others < allowance:
            return 0.0
        frees = self._answered[0] if self._answered else math.inf
        if others:
            frees = min(frees, self._others_at + WINDOW_SECONDS)
        return max(0.001, frees - now)

    def leave(self) -> None:
        """Count a request that is sent now."""
        self._under_way += 1

    def arrive(self, now: float, *, counted: bool) -> None:
        """Count its end; `counted` says whether the portal's limiter counted it."""
        self._under_way -= 1
        if not counted:
            return
        self._answered.append(now + WINDOW_SECONDS)
        if len(self._answered) >= DOCUMENTED_PER_MINUTE + _EDGE.stop:
            self._forget(now)
            if len(self._answered) >= DOCUMENTED_PER_MINUTE + _EDGE.stop:
                self._unlimited = True

    def show(self, now: float, *, limit: int, remaining: int, reset_in: float | None) -> None:
        """Read the allowance from an answer's headers (`X-RateLimit-*`)."""
        self._forget(now)
        self._shown = limit
        self._shown_at = now
        others = max(0, limit - remaining - self._under_way - len(self._answered))
        # Pending requests may or may not be included: the highest recent reading is right.
        if others >= self._others or now - self._others_at > 2.0:
            self._others = others
            self._others_at = now
        if remaining <= 0 and reset_in is not None:
            self.pause(now, min(reset_in, WINDOW_SECONDS))

    def refuse(self, now: float, *, limit: int | None, retry_after: float | None) -> None:
        """Take in a 429 of the per-minute limiter, before `arrive` is called for its request.

        `limit` is the allowance, if its headers state it; `retry_after` is the wait that it asks
        for. Without either, requests wait until enough of our own drop out of the window. A bare
        429 may come from a proxy: it counts as the portal's only at the documented allowance.
        """
        self._forget(now)
        if limit is None and retry_after is not None and retry_after >= _MORE_THAN_A_MOMENT:
            used = self._under_way + len(self._answered)
            limit = DOCUMENTED_PER_MINUTE if self._is_on_edge(used) else None
        if limit is not None:
            self._told = limit
            self._others = max(0, limit - len(self._answered) - self._under_way + 1)
            self._others_at = now
        if retry_after is not None:
            self.pause(now, retry_after)

    def is_of_another_limiter(self, limit: int) -> bool:
        """Return whether a 429 with this limit means concurrent requests, not those per minute.

        The portal allows 50 and 15 at once, and states that in the same header.
        """
        return limit <= _MOST_AT_ONCE and (self._shown is None or limit < self._shown)

    def pause(self, now: float, seconds: float) -> None:
        """Send nothing for this long."""
        self._resumes_at = max(self._resumes_at, now + seconds)

    def _goes_alone(self, used: int, now: float) -> bool:
        """Return whether the next request may exceed an allowance that is not known."""
        if self._shown is not None:
            return now - self._shown_at > _FRESH_SECONDS  # others may have used what was left
        return self._told is None and not self._unlimited and self._is_on_edge(used)

    def _is_on_edge(self, used: int) -> bool:
        return used - DOCUMENTED_PER_MINUTE in _EDGE

    def _allowance(self) -> int | None:
        known = self._shown if self._shown is not None else self._told
        if known is not None:
            known = max(1, int(known * _USED_SHARE))
        if self._most is None:
            return known
        return self._most if known is None else min(self._most, known)

    def _forget(self, now: float) -> None:
        answered = self._answered
        while answered and answered[0] <= now:
            answered.popleft()
