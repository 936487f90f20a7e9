"""The names of the simulator's faults, apart so that help loads no simulator."""

from typing import Final

NAMES: Final = (
    "reset",
    "html-502",
    "429",
    "lost-answer",
    "truncated",
    "empty-200",
    "other-shape",
    "cut-page",
    "slow",
    "clock-skew",
    "no-date",
    "arrivals",
    "deletions",
)
"""Every fault there is, in the order in which the first that is drawn wins."""
