"""Puts the jobs of dead workers back into the queue.

A worker is dead when its heartbeat is too old. Every worker looks; a lock in the database lets one
of them act at a time. The portal's own lock in the ledger still keeps two from working on one
portal, should the worker only have been asleep.
"""

import asyncio
import logging
from datetime import UTC, datetime

from procrastinate import App
from procrastinate.jobs import Job, Status

from lastseen.config.logging import scrubbed
from lastseen.fleet.database import FleetDatabase
from lastseen.fleet.queue import PORTAL_TASK
from lastseen.fleet.store import FleetStore

_LOG = logging.getLogger("lastseen.fleet")


async def take_over(app: App, database: FleetDatabase, *, stalled_seconds: float) -> int:
    """Requeue the jobs of workers that have been silent for this long; return how many."""
    manager = app.job_manager
    if not list(await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds)):
        return 0
    with database.transaction() as connection:
        locked = connection.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext('lastseen fleet takeover')) AS got"
        ).fetchone()
        if not locked or not locked["got"]:
            return 0
        # Looked at again under the lock: another worker may just have acted.
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds))
        for job in stalled:
            try:
                await _put_back(app, FleetStore(database), job)
            except Exception as error:  # noqa: BLE001 - one job must not keep the others waiting
                _LOG.error(
                    "%s: its worker died, and its job could not be put back (%s); "
                    "workers try again",
                    job.task_kwargs.get("portal", job.task_name),
                    scrubbed(str(error) or type(error).__name__),
                )
        await manager.prune_stalled_workers(stalled_seconds)
    return len(stalled)


async def _put_back(app: App, store: FleetStore, job: Job) -> None:
    manager = app.job_manager
    assert job.id is not None
    if job.task_name != PORTAL_TASK:  # another follows within a minute
        await manager.finish_job(job, Status.FAILED, delete_job=True)
        return
    portal = str(job.task_kwargs.get("portal"))
    _LOG.warning("%s: its worker died; its job was put back into the queue", portal)
    # It is unknown whether the job broke the worker: a process of its own will show.
    await asyncio.to_thread(store.isolate, (portal,))
    await manager.retry_job(job, retry_at=datetime.now(UTC))
