"""How long the whole job takes beside a clean-up that works as the vendor's sample does.

Both in turn against the same served portal, in a process of its own. The sample asks one person
after the other, so a part of its people tells how long all would take.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from benchmarks.bench.portals import Place, served
from benchmarks.bench.reviewing import desk
from benchmarks.bench.table import WITHOUT_DATES, Row
from lastseen.model.plan import Policy
from lastseen.simulator.server.filters import Filters
from testing.baseline import Baseline, dates_corrected, over_network
from testing.worlds import company

LATENCY = 0.02
DEFAULTS = Policy()


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large a portal is, and how many times as quick as the sample Lastseen is to be."""

    contractors: int
    sampled: int
    """So many people are asked about by the sample."""
    least_ratio: float


def against_the_sample(sizes: Sequence[Size]) -> list[Row]:
    """Measure review and apply against the sample: as installed, then without dates to show."""
    return [
        _measured(size, filters, lookback_days)
        for lookback_days in (DEFAULTS.lookback_days, DEFAULTS.inactive_days)
        for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW)
        for size in sizes
    ]


def _measured(size: Size, filters: Filters, lookback_days: int) -> Row:
    """Measure on a portal that keeps its logs for as long as is looked back, by default."""
    shape = company(size.contractors, days=DEFAULTS.lookback_days)
    with served(Place(shape=shape, filters=filters, latency=LATENCY)) as portal:
        with desk(portal, lookback_days=lookback_days) as commands:
            review, plan = commands.review()
            apply = commands.apply()
        people = [decision.user_id or "" for decision in plan.decisions][: size.sampled]
        sample = Baseline(
            over_network(portal.url, portal.key),
            clock=lambda: datetime.now(UTC),
            dates=dates_corrected,
        )
        began = time.perf_counter()
        sample.clean_up(people, disable=False)
        asked = time.perf_counter() - began
    whole = asked / len(people) * size.contractors
    ours = review.seconds + apply.seconds
    ratio = whole / ours
    has_dates = lookback_days > DEFAULTS.inactive_days
    return Row(
        figure=f"wall time: the sample ÷ Lastseen (review and apply), {size.contractors:,} "
        f"contractors, {LATENCY * 1000:.0f} ms latency, filters {filters.value}"
        + ("" if has_dates else f" ({WITHOUT_DATES})"),
        measured=f"{ratio:.1f} ({whole:.0f} s, from {len(people):,} people ÷ {ours:.1f} s = "
        f"{review.seconds:.1f} s review + {apply.seconds:.1f} s apply)",
        goal=f"≥ {size.least_ratio:.0f}",
        met=ratio >= size.least_ratio,
    )
