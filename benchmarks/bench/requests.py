"""How many requests a review takes: the first one, one the day after, and with dates to show."""

import math
from collections.abc import Sequence

from benchmarks.bench.table import WITHOUT_DATES, Row
from lastseen.model.contractor import UserId
from lastseen.model.plan import Plan, Policy
from lastseen.model.sighting import EvidenceKind
from lastseen.simulator.server.filters import Filters
from testing.oracle import PAGE, Fewest, candidates, fewest_proven, pages
from testing.virtual import DAWN, DAY, NIGHT, NOON, VirtualPortal
from testing.worlds import company

DEFAULTS = Policy()
LOOKBACK_DAYS = DEFAULTS.lookback_days
MOST_RATIO = 1.05
MOST_RATIO_WITH_DATES = 1.10
_WHEN = {NOON: "", NIGHT: ", at night", DAWN: ", before dawn"}
STEP = PAGE - 1
SPARE = 8
"""Requests that a second day may take beyond what it reads."""
ASKED_BY_ACTION = 10
"""Requests for what is asked beside the logs: by action, API keys, how long sessions live."""


def first_and_second_day(sizes: Sequence[int]) -> list[Row]:
    """Measure first reviews without dates and the ones a day later, on both sorts of portals."""
    rows: list[Row] = []
    for contractors in sizes:
        for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW):
            portal = VirtualPortal(company(contractors), filters=filters)
            best = portal.fewest()
            unseen = candidates(portal.portal, portal.window())
            proven = fewest_proven(portal.portal, portal.window())
            rows.append(_first(best, proven, portal.review().requests, contractors, filters))
            rows.append(_second_day(portal, unseen, filters))
    return rows


def with_dates_to_show(sizes: Sequence[int]) -> list[Row]:
    """Measure first reviews as installed: 180 days kept, and looked back over for dates.

    At night too where there is a choice: how long a log is is then guessed from its quietest hours.
    """
    return [
        row
        for contractors in sizes
        for filters, now in (
            (Filters.BEFORE_WINDOW, NOON),
            (Filters.BEFORE_WINDOW, NIGHT),
            (Filters.BEFORE_WINDOW, DAWN),
            (Filters.AFTER_WINDOW, NOON),
        )
        for row in _as_installed(contractors, filters, now)
    ]


def _as_installed(contractors: int, filters: Filters, now: float) -> list[Row]:
    shape = company(contractors, days=LOOKBACK_DAYS)
    deciding = VirtualPortal(shape, filters=filters, now=now).review().requests
    portal = VirtualPortal(shape, filters=filters, now=now)
    first = portal.review(DEFAULTS)
    best = fewest_for(portal, first.plan)
    ratio = first.requests / best
    dates = max(0, first.requests - deciding) / deciding
    undated = first.plan.summary.disable - len(_dated(first.plan))
    of = f"{contractors:,} contractors, filters {filters.value}{_WHEN[now]}"
    return [
        Row(
            figure=f"requests ÷ fewest that prove it, first review with the dates it shows, {of}",
            measured=f"{ratio:.3f} ({first.requests:,} ÷ {best:,})",
            goal=f"≤ {MOST_RATIO_WITH_DATES}",
            met=ratio <= MOST_RATIO_WITH_DATES,
        ),
        Row(
            figure=f"requests spent on dates ÷ on deciding, first review, {of}",
            measured=f"{dates:.2f} ({undated:,} of {first.plan.summary.disable:,} have none yet)",
            goal="≤ 1",
            met=dates <= 1,
        ),
    ]


def fewest_for(portal: VirtualPortal, plan: Plan) -> int:
    """Return the fewest requests that prove `plan`, a first review's, and as much about dates."""
    people = [decision.user_id for decision in plan.to_disable() if decision.user_id]
    return fewest_proven(
        portal.portal,
        portal.window(),
        sign_ins_since=_shown_since(portal, EvidenceKind.SIGN_IN, people),
        trail_since=_shown_since(portal, EvidenceKind.ACTIVITY, people),
    )


def _shown_since(
    portal: VirtualPortal, kind: EvidenceKind, people: Sequence[UserId]
) -> dict[str, float]:
    """Return since when the ledger knows all of a log about each of `people`."""
    evidence = portal.ledger.evidence
    alone = evidence.coverage_of_people(kind)
    newest = evidence.coverage(kind)[-1:]
    whole = newest[0].interval.since.timestamp() if newest else math.inf
    return {
        person: min(whole, alone[person][-1].since.timestamp()) if person in alone else whole
        for person in people
    }


def _dated(plan: Plan) -> set[str]:
    """Return the people to be disabled whose date the plan tells."""
    return {
        decision.user_id
        for decision in plan.to_disable()
        if decision.user_id and decision.last_seen_at is not None
    }


def _first(best: Fewest, proven: int, requests: int, contractors: int, filters: Filters) -> Row:
    ratio = requests / proven
    return Row(
        figure=f"requests ÷ fewest that prove it, first review, {contractors:,} contractors, "
        f"filters {filters.value} ({WITHOUT_DATES})",
        measured=f"{ratio:.3f} ({requests:,} ÷ {proven:,}; {requests / best.mixed_review:.3f} of "
        f"the {best.mixed_review:,} of an oracle that proves nothing)",
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
    most = roster + new + activity + SPARE + ASKED_BY_ACTION
    return Row(
        figure=f"second day: requests, {came:,} new sign-in entries, filters {filters.value} "
        f"({WITHOUT_DATES})",
        measured=f"{second.requests:,}",
        goal=f"≤ {most:,} = {roster} roster + {new} new + {activity} activity + {SPARE} + "
        f"{ASKED_BY_ACTION} by action",
        met=second.requests <= most,
    )
