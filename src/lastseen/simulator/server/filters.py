"""The three sorts of portals that a client meets, by what they do with the filters of a log.

A module of its own, so that the command line can offer the choice without loading more.
"""

from enum import StrEnum


class Filters(StrEnum):
    """What a portal does with the parameters of a login filter."""

    BEFORE_WINDOW = "before-window"
    """First the filters, then `startIndex` and `count`: as the documentation says."""
    AFTER_WINDOW = "after-window"
    """First the window, of all the portal's events, then the filters: as 3.7.2 does."""
    IGNORED = "ignored"
    """No audit option in the plan: no parameter counts."""
