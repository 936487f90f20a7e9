"""The names of the simulator's faults, apart so that help loads no simulator."""

from typing import Final

NAMES: Final = (
    "reset",
    "html-502",
    "429",
    "lost-answer",
    "unsaved",
    "truncated",
    "empty-200",
    "other-shape",
    "cut-page",
    "slow",
    "clock-skew",
    "no-date",
    "arrivals",
    "deletions",
    "nameless",
)
"""Every fault there is, in the order in which the first that is drawn wins.

`unsaved` befalls changes of status only: the database refuses one of the people half-way, which is
a 500, and the portal's cache of single profiles shows the change nevertheless.

`nameless` is not drawn for a request: its rate is the share of the successful sign-ins that stand
under the anonymous account's id in every answer, as no known server writes them.
"""
