"""Metrics for Prometheus: the state of each portal, the queue, and what this worker does.

Names follow Prometheus's conventions: base units, `_total` for counters, `_timestamp_seconds` for
instants. The portals' figures come from the database at each scrape, so every worker reports the
same; queries use `max by (portal)`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lastseen._version import __version__
from lastseen.fleet.outcome import JobOutcome
from lastseen.fleet.store import FleetStore
from lastseen.model.errors import LedgerError
from lastseen.model.fleet import PortalState, PortalStatus
from lastseen.model.instant import Clock, Instant

DURATIONS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Upper bounds of the histogram's buckets, in seconds."""

Value = Callable[[PortalStatus], float | None]


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


def portal_families(statuses: Iterable[PortalStatus]) -> Iterator[Metric]:
    """Yield the state of each portal; unknown values have no sample."""
    known = tuple(statuses)
    people = GaugeMetricFamily(
        "lastseen_people",
        "People in a portal's newest job, by what was decided or done.",
        labels=["portal", "group"],
    )
    for status in known:
        for group, value in (
            ("disabled", status.disabled),
            ("to_disable", status.to_disable),
            ("held", status.held),
            ("due_soon", status.due_soon),
        ):
            if value is not None:
                people.add_metric([status.name, group], value)
    yield people
    for name, text, value_of in _GAUGES:
        family = GaugeMetricFamily(f"lastseen_portal_{name}", text, labels=["portal"])
        for status in known:
            if (figure := value_of(status)) is not None:
                family.add_metric([status.name], figure)
        yield family


def _seconds(moment: Instant | None) -> float | None:
    return None if moment is None else moment.timestamp()


_GAUGES: tuple[tuple[str, str, Value], ...] = (
    (
        "clean",
        "1 if the newest job succeeded with complete evidence and nobody is on hold.",
        lambda status: float(status.state is PortalState.CLEAN),
    ),
    (
        "last_success_timestamp_seconds",
        "When the newest review with complete evidence ended.",
        lambda status: _seconds(status.whole_review_at),
    ),
    (
        "last_job_timestamp_seconds",
        "When the newest job ended, whatever its result.",
        lambda status: _seconds(status.last_job_at),
    ),
    (
        "next_due_timestamp_seconds",
        "When the next job is due.",
        lambda status: _seconds(status.next_due_at),
    ),
    (
        "guardrail_stopped",
        "1 if a guardrail stopped the newest run.",
        lambda status: float(status.state is PortalState.GUARDRAIL),
    ),
    (
        "unreachable",
        "1 if the portal has given no usable answer since the newest job began.",
        lambda status: float(status.unreachable_since is not None),
    ),
    (
        "stopped",
        "1 if the portal's job crashed its process too often and is not retried.",
        lambda status: float(status.state is PortalState.STOPPED),
    ),
    (
        "paused",
        "1 if somebody paused the portal.",
        lambda status: float(status.state is PortalState.PAUSED),
    ),
    (
        "key_expiry_timestamp_seconds",
        "When the portal's API key expires.",
        lambda status: _seconds(status.key_expires_at),
    ),
)
