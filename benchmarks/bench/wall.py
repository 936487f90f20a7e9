"""How long the whole job takes beside a clean-up that works as the vendor's sample does.

Both in turn against the same served portal, in a process of its own. The sample asks one person
after the other, so a part of its people tells how long all would take.
"""

import time
from datetime import UTC, datetime

from benchmarks.bench.portals import Place, served
from benchmarks.bench.reviewing import desk
from benchmarks.bench.table import Row
from testing.baseline import Baseline, dates_mended, over_network
from testing.worlds import company

LATENCY = 0.02
LEAST_RATIO = 50


def against_the_sample(contractors: int, sampled: int) -> list[Row]:
    """Measure review and apply against the sample, `sampled` of whose people are asked about."""
    with served(Place(shape=company(contractors), latency=LATENCY)) as portal:
        with desk(portal) as commands:
            review, plan = commands.review()
            apply = commands.apply()
        people = [decision.user_id or "" for decision in plan.decisions][:sampled]
        sample = Baseline(
            over_network(portal.url, portal.key),
            clock=lambda: datetime.now(UTC),
            dates=dates_mended,
        )
        began = time.perf_counter()
        sample.clean_up(people, disable=False)
        asked = time.perf_counter() - began
    whole = asked / len(people) * contractors
    ours = review.seconds + apply.seconds
    ratio = whole / ours
    return [
        Row(
            figure=f"wall time: the sample ÷ Lastseen (review and apply), {contractors:,} "
            f"contractors, {LATENCY * 1000:.0f} ms latency",
            measured=f"{ratio:.0f} ({whole:.0f} s, from {len(people):,} people ÷ {ours:.1f} s)",
            goal=f"≥ {LEAST_RATIO}",
            met=ratio >= LEAST_RATIO,
        ),
        Row(
            figure="of that: review; apply",
            measured=f"{review.seconds:.1f} s; {apply.seconds:.1f} s",
        ),
    ]
