"""How many requests a review takes: the first one, one the day after, and with dates to show."""

from collections.abc import Sequence

from benchmarks.bench.table import WITHOUT_DATES, Row
from lastseen.model.decision import Reason
from lastseen.model.plan import Plan, Policy
from lastseen.model.sighting import EvidenceKind
from lastseen.simulator.server.filters import Filters
from testing.oracle import PAGE, Fewest, candidates, fewest_with_dates, pages
from testing.virtual import DAY, VirtualPortal
from testing.worlds import company

DEFAULTS = Policy()
LOOKBACK_DAYS = DEFAULTS.lookback_days
MOST_RATIO = 1.05
MOST_RATIO_WITH_DATES = 1.10
STEP = PAGE - 1
SPARE = 8
"""Requests that a second day may take beyond what it reads."""


def first_and_second_day(sizes: Sequence[int]) -> list[Row]:
    """Measure first reviews without dates and the ones a day later, on both sorts of portals."""
    rows: list[Row] = []
    for contractors in sizes:
        for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW):
            portal = VirtualPortal(company(contractors), filters=filters)
            best = portal.fewest()
            unseen = candidates(portal.portal, portal.window())
            rows.append(_first(best, portal.review().requests, contractors, filters))
            rows.append(_second_day(portal, unseen, filters))
    return rows


def with_dates_to_show(sizes: Sequence[int]) -> list[Row]:
    """Measure first reviews as installed: 180 days kept, and looked back over for dates."""
    return [
        row
        for contractors in sizes
        for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW)
        for row in _as_installed(contractors, filters)
    ]


def _as_installed(contractors: int, filters: Filters) -> list[Row]:
    shape = company(contractors, days=LOOKBACK_DAYS)
    deciding = VirtualPortal(shape, filters=filters).review().requests
    portal = VirtualPortal(shape, filters=filters)
    first = portal.review(DEFAULTS)
    best = fewest_with_dates(
        portal.portal,
        portal.window(),
        lookback_days=LOOKBACK_DAYS,
        dated=_dated(portal, first.plan),
    )
    ratio = first.requests / best
    dates = max(0, first.requests - deciding) / deciding
    undated = first.plan.summary.disable - len(_dated(portal, first.plan))
    of = f"{contractors:,} contractors, filters {filters.value}"
    return [
        Row(
            figure=f"requests ÷ fewest possible, first review with the dates it shows, {of}",
            measured=f"{ratio:.3f} ({first.requests:,} ÷ {best:,})",
            goal=f"≤ {MOST_RATIO_WITH_DATES}",
            met=ratio <= MOST_RATIO_WITH_DATES,
        ),
        Row(
            figure=f"requests spent on dates ÷ on deciding, first review, {of}",
            measured=f"{dates:.2f} ({undated:,} of {first.plan.summary.disable:,} dates left for "
            "later reviews)",
            goal="≤ 1",
            met=dates <= 1,
        ),
    ]


def _dated(portal: VirtualPortal, plan: Plan) -> set[str]:
    """Return the people to be disabled whose date the plan tells for certain."""
    coverage = portal.ledger.evidence.coverage(EvidenceKind.SIGN_IN)
    alone = portal.ledger.evidence.coverage_of_people(EvidenceKind.SIGN_IN)
    read_since = coverage[-1].interval.since
    return {
        decision.user_id
        for decision in plan.to_disable()
        if decision.user_id
        and (
            decision.reason is Reason.NEVER_SEEN
            or decision.user_id in alone
            or (decision.last_seen_at is not None and decision.last_seen_at >= read_since)
        )
    }


def _first(best: Fewest, requests: int, contractors: int, filters: Filters) -> Row:
    ratio = requests / best.review
    return Row(
        figure=f"requests ÷ fewest possible, first review, {contractors:,} contractors, "
        f"filters {filters.value} ({WITHOUT_DATES})",
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
        figure=f"second day: requests, {came:,} new sign-in entries, filters {filters.value} "
        f"({WITHOUT_DATES})",
        measured=f"{second.requests:,}",
        goal=f"≤ {most:,} = {roster} roster + {new} new + {activity} activity + {SPARE}",
        met=second.requests <= most,
    )
