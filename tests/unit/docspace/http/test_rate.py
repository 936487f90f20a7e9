"""The whole client against a limiter as the portal has one, in time that flies."""

import asyncio
import math
from collections import deque

import pytest

from lastseen.docspace.client import client_over
from lastseen.docspace.interface import EventQuery
from tests.unit.docspace.scripted import VirtualTime, failed, ok, raw

EMPTY = ok([]).body
MINUTES = 2


class Limited:
    """Takes in so many requests in any 60 seconds, and 50 at once; answers after a while."""

    def __init__(self, *, shows, limit=1500, latency=0.25):
        self.shows, self.limit, self.latency = shows, limit, latency
        self.time = VirtualTime()
        self.taken: deque[float] = deque()
        self.under_way = 0
        self.accepted = 0
        self.refused = 0
        self.enough = asyncio.Event()

    async def send(self, request):
        time = self.time
        if time.seconds >= MINUTES * 60:
            self.enough.set()
        while self.taken and self.taken[0] <= time.seconds - 60:
            self.taken.popleft()
        if len(self.taken) >= self.limit or self.under_way >= 50:
            self.refused += 1
            wait = str(math.ceil(self.taken[0] + 60 - time.seconds))
            told = {"X_RateLimit_Limit": str(self.limit), "X_RateLimit_Remaining": "0"}
            if self.shows == "on a 429":
                return failed(429, **told)
            if self.shows == "seconds only":
                return failed(429, Retry_After=wait)
            return failed(429, Retry_After=wait, **told)
        self.taken.append(time.seconds)
        self.accepted += 1
        remaining = self.limit - len(self.taken)
        self.under_way += 1
        due = time.seconds + self.latency
        while time.seconds < due:  # time goes on when everyone waits for an answer
            await asyncio.sleep(0)
            time.seconds += self.latency / 40 / max(1, self.under_way)
        self.under_way -= 1
        if self.shows != "always":
            return raw(EMPTY)
        return raw(
            EMPTY,
            200,
            **{"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(remaining)},
        )


@pytest.mark.parametrize(
    "shows",
    [
        "always",  # as the vendor documents it
        "on a 429",  # as release 3.7.2 does it
        "seconds only",
    ],
)
def test_the_allowance_is_used_and_hardly_ever_overstepped(shows):
    # when many more pages are wanted at once than the portal allows in that time
    async def play():
        limited = Limited(shows=shows)
        client = client_over(
            limited, url="https://x", clock=limited.time.clock, runtime=limited.time.runtime()
        )
        pages = [asyncio.create_task(client.sign_ins(EventQuery())) for _ in range(5000)]
        await limited.enough.wait()
        for page in pages:
            page.cancel()
        await asyncio.gather(*pages, return_exceptions=True)
        await client.close()
        return limited

    limited = asyncio.run(play())

    # then
    assert limited.refused <= 1
    assert limited.accepted >= 0.9 * 1500 * MINUTES
