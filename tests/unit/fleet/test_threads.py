"""Jobs in threads with loops of their own."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lastseen.fleet.threads import JobCancelled, JobThread, run_in_thread


def run(work):
    async def main():
        with ThreadPoolExecutor(4) as pool:
            return await work(pool)

    return asyncio.run(main())


def test_a_job_that_blocks_its_loop_holds_up_no_other():
    async def blocking(_stop):
        time.sleep(0.4)  # noqa: ASYNC251 - that is the point
        return "blocking"

    async def quick(_stop):
        await asyncio.sleep(0.01)
        return time.monotonic()

    async def work(pool):
        began = time.monotonic()
        slow = asyncio.create_task(run_in_thread(JobThread(blocking), pool))
        ended = await run_in_thread(JobThread(quick), pool)
        assert await slow == "blocking"
        return ended - began

    assert run(work) < 0.3


def test_a_job_that_is_asked_to_stop_ends_by_itself():
    async def patient(stop):
        await stop.wait()
        return "ended by itself"

    async def work(pool):
        job = JobThread(patient)
        task = asyncio.create_task(run_in_thread(job, pool))
        await asyncio.sleep(0.05)
        job.stop()
        return await task

    assert run(work) == "ended by itself"


def test_a_cancelled_job_says_so_and_cleans_up_first():
    cleaned = []

    async def endless(_stop):
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(True)

    async def work(pool):
        job = JobThread(endless)
        task = asyncio.create_task(run_in_thread(job, pool))
        await asyncio.sleep(0.05)
        job.cancel()
        with pytest.raises(JobCancelled):
            await task

    run(work)
    assert cleaned == [True]


def test_cancelling_the_waiter_cancels_the_job_and_waits_for_its_end():
    ended = []

    async def endless(_stop):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def work(pool):
        task = asyncio.create_task(run_in_thread(JobThread(endless), pool))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]

    run(work)


def test_a_job_that_was_cancelled_before_it_began_never_begins():
    begun = []

    async def never(_stop):
        begun.append(True)
        await asyncio.sleep(0)
        begun.append(True)

    async def work(pool):
        job = JobThread(never)
        job.cancel()
        with pytest.raises(JobCancelled):
            await run_in_thread(job, pool)

    run(work)
    assert len(begun) < 2
