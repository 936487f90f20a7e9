"""Pieces of work done some at once: never too many, none left behind, no failure lost."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import pytest

from lastseen.model.concurrency import cancel, map_concurrently

Piece = Callable[[], Awaitable[int]]


class Work:
    """Pieces that wait a few turns of the loop, and how many are under way."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most = 0
        self.begun: list[int] = []
        self.cut_off: list[int] = []

    async def piece(self, number: int, *, fails: bool = False) -> int:
        self.begun.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            for _ in range(1 + number % 3):
                await asyncio.sleep(0)
            if fails:
                raise LookupError(number)
            return number
        except asyncio.CancelledError:
            self.cut_off.append(number)
            raise
        finally:
            self.under_way -= 1

    def pieces(self, count: int) -> list[Piece]:
        return [partial(self.piece, number) for number in range(count)]


def results_of(pieces: Iterable[Piece], width: Callable[[], int]) -> list[int]:
    """Return all results, in the order in which they came."""

    async def collect() -> list[int]:
        async with map_concurrently(pieces, width) as results:
            return [number async for number in results]

    return asyncio.run(collect())


def test_every_result_comes_once_and_no_more_are_under_way_than_may_be():
    work = Work()
    assert sorted(results_of(work.pieces(50), lambda: 7)) == list(range(50))
    assert work.most == 7


def test_one_is_done_at_a_time_where_the_width_says_none():
    work = Work()
    assert results_of(work.pieces(3), lambda: 0) == [0, 1, 2]
    assert work.most == 1


def test_a_greater_width_is_taken_up_while_it_runs():
    work = Work()
    results_of(work.pieces(60), lambda: 2 if len(work.begun) < 10 else 9)
    assert work.most == 9


def test_others_continue_while_a_result_is_worked_on():
    work = Work()

    async def linger() -> None:
        async with map_concurrently(work.pieces(20), lambda: 2) as results:
            async for _ in results:
                for _ in range(100):
                    await asyncio.sleep(0)
                break
            assert len(work.begun) == 20

    asyncio.run(linger())


def test_a_failure_is_raised_and_nothing_begins_after_it():
    work = Work()
    pieces: list[Piece] = [*work.pieces(5), partial(work.piece, 5, fails=True), *work.pieces(500)]
    with pytest.raises(LookupError, match="5"):
        results_of(pieces, lambda: 3)
    assert work.under_way == 0
    assert len(work.begun) < 20


def test_a_width_that_cannot_be_told_is_a_failure_too():
    work = Work()

    def width() -> int:
        if len(work.begun) >= 6:
            raise LookupError("how many?")
        return 3

    with pytest.raises(LookupError, match="how many"):
        results_of(work.pieces(50), width)
    assert work.under_way == 0


def test_leaving_early_ends_what_is_under_way():
    work = Work()

    async def leave() -> None:
        async with map_concurrently(work.pieces(500), lambda: 30) as results:
            async for _ in results:
                break
        assert work.under_way == 0

    asyncio.run(leave())
    assert work.cut_off
    assert len(work.begun) < 100


def test_no_pieces_give_no_results():
    assert results_of([], lambda: 5) == []


def test_several_failures_at_once_print_no_traceback():
    complaints: list[str] = []

    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError("gone")

    async def read() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
        async with map_concurrently([fail] * 8, lambda: 8) as results:
            async for _ in results:
                pass

    with pytest.raises(LookupError):
        asyncio.run(read())
    gc.collect()
    assert complaints == []


def test_a_task_that_takes_a_cancellation_for_something_else_is_cancelled_again():
    lost = []

    async def deaf_once() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            lost.append(True)
        await asyncio.sleep(60)

    async def work() -> None:
        task = asyncio.create_task(deaf_once())
        await asyncio.sleep(0)
        await cancel([task], patience=0.01)
        assert task.cancelled()

    asyncio.run(asyncio.wait_for(work(), timeout=10))
    assert lost == [True]
