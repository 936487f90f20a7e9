"""What a worker does with one job: looks up its portal, runs it, records the outcome.

Jobs run in threads of the worker. A job that a dead worker left behind, or that took much memory,
gets its own process, so that crashing it affects no other job.
"""

import asyncio
import logging
import os
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec

from lastseen.config.logging import LogFormat, scrubbed
from lastseen.docspace.http.rate_window import USED_PER_MINUTE
from lastseen.fleet.attempts import MOST_LEDGER_FAULTS, MOST_WAITS, RetryLater
from lastseen.fleet.database import FleetDatabase
from lastseen.fleet.isolated import IsolatedRequest
from lastseen.fleet.isolation import ProcessBroke, run_in_process
from lastseen.fleet.job import JobContext, carry_out
from lastseen.fleet.logs import portal_at_work
from lastseen.fleet.metrics import WorkerMetrics
from lastseen.fleet.order import JobOrder
from lastseen.fleet.outcome import JobOutcome
from lastseen.fleet.store import FleetStore, KnownPortal
from lastseen.fleet.threads import JobCancelled, JobThread, run_in_thread
from lastseen.ledger import Ledger
from lastseen.model.errors import ExitCode, LedgerError, LockHeld
from lastseen.model.fleet import PortalState
from lastseen.model.instant import Clock

BUSY_SECONDS = 10.0
"""How long a job waits to be retried while its portal is locked."""

MINUTE = timedelta(seconds=60)
"""The portal's limiter counts the requests of the last minute."""


LARGE_JOB_BYTES = 128 * 2**20
"""A job in its own process that took more than this gets its own process again."""

STUCK_SECONDS = 120.0
"""A thread that overruns its time by this much hangs where no cancellation reaches it."""

PROCESSES = max(2, os.cpu_count() or 1)
"""How many jobs of one worker may have their own process at the same time."""

_LOG = logging.getLogger("lastseen.fleet")


class JobRunnerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How jobs are run."""

    time_limit_seconds: float
    """How long a job may take."""
    memory_limit_bytes: int
    """How much memory a job in its own process may take."""
    retry_outages: bool
    """Whether the same job retries an unreachable portal later."""
    log_format: LogFormat
    """The log format of processes."""
    log_level: int
    """The lowest level that they log."""


class JobRunner:
    """Carries out the jobs of one worker."""

    def __init__(
        self,
        options: JobRunnerOptions,
        *,
        database: FleetDatabase,
        ledger: Ledger,
        ledger_url: str,
        environ: Mapping[str, str],
        clock: Clock,
        metrics: WorkerMetrics,
        pool: ThreadPoolExecutor,
    ) -> None:
        """Use what is open; `environ` only resolves `env:` references."""
        self._options = options
        self._database = database
        self._store = FleetStore(database)
        self._ledger = ledger
        self._ledger_url = ledger_url
        self._environ = environ
        self._clock = clock
        self._metrics = metrics
        self._pool = pool
        self._threads: dict[str, JobThread[JobOutcome]] = {}
        self._began: dict[str, float] = {}
        self._processes = asyncio.Semaphore(PROCESSES)
        self._stop = asyncio.Event()
        self.too_old: LedgerError | None = None
        """Set when a newer version of Lastseen has upgraded the database."""
        self.exit_codes: list[int] = []
        """The exit codes of the jobs that finished."""

    def stop(self) -> None:
        """Ask every job to finish its current step and skip the rest."""
        self._stop.set()
        for thread in self._threads.values():
            thread.stop()

    async def isolate_all(self) -> None:
        """End every job in a thread; each is repeated in its own process."""
        threads = dict(self._threads)
        await asyncio.to_thread(self._store.isolate, tuple(threads))
        for thread in threads.values():
            thread.cancel()

    def exit_if_stuck(self) -> None:
        """End this process if a thread has long overrun its time: nothing else can end it.

        Other workers take over the jobs; the one that hung gets a process, which can be ended.
        """
        now = time.monotonic()
        limit = self._options.time_limit_seconds + STUCK_SECONDS
        for portal, began in self._began.items():
            if now - began > limit:
                _LOG.critical("%s: its job hangs and can't be ended; this worker exits", portal)
                os._exit(ExitCode.BUG)

    async def portal_job(self, order: JobOrder, *, attempts: int) -> None:
        """Run a job and record its outcome; raises RetryLater if it is to be retried."""
        portal_at_work.set(order.portal)
        await self._check_versions()
        known = await asyncio.to_thread(self._store.find, order.portal)
        if known is None or known.retired or known.paused or known.stopped:
            _LOG.info("%s: retired, paused or stopped; skipped", order.portal)
            return
        if known.portal.url != order.url:
            _LOG.warning("%s: at another address since this job was put in; skipped", order.portal)
            return
        outcome = await self._outcome(order, known, attempts)
        if self._stop.is_set() and outcome.state is PortalState.PARTIAL:
            raise RetryLater(0, "the worker was stopped before the run ended")
        await asyncio.to_thread(self._store.note_outcome, outcome)
        self.exit_codes.append(outcome.exit_code)
        self._metrics.ended(outcome)
        _tell(outcome)
        if outcome.state is PortalState.UNREACHABLE and self._options.retry_outages:
            again = RetryLater.after_outage(attempts, "the portal can't be reached")
            if again is not None:
                raise again

    async def _check_versions(self) -> None:
        try:
            await asyncio.to_thread(self._database.check_revision)
            await asyncio.to_thread(self._ledger.check_revision)
        except LedgerError as error:
            self.too_old = self.too_old or error
            raise RetryLater(BUSY_SECONDS, "this worker is too old for the database") from None

    def _allowance(self, known: KnownPortal) -> int | None:
        """Return how many requests a minute the job may send; None: as many as the portal allows.

        The portal counts an account's requests of the last minute, whatever machine sent them.
        Raises RetryLater if the last job has just used most of them.
        """
        if known.last_job_at is None:
            return None
        left = known.last_job_at + MINUTE - self._clock()
        if left <= timedelta():
            return None
        allowance = USED_PER_MINUTE - known.last_requests
        if allowance < USED_PER_MINUTE / 2:
            raise RetryLater(
                left.total_seconds() + 1, "the last job used most of this minute's requests"
            )
        return allowance

    async def _outcome(self, order: JobOrder, known: KnownPortal, attempts: int) -> JobOutcome:
        """Return how the job ended; raises RetryLater if it didn't finish."""
        per_minute = self._allowance(known)
        try:
            with self._metrics.running():
                if known.isolated:
                    return await self._in_process(order, known, per_minute)
                return await self._in_thread(order, known, per_minute)
        except LockHeld as error:
            if attempts < MOST_WAITS:
                raise RetryLater(BUSY_SECONDS, str(error)) from None
            return self._failed(order, f"the portal is locked: {error.found}")
        except LedgerError as error:
            if attempts < MOST_LEDGER_FAULTS:
                _LOG.warning("%s; the job will be retried", error)
                raise RetryLater(BUSY_SECONDS, str(error)) from None
            return self._failed(order, f"{error.attempted}: {error.found}", ExitCode.USAGE)
        except JobCancelled:
            raise RetryLater(0, "the worker stopped it") from None
        except ProcessBroke as error:
            why = f"its process failed: {error}"
            if await asyncio.to_thread(self._may_try_again, order, why):
                raise RetryLater(BUSY_SECONDS, why) from None
            return self._stopped(order, why)
        except Exception as error:  # noqa: BLE001 - a bug met on one portal must not go unnoticed
            _LOG.error("%s: %s", order.portal, scrubbed(traceback.format_exc()))
            return self._failed(order, f"a bug in Lastseen: {type(error).__name__}", ExitCode.BUG)

    async def _in_thread(
        self, order: JobOrder, known: KnownPortal, per_minute: int | None
    ) -> JobOutcome:
        async def work(stop: asyncio.Event) -> JobOutcome:
            context = JobContext(
                ledger=self._ledger,
                environ=self._environ,
                clock=self._clock,
                time_limit_seconds=self._options.time_limit_seconds,
                per_minute=per_minute,
                stop=stop,
            )
            return await carry_out(order, known.portal, context)

        thread = JobThread(work)
        self._threads[order.portal] = thread
        self._began[order.portal] = time.monotonic()
        if self._stop.is_set():
            thread.stop()
        try:
            return await run_in_thread(thread, self._pool)
        finally:
            del self._threads[order.portal], self._began[order.portal]

    async def _in_process(
        self, order: JobOrder, known: KnownPortal, per_minute: int | None
    ) -> JobOutcome:
        request = IsolatedRequest(
            order=order,
            entry=known.portal,
            ledger_url=self._ledger_url,
            time_limit_seconds=self._options.time_limit_seconds,
            per_minute=per_minute,
            memory_limit_bytes=self._options.memory_limit_bytes,
            log_format=self._options.log_format,
            log_level=self._options.log_level,
        )
        async with self._processes:
            answer = await run_in_process(request, self._stop)
        return msgspec.structs.replace(
            answer.outcome, needs_isolation=answer.peak_bytes > LARGE_JOB_BYTES
        )

    def _may_try_again(self, order: JobOrder, why: str) -> bool:
        return self._store.note_crash(order.portal, now=self._clock(), error=why)

    def _failed(self, order: JobOrder, error: str, code: ExitCode = ExitCode.REFUSED) -> JobOutcome:
        return JobOutcome(
            portal=order.portal,
            command=order.command,
            state=PortalState.FAILED,
            finished_at=self._clock(),
            seconds=0,
            requests=0,
            exit_code=int(code),
            error=error,
        )

    def _stopped(self, order: JobOrder, error: str) -> JobOutcome:
        failed = self._failed(order, error, ExitCode.BUG)
        return msgspec.structs.replace(failed, state=PortalState.STOPPED, needs_isolation=True)


def _tell(outcome: JobOutcome) -> None:
    """Log how a job ended, at a higher level if it needs attention."""
    quiet = outcome.state in (PortalState.CLEAN, PortalState.HELD, PortalState.PROPOSED)
    _LOG.log(
        logging.INFO if quiet else logging.ERROR,
        "%s: %s %s in %.1f s, %d requests%s",
        outcome.portal,
        outcome.command,
        outcome.state.value,
        outcome.seconds,
        outcome.requests,
        f": {outcome.error}" if outcome.error else "",
    )
