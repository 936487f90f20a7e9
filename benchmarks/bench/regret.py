"""The planner's regret: a first review's requests against the fewest that prove it.

With the default configuration, over a range of portals that keep their logs for 180 days.
"""

from dataclasses import replace
from typing import Any

from benchmarks.bench.requests import DEFAULTS, fewest_for
from benchmarks.bench.table import Row
from lastseen.simulator.server.filters import Filters
from testing.virtual import VirtualPortal
from testing.worlds import Shape, company

MOST_REGRET = 1.25

_NOBODY_ELSE: dict[str, Any] = {
    "rarely": 0.0,
    "open_session": 0.0,
    "disabled": 0.0,
    "attacked": 0.0,
}


def shapes(scale: float) -> dict[str, Shape]:
    """Return the portals by name, `scale` times as large as they are meant to be."""

    def n(number: int) -> int:
        return max(5, round(number * scale))

    return {
        "an ordinary portal": company(n(2_000)),
        "quiet: hardly anybody comes": Shape(
            contractors=n(1_000), staff=n(200), sign_ins=n(2_000), trail=n(2_000)
        ),
        "busy: a company signs in all day": Shape(
            contractors=n(1_000), staff=n(5_000), sign_ins=n(300_000), trail=n(300_000)
        ),
        "few contractors on a large portal": Shape(
            contractors=n(160), staff=n(5_000), sign_ins=n(150_000), trail=n(150_000)
        ),
        "many contractors on a small portal": Shape(
            contractors=n(5_000), staff=n(20), sign_ins=n(20_000), trail=n(20_000)
        ),
        "all inactive": Shape(
            contractors=n(1_000),
            staff=n(400),
            sign_ins=n(30_000),
            trail=n(30_000),
            **{**_NOBODY_ELSE, "weekly": 0.0, "gone": 0.7, "never": 0.3},
        ),
        "all active": Shape(
            contractors=n(1_000),
            staff=n(400),
            sign_ins=n(30_000),
            trail=n(30_000),
            **{**_NOBODY_ELSE, "weekly": 0.0, "gone": 0.0, "never": 0.0},
        ),
    }


def regret(scale: float = 1.0) -> list[Row]:
    """Measure a first review on each portal, in both modes."""
    rows: list[Row] = []
    for name, shape in shapes(scale).items():
        for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW):
            kept = replace(shape, days=DEFAULTS.lookback_days)
            portal = VirtualPortal(kept, filters=filters)
            first = portal.review(DEFAULTS)
            took, best = first.requests, fewest_for(portal, first.plan)
            rows.append(
                Row(
                    figure=f"regret, filters {filters.value}: {name}",
                    measured=f"{took / best:.2f} ({took:,} ÷ {best:,})",
                    goal=f"≤ {MOST_REGRET}",
                    met=took / best <= MOST_REGRET,
                )
            )
    return rows
