"""What is known of one review independently of it, for the judge."""

from collections.abc import Mapping

import msgspec

from campaigns.safety.nameless import Nameless
from campaigns.safety.provable_coverage import Reach
from lastseen.simulator.world.oracle import Truth


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What is known independently of one review."""

    before: Mapping[str, Truth]
    """What was so before its first request, by id."""
    after: Mapping[str, Truth]
    """What was so after its last."""
    begun: float
    """When it began, by the machine's clock, in seconds since 1970."""
    now: float
    """The instant that its plan is for; somebody may have crossed the edge meanwhile."""
    provable_since: float
    """Since when the portal can prove everything, as far as any client may conclude."""
    knowable_since: float
    """Since when it is known at most, earlier reviews included."""
    reach: Reach
    known_silent_until: float = 0.0
    """Until when a log was silent for too long, as an earlier review saw, shown now or not."""
    disturbed: bool
    """Whether a fault, or a change of the portal's ways, fell into the review."""
    ended: Mapping[str, int] = {}
    """When the sessions of each person were last ended by somebody's act."""
    nameless: Nameless = Nameless()
    """What the sign-in log had in nobody's name after its last request."""
    asked_from: float = 0.0
    """When it began, by the portal's clock."""
    acts_shown_since: float = 0.0
    """Since when the portal shows what administrators did."""
    reinstated: Mapping[str, float]
    """When a review first saw somebody back whom an earlier one had seen disabled."""
    perhaps_reinstated: frozenset[str] = frozenset()
    """Who is back, but was disabled only while reviews were cut short: nobody can tell whether
    those came as far as to see it."""
