"""Metrics for Prometheus: the state of each portal, the queue, and what this worker does.

Names follow Prometheus's conventions: base units, `_total` for counters, `_timestamp_seconds` for
instants. The portals' figures come from the database at each scrape, so every worker reports the
same; queries use `max by (portal)`.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lastseen._version import __version__
from lastseen.fleet.outcome import JobOutcome
from lastseen.fleet.portal_metrics import portal_families
from lastseen.fleet.store import FleetStore
from lastseen.model.errors import LedgerError
from lastseen.model.fleet import PortalState
from lastseen.model.instant import Clock

DURATIONS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Upper bounds of the histogram's buckets, in seconds."""


class WorkerMetrics:
    """The metrics of one worker; `registry` is what is served."""

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.registry = CollectorRegistry()
        self._running = Gauge(
            "lastseen_worker_jobs_running",
            "Jobs that this worker is running.",
            registry=self.registry,
        )
        self._ended = Counter(
            "lastseen_jobs",
            "Jobs that this worker finished, by the portal's state afterwards.",
            ["command", "state"],
            registry=self.registry,
        )
        self._requests = Counter(
            "lastseen_portal_requests",
            "Requests that this worker sent to portals.",
            registry=self.registry,
        )
        self._duration = Histogram(
            "lastseen_job_duration_seconds",
            "How long jobs took.",
            ["command"],
            buckets=DURATIONS,
            registry=self.registry,
        )
        Info("lastseen_build", "This worker's version.", registry=self.registry).info(
            {"version": __version__}
        )

    def running(self) -> AbstractContextManager[None]:
        """Return a context in which a job counts as running."""
        return self._running.track_inprogress()

    def ended(self, outcome: JobOutcome) -> None:
        """Count a finished job."""
        self._ended.labels(command=outcome.command, state=outcome.state.value).inc()
        self._requests.inc(outcome.requests)
        self._duration.labels(command=outcome.command).observe(outcome.seconds)

    def watch(self, store: FleetStore, clock: Clock) -> None:
        """Also report the database's figures, read at each scrape."""
        self.registry.register(_FleetCollector(store, clock))


class _FleetCollector(Collector):
    """Reads the fleet's figures from the database at each scrape."""

    def __init__(self, store: FleetStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Announce no metrics in advance: the database is only read at a scrape."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; without the database, only that it can't be reached."""
        reached = GaugeMetricFamily(
            "lastseen_database_up", "Whether the fleet's database answered this scrape."
        )
        try:
            statuses = self._store.statuses(now=self._clock())
            waiting, running = self._store.jobs()
        except LedgerError:
            reached.add_metric([], 0)
            yield reached
            return
        reached.add_metric([], 1)
        yield reached
        yield from portal_families(statuses)
        portals = GaugeMetricFamily(
            "lastseen_portals", "Portals of the fleet, by state.", labels=["state"]
        )
        for state in PortalState:
            portals.add_metric([state.value], sum(one.state is state for one in statuses))
        yield portals
        jobs = GaugeMetricFamily(
            "lastseen_queue_jobs", "Jobs in the queue, across all workers.", labels=["status"]
        )
        jobs.add_metric(["waiting"], waiting)
        jobs.add_metric(["running"], running)
        yield jobs
