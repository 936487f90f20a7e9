"""Metrics of single runs as a file, for Prometheus's textfile collector.

For schedulers that start `lastseen run`: the file is written completely or not at all, whatever the
run's result. The time of the last success is carried over from the file that it replaces.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from lastseen.api import (
    GuardrailStopped,
    Instant,
    LastseenError,
    PortalError,
    RunResult,
    UsageError,
)
from lastseen.fleet.job_result import JobResult, result_after, state_of
from lastseen.fleet.portal_metrics import portal_families
from lastseen.model.fleet import PortalState, PortalStatus
from lastseen.regular_file import Unsuitable, not_regular, read_regular_file

SUCCESS = "lastseen_portal_last_success_timestamp_seconds"
"""The metric that a failed run must not remove."""


_UNAFFECTED = "the run is unaffected; only its metrics are missing"
_LARGEST = 1024 * 1024
"""Bytes of a file of metrics that could be ours."""


class RunReport(msgspec.Struct, kw_only=True):
    """The results of a run so far; filled in as it proceeds."""

    result: RunResult | None = None
    """What it decided and did, once it has ended."""
    error: LastseenError | None = None
    """The error that ended it instead."""


def write_metrics(
    file: Path, report: RunReport, *, portal: str, now: Instant, seconds: float
) -> None:
    """Write the metrics of a run on `portal` that ended `now` and took this many seconds.

    Raises UsageError if the file can't be written.
    """
    _refuse(file, meaning=_UNAFFECTED)
    registry = CollectorRegistry()
    registry.register(_Run(report, portal, now, seconds, success=_past_success(file)))
    try:
        write_to_textfile(str(file), registry)
        file.chmod(0o644)  # the collector runs as another user
    except OSError as error:
        found = (error.strerror or type(error).__name__).lower()
        raise _not_written(file, found, meaning=_UNAFFECTED) from None


def refuse_as_metrics(file: Path) -> None:
    """Raise UsageError, before the run, if metrics can't be written to `file`."""
    _refuse(file, meaning="the metrics could not be written, so nothing was started")


def _refuse(file: Path, *, meaning: str) -> None:
    """Raise UsageError unless a new file may take the place of `file`, as it may not of a device.

    `meaning`: what that has to do with the run.
    """
    if file.is_dir():
        problem: str | None = "it is a folder"
    elif not file.parent.is_dir():
        problem = "its folder does not exist"
    else:
        problem = not_regular(file)
    if problem is not None:
        raise _not_written(file, problem, meaning=meaning)


def _not_written(file: Path, found: str, *, meaning: str) -> UsageError:
    return UsageError(
        attempted=f"writing the metrics to {file}",
        found=found,
        meaning=meaning,
        remedy="with --metrics-file, name a file in a folder that this user can write to",
    )


class _Run(Collector):
    """The figures of one run."""

    def __init__(
        self, report: RunReport, portal: str, now: Instant, seconds: float, *, success: float | None
    ) -> None:
        self._report = report
        self._portal = portal
        self._now = now
        self._seconds = seconds
        self._success = success

    def describe(self) -> Iterable[Metric]:
        """Announce no metrics in advance."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the portal's state and how the run ended."""
        job = self._job_result()
        status = self._status(job)
        for family in portal_families([status]):
            if family.name == SUCCESS and not family.samples and self._success is not None:
                family.add_sample(SUCCESS, {"portal": self._portal}, self._success)
            yield family
        yield self._gauge("duration_seconds", "How long the newest run took.", self._seconds)
        failed = float(job is None)
        yield self._gauge("failed", "1 if the newest run failed.", failed)

    def _job_result(self) -> JobResult | None:
        result = self._report.result
        if result is None:
            return None
        receipts = (*result.finished, *((result.receipt,) if result.receipt else ()))
        return result_after(result.plan, receipts)

    def _status(self, job: JobResult | None) -> PortalStatus:
        figures = job.figures if job is not None else None
        result = self._report.result
        whole = result is not None and result.plan.evidence.complete
        state = job.state if job is not None else _state_after(self._report.error)
        return PortalStatus(
            name=self._portal,
            url=self._portal,
            state=state,
            whole_review_at=self._now if whole else None,
            next_due_at=None,
            disabled=figures.disabled if figures else None,
            to_disable=figures.to_disable if figures else None,
            held=figures.held if figures else None,
            due_soon=figures.due_soon if figures else None,
            guardrail_at=self._now if state is PortalState.GUARDRAIL else None,
            unreachable_since=self._now if state is PortalState.UNREACHABLE else None,
            key_expires_at=None,
            last_job_at=self._now,
            last_error=None,
        )

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(f"lastseen_run_{name}", text, labels=["portal"])
        family.add_metric([self._portal], value)
        return family


def _state_after(error: LastseenError | None) -> PortalState:
    if isinstance(error, GuardrailStopped):
        return PortalState.GUARDRAIL
    return state_of(error) if isinstance(error, PortalError) else PortalState.FAILED


def _past_success(file: Path) -> float | None:
    """Return the time of the last success in `file`, or None."""
    with contextlib.suppress(OSError, ValueError, Unsuitable):
        text = read_regular_file(file, largest=_LARGEST).decode()
        for family in text_string_to_metric_families(text):
            if family.name == SUCCESS:
                for sample in family.samples:
                    return float(sample.value)
    return None
