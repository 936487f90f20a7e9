import asyncio
import math

import pytest

from lastseen.docspace.http.limiter import Limiter
from lastseen.docspace.http.limits import Limits
from tests.unit.docspace.scripted import VirtualTime


def test_never_more_at_once_than_the_limits_say():
    # given
    limiter = Limiter(Limits(reads=7, writes=2), VirtualTime().runtime())
    under_way = {True: 0, False: 0}
    most = {True: 0, False: 0}

    async def one(writing: bool) -> None:
        await limiter.enter(writing=writing)
        under_way[writing] += 1
        most[writing] = max(most[writing], under_way[writing])
        for _ in range(3):
            await asyncio.sleep(0)
        under_way[writing] -= 1
        limiter.answered(0.1, {}, writing=writing, portal_now=0.0)
        limiter.leave(writing=writing)

    # when
    async def all_of_them() -> None:
        await asyncio.gather(*(one(n % 3 == 0) for n in range(90)))

    asyncio.run(all_of_them())

    # then
    assert most == {True: 2, False: 7}


def test_a_cancelled_request_gives_its_turn_away():
    async def play() -> None:
        limiter = Limiter(Limits(reads=1), VirtualTime().runtime())
        await limiter.enter(writing=False)
        waiting = [asyncio.create_task(limiter.enter(writing=False)) for _ in range(3)]
        await asyncio.sleep(0)

        # when the second is cancelled while it waits, the first just as its turn comes
        waiting[1].cancel()
        limiter.leave(writing=False)
        waiting[0].cancel()

        # then the third has its turn
        await asyncio.wait_for(waiting[2], 1)

    asyncio.run(play())


def run_load(limiter, time, latency_at, requests=300):
    """Keep more requests waiting than may go, answer each after `latency_at(width)` seconds."""

    async def play() -> None:
        async def one() -> None:
            await limiter.enter(writing=False)
            seconds = latency_at(limiter.width)
            await asyncio.sleep(0)
            time.seconds += seconds / max(1, limiter.width)
            limiter.answered(seconds, {}, writing=False, portal_now=0.0)
            limiter.leave(writing=False)

        await asyncio.gather(*(one() for _ in range(requests)))
        await limiter.close()

    asyncio.run(play())


def test_more_go_at_once_while_answers_stay_quick():
    time = VirtualTime()
    limiter = Limiter(Limits(), time.runtime())

    run_load(limiter, time, lambda width: 0.1)

    assert limiter.width == Limits().reads < 50


@pytest.mark.parametrize("requests", [20, 60, 120, 240])
def test_not_twice_as_many_go_at_once_where_that_only_makes_them_slower(requests):
    time = VirtualTime()
    limiter = Limiter(Limits(), time.runtime())
    first = limiter.width

    run_load(limiter, time, lambda width: 0.1 * width, requests=requests)

    assert limiter.width < 2 * first


def test_as_many_as_allowed_go_at_once_soon_where_answers_stay_as_fast():
    time = VirtualTime()
    limiter = Limiter(Limits(), time.runtime())

    run_load(limiter, time, lambda width: 0.1, requests=150)

    assert limiter.width == Limits().reads


def test_a_429_halves_how_many_go_at_once_and_many_at_a_time_count_once():
    limiter = Limiter(Limits(), VirtualTime().runtime())

    for _ in range(5):
        limiter.refused({}, writing=False, retry_after=None)

    assert limiter.width == 8


def test_all_wait_for_a_retry_after():
    async def play() -> float:
        time = VirtualTime()
        limiter = Limiter(Limits(), time.runtime())
        await limiter.enter(writing=False)
        limiter.refused({}, writing=False, retry_after=30.0)
        limiter.leave(writing=False, counted=False)
        await asyncio.gather(limiter.enter(writing=False), limiter.enter(writing=True))
        await limiter.close()
        return time.seconds

    assert asyncio.run(play()) == 30.0


def test_limiter_headers_are_kept_to():
    async def play() -> tuple[int, float]:
        time = VirtualTime()
        limiter = Limiter(Limits(), time.runtime())
        went = 0
        for remaining in range(49, -1, -1):
            await limiter.enter(writing=False)
            went += time.seconds < 60
            headers = {
                "X-RateLimit-Limit": "50",
                "X-RateLimit-Remaining": str(remaining),
                "X-RateLimit-Reset": "60",
            }
            limiter.answered(0.01, headers, writing=False, portal_now=0.0)
            limiter.leave(writing=False)
        await limiter.close()
        return went, time.seconds

    went, seconds = asyncio.run(play())
    assert went == 49
    assert math.isclose(seconds, 60, abs_tol=1)


def test_a_429_about_too_many_at_once_is_not_taken_for_one_about_a_minute():
    # given release 3.7.2, which tells both limits in the same header
    async def play() -> tuple[int, float]:
        time = VirtualTime()
        limiter = Limiter(Limits(), time.runtime())
        await limiter.enter(writing=False)
        limiter.refused({"X-RateLimit-Limit": "50"}, writing=False, retry_after=None)
        limiter.leave(writing=False, counted=False)
        for _ in range(1000):
            await limiter.enter(writing=False)
            limiter.answered(0.1, {}, writing=False, portal_now=0.0)
            limiter.leave(writing=False)
        await limiter.close()
        return limiter.width, time.seconds

    width, seconds = asyncio.run(play())

    assert width <= 40
    assert seconds < 1
