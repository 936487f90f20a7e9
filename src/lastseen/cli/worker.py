"""`lastseen worker`: carries out portals' jobs until it is stopped. Only options and exit codes."""

import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.errors import print_line
from lastseen.cli.fleet import fleet_dependencies
from lastseen.cli.invocation import Invocation, invocation, run_async
from lastseen.cli.signals import stop_when_asked
from lastseen.model.counting import counted
from lastseen.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from lastseen.fleet.metrics import WorkerMetrics
    from lastseen.fleet.worker import WorkerOptions, WorkerReport


def worker(
    context: typer.Context,
    drain: Annotated[
        bool, typer.Option("--drain", help="End when no job waits or runs anywhere.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="N", min=1, max=500, help="Portals at once.")
    ] = 10,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", metavar="N", min=1, max=65535, help="Serve metrics there."),
    ] = None,
    metrics_host: Annotated[
        str,
        typer.Option("--metrics-host", metavar="ADDRESS", help="On which address."),
    ] = "127.0.0.1",
    time_limit: Annotated[
        float,
        typer.Option("--time-limit", metavar="MINUTES", min=0.01, help="How long a job may take."),
    ] = 60.0,
    memory_limit: Annotated[
        int,
        typer.Option(
            "--memory-limit",
            metavar="MB",
            min=64,
            help="How much memory the worker may take, and likewise a job in its own process.",
        ),
    ] = 512,
) -> int:
    """Carry out the jobs of the fleet until stopped.

    Start as many as needed, on any number of machines; each needs the ledger's address and the
    keys that the fleet file refers to. With --drain it exits with the most serious exit code of
    its jobs.
    """
    with fleet_dependencies():
        from lastseen.fleet.metrics import WorkerMetrics
        from lastseen.fleet.worker import WorkerOptions

    called = invocation(context)
    options = WorkerOptions(
        concurrency=concurrency,
        drain=drain,
        time_limit_minutes=time_limit,
        memory_limit_megabytes=memory_limit,
        log_format=called.log_format,
        log_level=called.log_level,
    )
    metrics = WorkerMetrics()
    if metrics_port is not None:
        _serve(metrics, metrics_host, metrics_port)
    report = run_async(_worked(called, options, metrics))
    if report.ending == "memory":
        _restart()
    print_line(
        f"{counted(report.jobs, 'job', 'jobs')} done; the worker {report.ending}.",
        event="worker",
        jobs=report.jobs,
        ending=report.ending,
    )
    return report.exit_code if drain else ExitCode.DONE


async def _worked(
    called: Invocation, options: "WorkerOptions", metrics: "WorkerMetrics"
) -> "WorkerReport":
    from lastseen.fleet.logs import name_portals
    from lastseen.fleet.worker import Worker
    from lastseen.model.instant import system_clock

    name_portals(logging.getLogger().handlers)
    with stop_when_asked() as stop:
        work = Worker(
            options,
            ledger_url=called.ledger_url() or "",
            environ=os.environ,
            clock=system_clock,
            metrics=metrics,
        )
        return await work.run(stop)


def _serve(metrics: "WorkerMetrics", host: str, port: int) -> None:
    from prometheus_client import start_http_server

    try:
        start_http_server(port, addr=host, registry=metrics.registry)
    except OSError as error:
        raise UsageError(
            attempted=f"serving metrics on {host}:{port}",
            found=(error.strerror or str(error)).lower(),
            meaning="the port is taken, or this user may not listen on it",
            remedy="give another --metrics-port",
        ) from None


def _restart() -> None:
    """Become a fresh process of the same command: only that is sure to give memory back."""
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "lastseen", *sys.argv[1:]])
