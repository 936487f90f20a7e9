"""`--metrics-file`: the result of a run, for Prometheus's textfile collector."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.model.errors import LastseenError

if TYPE_CHECKING:
    from lastseen.api import RunResult
    from lastseen.fleet.textfile import RunReport

MetricsFileOption = Annotated[
    Path | None,
    typer.Option(
        "--metrics-file",
        metavar="FILE",
        help="Write metrics for Prometheus's textfile collector, whether the run succeeds or not.",
    ),
]


class ResultRecorder:
    """Records the result of the run; does nothing if no file is wanted."""

    def __init__(self, report: "RunReport | None") -> None:
        """Keep it in `report`."""
        self._report = report

    def result(self, result: "RunResult") -> "RunResult":
        """Keep what the run decided and did, and return it."""
        if self._report is not None:
            self._report.result = result
        return result


def check_metrics_file(file: Path | None) -> None:
    """Raise UsageError if metrics are wanted and can't be written to `file`."""
    if file is not None:
        from lastseen.fleet.textfile import refuse_as_metrics

        refuse_as_metrics(file)


@contextmanager
def metrics_written(file: Path | None, *, portal: str) -> Iterator[ResultRecorder]:
    """Write the metrics of the run in the block to `file` when it ends, well or not."""
    if file is None:
        yield ResultRecorder(None)
        return
    from lastseen.fleet.textfile import RunReport, write_metrics
    from lastseen.model.instant import system_clock

    report, began = RunReport(), time.monotonic()
    try:
        yield ResultRecorder(report)
    except LastseenError as error:
        report.error = error
        raise
    finally:
        seconds = time.monotonic() - began
        write_metrics(file, report, portal=portal, now=system_clock(), seconds=seconds)
