"""Runs many small pieces of asynchronous work concurrently and yields results as they come.

It doesn't know what the pieces do.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")

Piece = Callable[[], Awaitable[T]]
"""Starts a piece of work."""


@asynccontextmanager
async def map_concurrently(
    pieces: Iterable[Piece[T]], width: Callable[[], int]
) -> AsyncIterator[AsyncIterator[T]]:
    """Yield the results of `pieces` as they come; unfinished work is cancelled with the block.

    `width()` says how many may run at once; it is called again whenever one ends. The next ones
    start while results are being handled. A piece that fails raises where its result would have
    come, and none starts after it.
    """
    async with aclosing(_results(pieces, width)) as results:
        yield results


async def _results(pieces: Iterable[Piece[T]], width: Callable[[], int]) -> AsyncGenerator[T, None]:
    waiting = iter(pieces)
    running: set[asyncio.Future[T]] = set()
    ended: asyncio.Queue[asyncio.Future[T]] = asyncio.Queue()
    is_over = False

    def begin() -> None:
        while not is_over and len(running) < max(1, width()):
            piece = next(waiting, None)
            if piece is None:
                return
            task = asyncio.ensure_future(piece())
            running.add(task)
            task.add_done_callback(end)

    def end(task: asyncio.Future[T]) -> None:
        nonlocal is_over
        running.discard(task)
        # Retrieved from every task: otherwise asyncio prints the traceback of an unhandled failure.
        has_failed = task.cancelled() or task.exception() is not None
        is_over = is_over or has_failed
        ended.put_nowait(task)
        try:
            begin()
        except Exception as error:  # noqa: BLE001 - raised where the results are taken
            is_over = True
            failed: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            ended.put_nowait(failed)

    try:
        begin()
        while running or not ended.empty():
            yield (await ended.get()).result()
    finally:
        is_over = True
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Run tasks concurrently until all have ended; the first failure ends the others and is raised.

    An `asyncio.TaskGroup` whose failure is raised as it is, not wrapped in an exception group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def repeated(piece: Piece[T], times: int) -> list[T]:
    """Do the same work this many times concurrently and return the results.

    The first failure ends the others and is raised.
    """

    async def once() -> T:
        """Do it once, as a coroutine."""
        return await piece()

    async with task_group() as group:
        begun = [group.create_task(once()) for _ in range(times)]
    return [one.result() for one in begun]


async def cancel(tasks: Iterable["asyncio.Task[Any]"], *, patience: float) -> None:
    """Cancel `tasks` and wait until all have ended; their results stay in them.

    A cancellation is lost if a library takes it for one of its own, as psycopg's pool may while it
    hands out a connection; it is repeated every `patience` seconds.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=patience)
