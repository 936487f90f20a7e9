"""How many requests a minute the portal bears: what is known of it, and what was sent.

Pure arithmetic on a clock that is passed in; who waits, and how, is the gate's part. A bucket that
leaks (aiolimiter) would not do: full at first, it lets nearly twice its rate through in the first
minute, and the portal counts every request of the last 60 seconds (BaseStartup.cs).
"""

import math
from collections import deque

WINDOW_SECONDS = 60.0
"""The portal's limiter looks back so far."""

DOCUMENTED_PER_MINUTE = 1500
"""What a limiter allows one account unless it was set otherwise (RateLimiterSettings.cs)."""

_USED_SHARE = 0.98
"""How much of a known allowance is used: clocks and networks are not exact."""

_EDGE = range(-6, 3)
"""Those requests before and after the documented allowance go one by one."""

_FRESH_SECONDS = 5.0
"""When no answer has shown the allowance for so long, the next request goes alone."""

_MOST_AT_ONCE = 100
"""No limiter of concurrent requests is taken to allow more."""

_MORE_THAN_A_MOMENT = 5.0
"""A bare 429 that asks for so many seconds, at the documented allowance, is taken for its end."""


class RateWindow:
    """The sliding window of one account's requests.

    A request takes its place from the moment it leaves until a minute after its answer: whenever
    the portal counted it, it is forgotten there by then.

    A portal tells its allowance in the headers of every answer, as the vendor documents, or in
    those of a 429, as release 3.7.2 does; or it has none. As long as nothing is known the
    requests go unhindered; only those around the documented allowance go one by one, so that a
    silent limiter costs a single 429.
    """

    def __init__(self, most: int | None) -> None:
        """Never let more than `most` a minute through; None leaves it to the portal."""
        self._most = most
        self._under_way = 0
        self._answered: deque[float] = deque()
        """When the place of each answered request comes free."""
        self._shown: int | None = None
        """The allowance that good answers show."""
        self._shown_at = -math.inf
        self._told: int | None = None
        """The allowance that a 429 told."""
        self._others = 0
        """How much of the allowance other programs with the same account use."""
        self._others_at = -math.inf
        self._resumes_at = -math.inf
        self._unlimited = False
        """The documented allowance was passed, and nothing happened."""

    def wait(self, now: float) -> float:
        """Return for how many seconds the next request must wait: 0 if it may go.

        Infinity means that an answer still under way must come first.
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
        """Count a request that leaves now."""
        self._under_way += 1

    def arrive(self, now: float, *, counted: bool) -> None:
        """Count its end; `counted` says whether the portal's limiter took it in."""
        self._under_way -= 1
        if not counted:
            return
        self._answered.append(now + WINDOW_SECONDS)
        if len(self._answered) >= DOCUMENTED_PER_MINUTE + _EDGE.stop:
            self._forget(now)
            if len(self._answered) >= DOCUMENTED_PER_MINUTE + _EDGE.stop:
                self._unlimited = True

    def show(self, now: float, *, limit: int, remaining: int, reset_in: float | None) -> None:
        """Take in what an answer's headers show of the allowance (`X-RateLimit-*`)."""
        self._forget(now)
        self._shown = limit
        self._shown_at = now
        others = max(0, limit - remaining - self._under_way - len(self._answered))
        # What is under way may or may not be counted in: the highest reading of late is right.
        if others >= self._others or now - self._others_at > 2.0:
            self._others = others
            self._others_at = now
        if remaining <= 0 and reset_in is not None:
            self.pause(now, min(reset_in, WINDOW_SECONDS))

    def refuse(self, now: float, *, limit: int | None, retry_after: float | None) -> None:
        """Take in a 429 of the limiter of requests a minute, before its request arrives.

        `limit` is the allowance where its headers tell it, `retry_after` the seconds that it
        asks for; without them it is waited until enough of one's own requests are forgotten. A
        bare 429 may be anybody's: only at the documented allowance is it taken for the portal's.
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
        """Say whether a 429 that tells this limit speaks of requests at once, not a minute.

        The portal allows 50 and 15 at once, and tells it in the same header.
        """
        return limit <= _MOST_AT_ONCE and (self._shown is None or limit < self._shown)

    def pause(self, now: float, seconds: float) -> None:
        """Let nothing leave for so long."""
        self._resumes_at = max(self._resumes_at, now + seconds)

    def _goes_alone(self, used: int, now: float) -> bool:
        """Say whether the next request may meet the end of an allowance that nobody has told."""
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
