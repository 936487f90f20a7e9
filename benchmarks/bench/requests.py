"""How many requests a review takes: the first one, one the day after, and with dates to show."""

from benchmarks.bench.table import Row
from lastseen.model.plan import Policy
from lastseen.simulator.server.filters import Filters
from testing.oracle import PAGE, Fewest, candidates, pages
from testing.virtual import DAY, VirtualPortal
from testing.worlds import company

MOST_RATIO = 1.05
STEP = PAGE - 1
SPARE = 8
"""Requests that a second day may take beyond what it reads."""


def first_and_second_day(contractors: int) -> list[Row]:
    """Measure a first review and the one a day later, on both sorts of portals."""
    rows: list[Row] = []
    for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW):
        portal = VirtualPortal(company(contractors), filters=filters)
        best = portal.fewest()
        unseen = candidates(portal.portal, portal.window())
        rows.append(_first(best, portal.review().requests, contractors, filters))
        rows.append(_second_day(portal, unseen, filters))
    return rows


def with_dates_to_show(contractors: int) -> list[Row]:
    """Measure a first review that also looks further back for dates to show."""
    rows: list[Row] = []
    for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW):
        portal = VirtualPortal(company(contractors, days=180), filters=filters)
        best = portal.fewest()
        took = portal.review(Policy())
        rows.append(
            Row(
                figure=f"the same with dates to show, 180 days back, filters {filters.value}",
                measured=f"{took.requests / best.review:.2f} ({took.requests:,} requests)",
            )
        )
    return rows


def _first(best: Fewest, requests: int, contractors: int, filters: Filters) -> Row:
    ratio = requests / best.review
    return Row(
        figure=f"requests ÷ fewest possible, first review, {contractors:,} contractors, "
        f"filters {filters.value}",
        measured=f"{ratio:.3f} ({requests:,} ÷ {best.review:,}; "
        f"{requests / best.mixed_review:.3f} of an oracle that mixes in the trail as well)",
        goal=f"≤ {MOST_RATIO}",
        met=ratio <= MOST_RATIO,
    )


def _second_day(portal: VirtualPortal, first: set[int], filters: Filters) -> Row:
    trail_before = len(portal.portal.world.trail)
    came = portal.let_pass(DAY)
    trail_came = len(portal.portal.world.trail) - trail_before
    second = portal.review()
    roster = pages(portal.shape.contractors)
    new = -(-came // STEP)
    # Whoever was a candidate the day before needs what is new of the trail; the others all of it.
    now = candidates(portal.portal, portal.window())
    activity = min(len(now), len(now - first) + -(-trail_came // STEP))
    most = roster + new + activity + SPARE
    return Row(
        figure=f"second day: requests, {came:,} new sign-in entries, filters {filters.value}",
        measured=f"{second.requests:,}",
        goal=f"≤ {most:,} = {roster} roster + {new} new + {activity} activity + {SPARE}",
        met=second.requests <= most,
    )
