"""The names of the simulator's faults, apart so that help loads no simulator."""

from typing import Final

NAMES: Final = (
    "reset",
    "html-502",
    "disposed",
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

`disposed` is what a service says that is about to be restarted: .NET counts an object that is gone
among its invalid operations, and the portal answers those with 403, as it does a missing right
(`ResponseWrapper.cs`). A change of status may be half done by then.

`unsaved` befalls changes only: the database refuses a status half-way, which is a 500, and the
portal's cache of single profiles shows it nevertheless; or it refuses the end of somebody's
sessions, which the trail has by then.

`nameless` is not drawn for a request: its rate is the share of the successful sign-ins that stand
under the anonymous account's id in every answer, as no known server writes them.
"""
