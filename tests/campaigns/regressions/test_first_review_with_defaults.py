"""What a first review costs as installed: logs kept for as long as is looked back."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.bench.regret import MOST_REGRET, shapes
from benchmarks.bench.requests import fewest_for
from campaigns.safety.cases import DAY, Case, Crowd, Rules
from lastseen.model.decision import Reason
from lastseen.model.plan import Policy
from lastseen.simulator.server.filters import Filters
from testing.virtual import NIGHT, NOON, WINDOW_ONLY, VirtualPortal
from testing.worlds import Shape, company
from tests.campaigns.regressions.portals import Watched, person, signs_in

DEFAULTS = Policy()
FEW_PAGES = Shape(
    contractors=300,
    staff=20,
    sign_ins=2_000,
    trail=2_000,
    days=180,
    weekly=0,
    rarely=0,
    open_session=0,
    gone=0,
    never=1.0,
    disabled=0,
    attacked=0,
)
"""Many who never came, on a portal whose whole log has a hundred and twenty pages."""


def test_those_never_seen_are_told_so_where_the_lookback_ends_with_the_log(tmp_path: Path) -> None:
    # Given logs that are kept for 180 days, and looked back over for 180
    case = Case(
        seed=1,
        mode="before-window",
        people=(person(1), person(2, *signs_in(100 * DAY)), person(3, *signs_in(3 * DAY))),
        crowd=Crowd(sign_ins=4_000, trail=400, days=180),
        rules=Rules(lookback_days=180, never_seen="keep"),
    )
    watched = Watched(case, tmp_path)
    # Then nobody is held for ever because the edge of the log moves while it is read
    assert watched.review() == {1: "keep", 2: "disable", 3: "keep"}


def test_the_stream_is_not_read_in_vain_for_those_whom_asking_has_answered(tmp_path: Path) -> None:
    case = Case(
        seed=1,
        mode="before-window",
        people=(*(person(n, *signs_in(60 * DAY)) for n in range(8)), person(8), person(9)),
        crowd=Crowd(sign_ins=12_000, trail=400, days=180),
        rules=Rules(lookback_days=180),
    )
    watched = Watched(case, tmp_path)
    assert set(watched.review().values()) == {"disable"}
    # 120 pages of sign-ins could prove no more than asking did
    assert watched.requests < 100


def test_asking_about_many_who_never_came_is_not_taken_for_one_request_each() -> None:
    portal = VirtualPortal(FEW_PAGES, filters=Filters.BEFORE_WINDOW)
    took = portal.review(DEFAULTS, all_dates=True)
    assert {d.reason for d in took.plan.to_disable()} == {Reason.NEVER_SEEN}
    # Two logs of 120 pages show of everyone that they never came; asking takes 600 for each log
    assert took.requests < 300


def test_dates_cost_no_more_than_deciding_and_later_reviews_read_on() -> None:
    # Given a portal that filters after the window, where dates are far down in the stream
    shape = company(300, days=180)
    deciding = VirtualPortal(shape).review(WINDOW_ONLY).requests
    portal = VirtualPortal(shape)
    first = portal.review(DEFAULTS)
    assert first.requests <= 2 * deciding + 5
    undated = [d for d in first.plan.to_disable() if d.last_seen_at is None]
    assert undated
    assert all("older entries" in d.explanation for d in undated)
    assert all(d.idle_days is not None and d.idle_days >= 30 for d in undated)
    # Then each later review reads on for no more than reading the window took, or 50 requests
    window = shape.sign_ins / 99
    reviews = 0
    while undated:
        portal.let_pass(60)
        later = portal.review(DEFAULTS)
        assert later.requests < max(50, window) + 40
        still = [d for d in later.plan.to_disable() if d.last_seen_at is None]
        known = {d.user_id: d.idle_days or 0 for d in undated}
        assert all((d.idle_days or 0) >= known[d.user_id] for d in still if d.user_id in known)
        undated = still
        reviews += 1
        assert reviews <= 5
    # And afterwards there is nothing left to look up
    portal.let_pass(60)
    assert portal.review(DEFAULTS).requests < 30


def test_a_small_portal_has_all_its_dates_after_three_reviews() -> None:
    # Given a portal on which a later review decides with a handful of requests
    portal = VirtualPortal(company(60, days=180))
    assert any(d.last_seen_at is None for d in portal.review(DEFAULTS).plan.to_disable())
    portal.let_pass(60)
    portal.review(DEFAULTS)
    portal.let_pass(60)
    third = portal.review(DEFAULTS).plan.to_disable()
    assert third
    assert all(d.last_seen_at is not None for d in third)


def test_all_dates_are_looked_up_at_once_when_asked_for() -> None:
    portal = VirtualPortal(company(200, days=180))
    plan = portal.review(DEFAULTS, all_dates=True).plan
    assert plan.to_disable()
    assert all(d.last_seen_at is not None for d in plan.to_disable())
    never = [d for d in plan.to_disable() if d.reason is Reason.NEVER_SEEN]
    assert never
    assert all(msgspec.to_builtins(d)["last_seen_by"] == "registration" for d in never)


def test_pages_for_dates_are_read_side_by_side() -> None:
    # Given a small portal that answers after 20 ms, and dates 120 pages down in its log
    portal = VirtualPortal(company(100, staff=20, days=180))
    took = portal.review(DEFAULTS)
    assert took.requests > 100
    # Then people don't wait for the pages one after the other
    assert took.seconds < 1.5


@pytest.mark.parametrize("now", [NOON, NIGHT], ids=["by day", "at night"])
@pytest.mark.parametrize("filters", [Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW])
@pytest.mark.parametrize(("name", "shape"), shapes(50).items(), ids=list(shapes(50)))
def test_a_small_portal_costs_a_quarter_more_than_proving_it_takes_at_most(
    name: str, shape: Shape, filters: Filters, now: float
) -> None:
    portal = VirtualPortal(shape, filters=filters, now=now)
    first = portal.review(DEFAULTS)
    fewest = fewest_for(portal, first.plan)
    assert fewest <= first.requests <= MOST_REGRET * fewest
