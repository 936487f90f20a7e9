"""A worker: fetches portals' jobs from the queue, runs them, and takes over from dead workers.

Procrastinate fetches the jobs and keeps the heartbeat in this event loop; the jobs themselves run
in threads and processes (`job_runner`).
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec
from procrastinate import App, PsycopgConnector
from procrastinate import JobContext as QueueContext
from procrastinate.exceptions import ConnectorException

from lastseen.config.logging import LogFormat
from lastseen.fleet.attempts import RetryLaterStrategy
from lastseen.fleet.database import SESSION, FleetDatabase
from lastseen.fleet.job_runner import JobRunner, JobRunnerOptions
from lastseen.fleet.memory import resident_bytes
from lastseen.fleet.metrics import WorkerMetrics
from lastseen.fleet.order import JobOrder
from lastseen.fleet.queue import DUE_TASK, PORTAL_TASK, SCHEDULE, Queue, opened_queue
from lastseen.fleet.retries import FleetJobManager
from lastseen.fleet.store import PORTALS, FleetStore
from lastseen.fleet.takeover import take_over
from lastseen.ledger import open_ledger
from lastseen.model.concurrency import cancel
from lastseen.model.errors import ExitCode, LedgerError, UsageError, most_severe
from lastseen.model.instant import Clock

HEARTBEAT_SECONDS = 5.0
"""How often a worker sends a heartbeat."""

STALLED_SECONDS = 20.0
"""A worker without a heartbeat for this long is dead, and others take over its jobs."""

LOOK_SECONDS = 5.0
"""How often a worker looks for jobs of dead workers, and for jobs it was not notified of."""

GRACE_SECONDS = 30.0
"""How long jobs may continue after the worker is asked to stop."""

ENDING_SECONDS = 1.0
"""How long a worker's background tasks may take to end."""

Ending = Literal["stopped", "drained", "memory"]
"""Why a worker ended: asked to, nothing left to do, or to free memory."""

_LOG = logging.getLogger("lastseen.fleet")


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker works."""

    concurrency: int = 10
    """How many portals at the same time."""
    drain: bool = False
    """Whether it ends when no job is waiting or running anywhere."""
    time_limit_minutes: float = 60
    """How long a job may take."""
    memory_limit_megabytes: int = 512
    """How much memory the worker may take, and each job in its own process."""
    log_format: LogFormat = "text"
    """The log format of jobs in processes."""
    log_level: int = logging.ERROR
    """The lowest level that they log."""


class WorkerReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker did while it ran."""

    ending: Ending
    """Why it ended."""
    jobs: int
    """How many jobs it finished."""
    exit_code: int
    """The worst of their exit codes."""


class Worker:
    """One running worker."""

    def __init__(
        self,
        options: WorkerOptions,
        *,
        ledger_url: str,
        environ: Mapping[str, str],
        clock: Clock,
        metrics: WorkerMetrics,
    ) -> None:
        """Prepare a worker; `environ` only resolves `env:` references to keys."""
        self._options = options
        self._ledger_url = ledger_url
        self._environ = environ
        self._clock = clock
        self._metrics = metrics
        self._database = FleetDatabase(ledger_url)
        self._store = FleetStore(self._database)
        self._over = asyncio.Event()
        self._ending: Ending = "stopped"

    async def run(self, stop: asyncio.Event) -> WorkerReport:
        """Work until `stop` is set or, when draining, until nothing is left.

        Raises UsageError if the memory limit is too small to work in, LedgerError if the database
        can't be used or a newer version of Lastseen has upgraded it.
        """
        pool = ThreadPoolExecutor(self._options.concurrency, thread_name_prefix="portal")
        with pool, self._database:
            self._database.bring_up_to_date()
            with (
                open_ledger(self._ledger_url, clock=self._clock) as ledger,
                opened_queue(self._database) as queue,
            ):
                job_runner = JobRunner(
                    self._job_options(),
                    database=self._database,
                    ledger=ledger,
                    ledger_url=self._ledger_url,
                    environ=self._environ,
                    clock=self._clock,
                    metrics=self._metrics,
                    pool=pool,
                )
                self._metrics.watch(self._store, self._clock)
                self._check_room()
                await self._work(job_runner, queue, stop)
        if job_runner.too_old is not None:
            raise job_runner.too_old
        codes = job_runner.exit_codes
        return WorkerReport(
            ending=self._ending,
            jobs=len(codes),
            exit_code=int(most_severe(*map(ExitCode, codes))),
        )

    async def _work(self, job_runner: JobRunner, queue: Queue, stop: asyncio.Event) -> None:
        if self._options.drain:
            self._put_due(queue)
        app = self._app(job_runner, queue)
        async with app.open_async():
            fetching = asyncio.create_task(
                app.run_worker_async(
                    queues=[PORTALS, SCHEDULE],
                    concurrency=self._options.concurrency,
                    fetch_job_polling_interval=LOOK_SECONDS,
                    shutdown_graceful_timeout=GRACE_SECONDS,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )
            async with self._beside(app, job_runner, stop):
                over = asyncio.create_task(self._over.wait())
                await asyncio.wait([fetching, over], return_when=asyncio.FIRST_COMPLETED)
                over.cancel()
            if self._ending != "drained":
                job_runner.stop()
            # Procrastinate waits for its jobs, then cancels them.
            patience = 0.0 if self._ending == "drained" else GRACE_SECONDS
            await cancel([fetching], patience=patience + ENDING_SECONDS)
            try:
                await fetching
            except asyncio.CancelledError:
                return
            except ConnectorException as error:
                raise self._gone(error) from None
            if not self._over.is_set():
                raise self._gone(None)

    def _app(self, job_runner: JobRunner, queue: Queue) -> App:
        connector = PsycopgConnector(
            conninfo=self._database.conninfo, kwargs=dict(SESSION), min_size=1, max_size=4
        )
        app = App(connector=connector)
        app.job_manager = FleetJobManager(connector)

        @app.task(name=PORTAL_TASK, queue=PORTALS, pass_context=True, retry=RetryLaterStrategy())
        async def portal(context: QueueContext, /, **order: Any) -> None:
            try:
                wanted = msgspec.convert(order, JobOrder)
            except msgspec.ValidationError:
                _LOG.error(
                    "a job for the portal %s is not one of this version; skipped: enqueue it again",
                    order.get("portal"),
                )
                job_runner.exit_codes.append(ExitCode.USAGE)
                return
            await job_runner.portal_job(wanted, attempts=context.job.attempts)

        # Ahead of the portals' jobs, of which there may be thousands.
        @app.periodic(cron="* * * * *", priority=10)
        @app.task(name=DUE_TASK, queue=SCHEDULE, queueing_lock=DUE_TASK, lock=DUE_TASK)
        async def enqueue_due(timestamp: int) -> None:
            await asyncio.to_thread(self._put_due, queue)

        return app

    def _put_due(self, queue: Queue) -> None:
        put = queue.put_due(self._store, now=self._clock())
        if put.new:
            _LOG.info("due and enqueued: %s", ", ".join(put.new))
        if put.waiting:
            _LOG.warning("due, but the last job is still waiting: %s", ", ".join(put.waiting))

    @contextlib.asynccontextmanager
    async def _beside(
        self, app: App, job_runner: JobRunner, stop: asyncio.Event
    ) -> AsyncIterator[None]:
        """Run a worker's background tasks until the block ends."""
        works: list[Coroutine[Any, Any, None]] = [
            self._end_when(stop),
            self._take_over(app),
            self._watch_jobs(job_runner),
        ]
        if self._options.drain:
            works.append(self._end_when_drained())
        tasks = [asyncio.create_task(work) for work in works]
        for task in tasks:
            task.add_done_callback(self._end_on_failure)
        try:
            yield
        finally:
            await cancel(tasks, patience=ENDING_SECONDS)
            failures = await asyncio.gather(*tasks, return_exceptions=True)
        for failure in failures:
            if isinstance(failure, ConnectorException):
                raise self._gone(failure)
            if isinstance(failure, Exception):
                raise failure

    def _end_on_failure(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            self._over.set()

    async def _end_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._over.set()

    async def _take_over(self, app: App) -> None:
        while True:
            await take_over(app, self._database, stalled_seconds=STALLED_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)

    async def _end_when_drained(self) -> None:
        while await asyncio.to_thread(self._store.unfinished):  # noqa: ASYNC110 - it's the database's
            await asyncio.sleep(1)
        self._ending = "drained"
        self._over.set()

    async def _watch_jobs(self, job_runner: JobRunner) -> None:
        """End the worker if its version is too old or its memory limit is reached."""
        limit = self._options.memory_limit_megabytes * 2**20
        while job_runner.too_old is None and (resident_bytes() or 0) < limit:
            job_runner.exit_if_stuck()
            await asyncio.sleep(0.5)
        if job_runner.too_old is None:
            _LOG.warning(
                "the worker uses more than %d MB: its jobs continue in their own processes",
                self._options.memory_limit_megabytes,
            )
            self._ending = "memory"
            await job_runner.isolate_all()
        self._over.set()

    def _check_room(self) -> None:
        taken = (resident_bytes() or 0) // 2**20
        limit = self._options.memory_limit_megabytes
        if taken * 1.2 > limit:
            raise UsageError(
                attempted=f"starting a worker with a memory limit of {limit} MB",
                found=f"it uses {taken} MB before any job",
                meaning="no memory would be left for jobs",
                remedy="give a larger --memory-limit; 512 is enough for about 100 small portals",
            )

    def _job_options(self) -> JobRunnerOptions:
        options = self._options
        return JobRunnerOptions(
            time_limit_seconds=options.time_limit_minutes * 60,
            memory_limit_bytes=options.memory_limit_megabytes * 2**20,
            retry_outages=not options.drain,
            log_format=options.log_format,
            log_level=options.log_level,
        )

    def _gone(self, error: Exception | None) -> LedgerError:
        return LedgerError(
            attempted=f"working on the queue in {self._database.place}",
            found="the connection to the database was lost"
            if error is None
            else f"the database failed ({type(error.__cause__ or error).__name__})",
            meaning="the next worker that reaches the database takes over the running jobs",
            remedy="start the worker again when the server is back; a service manager does so",
        )
