"""Jobs in threads, each with its own event loop, inside one worker process.

A job that waits for the database or computes for long delays no other job and no heartbeat. Which
job runs, and what is done with its result, is decided elsewhere.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")

Work = Callable[[asyncio.Event], Coroutine[Any, Any, T]]
"""Makes the coroutine of a job; the event is set when the job is asked to end."""


class JobCancelled(Exception):
    """The job was cancelled before it finished."""


class JobThread(Generic[T]):
    """One job, to be run in a thread; `stop` and `cancel` may be called from any other."""

    def __init__(self, work: Work[T]) -> None:
        """Prepare `work`, which starts with `run`."""
        self._work = work
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stop: asyncio.Event | None = None
        self._requested: set[Literal["stop", "cancel"]] = set()

    def run(self) -> T:
        """Run the job in the calling thread; raises JobCancelled, and what the job raises."""
        try:
            return asyncio.run(self._main())
        except asyncio.CancelledError:
            raise JobCancelled from None

    def stop(self) -> None:
        """Ask the job to finish its current step and skip the rest."""
        self._request("stop")

    def cancel(self) -> None:
        """End the job at its next pause."""
        self._request("cancel")

    async def _main(self) -> T:
        with self._guard:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.current_task()
            self._stop = asyncio.Event()
            requested = set(self._requested)
        for request in requested:
            self._follow(request)
        try:
            return await self._work(self._stop)
        finally:
            with self._guard:
                self._loop = None

    def _request(self, request: Literal["stop", "cancel"]) -> None:
        with self._guard:
            self._requested.add(request)
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._follow, request)

    def _follow(self, request: Literal["stop", "cancel"]) -> None:
        assert self._task is not None
        assert self._stop is not None
        if request == "cancel":
            self._task.cancel()
        else:
            self._stop.set()


async def run_in_thread(job: JobThread[T], pool: ThreadPoolExecutor) -> T:
    """Run `job` in a thread of `pool`; a cancellation is passed on, then its end awaited."""
    context = contextvars.copy_context()
    future = asyncio.get_running_loop().run_in_executor(pool, context.run, job.run)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        job.cancel()
        await asyncio.wait([future])
        future.exception()  # retrieved, or asyncio would log it
        raise
