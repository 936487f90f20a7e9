"""Peak memory and processor time of a review that reads a million entries."""

from benchmarks.bench.portals import Place, served
from benchmarks.bench.reviewing import desk
from benchmarks.bench.table import WITHOUT_DATES, Row
from testing.virtual import WINDOW_ONLY
from testing.worlds import Shape

MOST_MEGABYTES = 120
MOST_MILLISECONDS = 15


def a_million_entries(contractors: int, entries: int) -> list[Row]:
    """Measure the command `lastseen review` on a portal with so many entries in the window."""
    shape = Shape(
        contractors=contractors, staff=max(5, contractors * 2 // 5), sign_ins=entries, trail=entries
    )
    with (
        served(Place(shape=shape)) as portal,
        desk(portal, lookback_days=WINDOW_ONLY.lookback_days) as commands,
    ):
        took, plan = commands.review()
    read = plan.evidence.events
    each = took.processor_seconds * 1000 / (read / 1000)
    return [
        Row(
            figure=f"peak memory, {read:,} entries read, {contractors:,} contractors "
            f"({WITHOUT_DATES})",
            measured=f"{took.peak_megabytes:.0f} MB",
            goal=f"≤ {MOST_MEGABYTES} MB",
            met=took.peak_megabytes <= MOST_MEGABYTES,
        ),
        Row(
            figure="processor time for each 1,000 entries, HTTP and all else included",
            measured=f"{each:.1f} ms",
            goal=f"≤ {MOST_MILLISECONDS} ms",
            met=each <= MOST_MILLISECONDS,
        ),
        Row(
            figure="the whole command: time; processor time",
            measured=f"{took.seconds:.1f} s; {took.processor_seconds:.1f} s",
        ),
    ]
