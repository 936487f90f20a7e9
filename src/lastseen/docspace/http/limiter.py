"""Limits concurrent requests, and requests per minute, to what the portal allows.

The limits themselves are in `limits`, the arithmetic of requests per minute in `rate_window`.
Nothing here knows what is asked or answered, beyond latency, status and limiter headers.
"""

import asyncio
import math
from collections import deque
from collections.abc import Mapping

from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.rate_window import RateWindow
from lastseen.docspace.http.request import Runtime

_FIRST_WIDTH = 16.0
"""Concurrent requests at the start."""

_FIRST_GROWTH, _GROWTH = 8.0, 4.0
"""By how many the concurrent requests grow with each round, at first and once they were too many.

Most reviews are over after a few rounds.
"""

_SHORT_PAUSE_SECONDS = 0.5
"""How long all requests wait after a 429 without a waiting time."""


class Limiter:
    """Lets requests through within the limits, first come, first served.

    Every request passes `enter` and, whatever its result, `leave`.
    """

    def __init__(self, limits: Limits, runtime: Runtime) -> None:
        """Start with nothing in flight and nothing known about the portal's limiter."""
        self._runtime = runtime
        self._rate = RateWindow(limits.per_minute)
        self._reads = _ConcurrencyWindow(most=limits.reads)
        self._writes = _ConcurrencyWindow(most=limits.writes)
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = math.inf

    @property
    def width(self) -> int:
        """How many GETs may run at once now."""
        return int(self._reads.width)

    @property
    def wanted(self) -> int:
        """How many GETs callers should start at once.

        One more than may run: the limiter tries more only while some wait. A longer queue would
        take the share of other commands that use the same key.
        """
        return int(self._reads.width) + 1

    async def enter(self, *, writing: bool) -> None:
        """Wait until one more request may be sent, and count it."""
        window = self._writes if writing else self._reads
        if not window.queue and self._may_start(window):
            self._let_through(window)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        window.queue.append(turn)
        self._call_next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(writing=writing, counted=False)
            raise

    def leave(self, *, writing: bool, counted: bool = True) -> None:
        """Count a request's end; `counted=False` if the portal's limiter did not count it."""
        window = self._writes if writing else self._reads
        window.under_way -= 1
        self._rate.arrive(self._runtime.monotonic(), counted=counted)
        self._call_next()

    def answered(
        self, seconds: float, headers: Mapping[str, str], *, writing: bool, portal_now: float
    ) -> None:
        """Learn from a successful answer: its latency and limiter headers.

        `portal_now` is the portal's clock, as Unix time.
        """
        (self._writes if writing else self._reads).widen(seconds)
        limit = _whole_number(headers.get("X-RateLimit-Limit"))
        remaining = _whole_number(headers.get("X-RateLimit-Remaining"))
        if limit and remaining is not None:
            self._rate.show(
                self._runtime.monotonic(),
                limit=limit,
                remaining=remaining,
                reset_in=_reset_in(headers, portal_now),
            )

    def refused(
        self, headers: Mapping[str, str], *, writing: bool, retry_after: float | None
    ) -> None:
        """Learn from a 429; `retry_after` is what its header says, in seconds."""
        now = self._runtime.monotonic()
        window = self._writes if writing else self._reads
        window.narrow(now)
        limit = _whole_number(headers.get("X-RateLimit-Limit")) or None
        if limit is not None and self._rate.is_of_another_limiter(limit):
            window.hold_to(limit)
            self._rate.pause(now, _SHORT_PAUSE_SECONDS if retry_after is None else retry_after)
        elif limit is None and retry_after is None:
            self._rate.pause(now, _SHORT_PAUSE_SECONDS)
        else:
            self._rate.refuse(now, limit=limit, retry_after=retry_after)

    def troubled(self, *, writing: bool, retry_after: float | None = None) -> None:
        """Learn from signs of an overloaded portal: 5xx or a time-out."""
        now = self._runtime.monotonic()
        (self._writes if writing else self._reads).narrow(now)
        if retry_after is not None:
            self._rate.pause(now, retry_after)

    async def close(self) -> None:
        """Cancel the timer, if one is set."""
        if self._alarm is not None:
            self._alarm.cancel()
            await asyncio.gather(self._alarm, return_exceptions=True)
            self._alarm = None

    def _may_start(self, window: "_ConcurrencyWindow") -> bool:
        return window.has_room() and self._rate.wait(self._runtime.monotonic()) <= 0

    def _let_through(self, window: "_ConcurrencyWindow") -> None:
        window.under_way += 1
        self._rate.leave()

    def _call_next(self) -> None:
        for window in (self._writes, self._reads):
            while window.queue:
                if window.queue[0].done():  # its caller was cancelled
                    window.queue.popleft()
                    continue
                if not window.has_room():
                    break
                wait = self._rate.wait(self._runtime.monotonic())
                if wait > 0:
                    if wait < math.inf:
                        self._set_alarm(wait)
                    return
                self._let_through(window)
                window.queue.popleft().set_result(None)

    def _set_alarm(self, seconds: float) -> None:
        at = self._runtime.monotonic() + seconds
        if self._alarm is not None and not self._alarm.done():
            if self._alarm_at <= at:
                return
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().create_task(self._ring(seconds))

    async def _ring(self, seconds: float) -> None:
        await self._runtime.sleep(seconds)
        self._alarm = None
        self._call_next()


class _ConcurrencyWindow:
    """Requests of one kind: how many are running, how many may run, and which ones wait.

    Grows by a few with each round while answers stay as fast as they were at half the width:
    beyond that, more concurrency adds no throughput. Halved on 429 and on signs of overload.
    """

    def __init__(self, *, most: int) -> None:
        self.queue: deque[asyncio.Future[None]] = deque()
        self.under_way = 0
        self.width = min(_FIRST_WIDTH, float(most))
        self._most = float(most)
        self._growth = _FIRST_GROWTH
        self._latency = 0.0
        self._marked_latency = 0.0
        self._marked_width = self.width
        self._unchanged = 0
        self._narrowed_at = -math.inf

    def has_room(self) -> bool:
        return self.under_way < int(self.width)

    def widen(self, seconds: float) -> None:
        self._latency = self._latency * 0.8 + seconds * 0.2 if self._latency else seconds
        if self.width >= self._most or not self.queue:
            return
        if not self._marked_latency:
            self._marked_latency = self._latency
        if self._latency <= self._marked_latency * 1.7 + 0.05:
            self.width = min(self._most, self.width + self._growth / self.width)
            if self.width >= 2 * self._marked_width:
                self._mark()
            return
        if self._growth > _GROWTH:
            self._growth = _GROWTH
            self.width = self._marked_width
        self._unchanged += 1
        if self._unchanged >= 4 * self.width:  # slower for another reason: start again from here
            self._mark()

    def hold_to(self, limit: int) -> None:
        self._most = max(1.0, min(self._most, float(int(limit * 0.8))))
        self.width = min(self.width, self._most)

    def narrow(self, now: float) -> None:
        if now - self._narrowed_at < 2.0:  # many answers report the same problem
            return
        self._narrowed_at = now
        self._growth = _GROWTH
        self.width = max(1.0, float(int(self.width / 2)))
        self._mark()

    def _mark(self) -> None:
        self._marked_latency = self._latency
        self._marked_width = self.width
        self._unchanged = 0


def _reset_in(headers: Mapping[str, str], portal_now: float) -> float | None:
    """Return in how many seconds the allowance resets; the header has a Unix time or seconds."""
    reset = _whole_number(headers.get("X-RateLimit-Reset"))
    if reset is None:
        return None
    return float(reset) if reset < 1_000_000 else max(0.0, reset - portal_now)


def _whole_number(text: str | None) -> int | None:
    if text is None or len(text) > 12 or not text.isascii() or not text.isdigit():
        return None
    return int(text)
