"""Puts jobs back into the queue, also where another job with the same queueing lock waits already.

Procrastinate lets one job of a queueing lock wait, and a running one doesn't count: while a job
runs, the same may be enqueued again, and then the first can't go back as it is.
"""

import logging
from datetime import datetime

from procrastinate.exceptions import UniqueViolation
from procrastinate.manager import JobManager

_LOG = logging.getLogger("lastseen.fleet")


class FleetJobManager(JobManager):
    """Procrastinate's access to jobs, with retries that can't fail because of a waiting job."""

    async def retry_job_by_id_async(
        self,
        job_id: int,
        retry_at: datetime,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Put a running job back, unless a waiting one does exactly the same: then it ends."""
        put_back = super().retry_job_by_id_async
        how = (job_id, retry_at, priority, queue, lock)
        try:
            await put_back(*how)
        except UniqueViolation:
            replaced = await self.connector.execute_query_all_async(_END_IF_REPLACED, job_id=job_id)
            if replaced:
                _LOG.info("%s: the same job waits already and replaces it", replaced[0]["portal"])
                return
            # The waiting one was agreed to differently, so both run, one after the other.
            await self.connector.execute_query_async(_FREE_QUEUEING_LOCK, job_id=job_id)
            await put_back(*how)


_END_IF_REPLACED = """
DELETE FROM procrastinate_jobs AS job USING procrastinate_jobs AS other
WHERE job.id = %(job_id)s AND job.status = 'doing'
    AND other.status = 'todo' AND other.queueing_lock = job.queueing_lock
    AND other.args = job.args
RETURNING job.args ->> 'portal' AS portal
"""

_FREE_QUEUEING_LOCK = """
UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = %(job_id)s AND status = 'doing'
"""
