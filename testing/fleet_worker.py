"""A worker as `lastseen worker` starts it, with a heartbeat of a few hundred milliseconds.

`python -m testing.fleet_worker [options of lastseen worker]`: tests and campaigns that kill workers
would otherwise wait for minutes. FLEET_RESIDENT_LATER_MB pretends that the worker takes so much
memory once it is at work, FLEET_ISOLATED_MB gives jobs in processes so little.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import cache

import msgspec

from lastseen.cli.main import main
from lastseen.fleet import job_runner, worker

HEARTBEAT_SECONDS = 0.3
STALLED_SECONDS = 2.0
LOOK_SECONDS = 0.3
LATER_SECONDS = 3.0


def _quicken() -> None:
    """Replace what the modules know: a worker has no options for any of it."""
    changes: dict[tuple[object, str], object] = {
        (worker, "HEARTBEAT_SECONDS"): HEARTBEAT_SECONDS,
        (worker, "STALLED_SECONDS"): STALLED_SECONDS,
        (worker, "LOOK_SECONDS"): LOOK_SECONDS,
        (job_runner, "BUSY_SECONDS"): 1.0,
    }
    if pretended := os.environ.pop("FLEET_RESIDENT_LATER_MB", None):
        changes[worker, "resident_bytes"] = _growing(int(pretended) * 2**20)
    if granted := os.environ.get("FLEET_ISOLATED_MB"):
        changes[worker.Worker, "_job_options"] = _granting(int(granted) * 2**20)
    for (place, name), value in changes.items():
        setattr(place, name, value)


def _growing(taken: int) -> Callable[[], int]:
    @cache
    def first_asked() -> float:  # when it begins to work, however long its start took
        return time.monotonic()

    return lambda: taken if time.monotonic() - first_asked() > LATER_SECONDS else 0


def _granting(most: int) -> Callable[[worker.Worker], job_runner.JobRunnerOptions]:
    options = worker.Worker._job_options
    return lambda self: msgspec.structs.replace(options(self), memory_limit_bytes=most)


if __name__ == "__main__":
    _quicken()
    sys.argv[1:] = ["-v", "worker", *sys.argv[1:]]
    main()
