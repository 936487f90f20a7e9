"""The state of portals as metrics, for a fleet's worker and for a single run.

Needs none of the fleet's optional libraries.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from lastseen.model.fleet import PortalState, PortalStatus
from lastseen.model.instant import Instant

Value = Callable[[PortalStatus], float | None]


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
