"""The planner's regret: a first review's requests against the fewest that prove it.

With the default configuration, over a range of portals that keep their logs for 180 days.
"""

from collections.abc import Sequence
from typing import Any

from benchmarks.bench.requests import DEFAULTS, fewest_for
from benchmarks.bench.table import Row
from lastseen.simulator.server.filters import Filters
from testing.virtual import NIGHT, NOON, VirtualPortal
from testing.worlds import Shape, company

MOST_REGRET = 1.25
FEW_AMONG_MANY = "few contractors on a large portal"
MOST_OF_FEW = 200
"""With more contractors such a portal has millions of entries."""

_NOBODY_ELSE: dict[str, Any] = {
    "rarely": 0.0,
    "open_session": 0.0,
    "disabled": 0.0,
    "attacked": 0.0,
}


def shapes(contractors: int) -> dict[str, Shape]:
    """Return portals with so many contractors, by name."""

    def shape(*, staff: float, sign_ins: float, trail: float, **habits: float) -> Shape:
        """Return a portal; staff and entries in the window are for each contractor."""
        return Shape(
            contractors=contractors,
            staff=max(5, round(staff * contractors)),
            sign_ins=round(sign_ins * contractors),
            trail=round(trail * contractors),
            days=DEFAULTS.lookback_days,
            **habits,  # type: ignore[arg-type]
        )

    return {
        "an ordinary portal": company(contractors, days=DEFAULTS.lookback_days),
        "quiet: hardly anybody comes": shape(staff=0.2, sign_ins=2, trail=2),
        "busy: a company signs in all day": shape(staff=5, sign_ins=300, trail=300),
        FEW_AMONG_MANY: shape(staff=31, sign_ins=940, trail=940),
        "many contractors on a small portal": shape(staff=0.004, sign_ins=4, trail=4),
        "all inactive": shape(
            staff=0.4, sign_ins=30, trail=30, **_NOBODY_ELSE, weekly=0.0, gone=0.7, never=0.3
        ),
        "all active": shape(
            staff=0.4, sign_ins=30, trail=30, **_NOBODY_ELSE, weekly=0.0, gone=0.0, never=0.0
        ),
    }


def regret(sizes: Sequence[int]) -> list[Row]:
    """Measure first reviews of portals with so many contractors, by day and at night."""
    return [
        _worst(name, filters, sizes)
        for name in shapes(1)
        for filters in (Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW)
    ]


def _worst(name: str, filters: Filters, sizes: Sequence[int]) -> Row:
    """Return the review that takes most more than the fewest requests, of portals of one name."""
    sizes = [one for one in sizes if name != FEW_AMONG_MANY or one <= MOST_OF_FEW]
    measured = [
        _measured(shapes(contractors)[name], filters, now)
        for contractors in sizes
        for now in (NOON, NIGHT)
    ]
    took, best, where = max(measured, key=lambda one: one[0] / one[1])
    return Row(
        figure=f"regret, filters {filters.value}: {name}, worst of {_in_words(sizes)} contractors "
        "by day and at night",
        measured=f"{took / best:.2f} ({took:,} ÷ {best:,}, {where})",
        goal=f"≤ {MOST_REGRET}",
        met=took / best <= MOST_REGRET,
    )


def _measured(shape: Shape, filters: Filters, now: float) -> tuple[int, int, str]:
    portal = VirtualPortal(shape, filters=filters, now=now)
    first = portal.review(DEFAULTS)
    when = "by day" if now == NOON else "at night"
    return (
        first.requests,
        fewest_for(portal, first.plan),
        f"{shape.contractors:,} contractors {when}",
    )


def _in_words(sizes: Sequence[int]) -> str:
    return ", ".join(f"{size:,}" for size in sizes)
