"""How far back each log of a portal can be proven at all, read off the world and not off pages.

Independent of the product: what the portal holds, shows and has deleted for good decides. Kept for
each review, since what was proven once counts for later ones.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from campaigns.safety.cases import DAY, Case
from campaigns.safety.dead_logs import NEVER, dead_until, silent_until, written_again
from campaigns.safety.world import Course
from lastseen.simulator.endpoints.login_history import LATEST
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import SimulatedPortal

MOST_IN_A_SECOND = 97
"""So many events of one second fit on a page with a newer and an older one around them."""

_DAY_BEFORE_CHANGE = DAY

_LEFT_OPEN = {"sign_ins": 60, "trail": 900}
"""For so many seconds before a review no log is claimed to be complete: the recheck covers them."""


class Reach(NamedTuple):
    """Since when entries up to now can be shown complete, in seconds since 1970."""

    at: float
    """The portal's instant at which this holds."""
    sign_ins: float
    """Physically: what is there, is shown and was not deleted."""
    trail: float
    sign_ins_for_certain: float
    """As far as any client may conclude. A change of lifetimes a while ago, or one that the trail
    has forgotten, leaves open how short they were, and what lies more than a day before it."""
    crowded_sign_ins: int
    """The newest second with more events than a page can show around, 0 where there is none."""
    crowded_trail: int
    oldest_sign_in: float
    """When the oldest event happened that the sign-in log still lists; `at` where it is empty."""
    sign_ins_dead_until: float = 0.0
    """Until when the log had stopped, as everybody has to notice; NEVER while it has."""
    trail_dead_until: float = 0.0
    sign_ins_silent_until: float = 0.0
    """Until when it was silent for so long that it may be taken for dead; NEVER while it is.

    A log that had stopped is silent until its first entry shows that it is written again."""
    trail_silent_until: float = 0.0
    acts_shown_since: float = 0.0
    """Since when what administrators did is shown: a portal without the audit option shows the
    newest entries only."""


def reach(case: Case, portal: SimulatedPortal, course: Course, now: float) -> Reach:
    """Read off how far back this portal could prove its logs at `now`."""
    world = portal.world
    world.settle(now)
    sign_ins = world.logins.columns.seconds
    listed = sign_ins[len(sign_ins) - len(world.logins) :]
    floor = now - world.login_days * DAY
    physical = max(floor, float(course.sign_ins_gone_before))
    trail_floor = now - world.trail_days * DAY
    # A change that the trail has forgotten may have been, just before it begins.
    changed = max(trail_floor, float(course.lifetime_set_at or 0))
    certain = max(floor, changed - _DAY_BEFORE_CHANGE)
    trail: float = trail_floor
    trail_listed = [second for second in world.trail.columns.seconds if second >= trail_floor]
    acts: float = 0.0
    if portal.audit.filters is Filters.IGNORED:
        physical = min(now, _of_the_newest(listed, physical))
        certain = min(now, _of_the_newest(listed, certain))
        shown = [second for second in trail_listed if second <= now]
        trail = min(now, _of_the_newest(shown, trail_floor))
        acts = trail_floor
        if len(shown) >= LATEST:
            # A change of lifetimes may stand behind the entries that are shown.
            certain = max(certain, float(shown[-LATEST] - _DAY_BEFORE_CHANGE))
            acts = max(acts, float(shown[-LATEST] + 1))
    elif listed and listed[0] <= certain:
        certain = max(floor, float(listed[0] + 1))
    by_machine = now + max(0.0, case.machine_ahead)  # a silence is measured by either clock
    if not listed or listed[0] > certain:
        # Nor while the trail was silent, which may hide a change.
        silent = silent_until(case, world.trail.columns.seconds, now)
        certain = min(now, max(certain, silent - _DAY_BEFORE_CHANGE))
    sign_ins_dead = dead_until(case, "sign-in", listed, max(certain, physical), now)
    trail_dead = dead_until(case, "trail", trail_listed, trail_floor, now)
    return Reach(
        at=now,
        sign_ins=physical,
        trail=trail,
        sign_ins_for_certain=max(certain, physical),
        crowded_sign_ins=_crowded(listed),
        crowded_trail=_crowded(world.trail.columns.seconds),
        oldest_sign_in=float(listed[0]) if listed else now,
        sign_ins_dead_until=sign_ins_dead,
        trail_dead_until=trail_dead,
        sign_ins_silent_until=max(
            silent_until(case, listed, by_machine), written_again(listed, sign_ins_dead)
        ),
        trail_silent_until=max(
            silent_until(case, world.trail.columns.seconds, by_machine),
            written_again(trail_listed, trail_dead),
        ),
        acts_shown_since=acts,
    )


class Knowledge:
    """What reviews of one portal, one after the other, can have proven at most."""

    def __init__(self) -> None:
        """Begin before the first review."""
        self._earlier: list[Reach] = []

    def add(self, known: Reach) -> None:
        """Take note of a review, finished or cut off."""
        self._earlier.append(known)

    def since(self, now: Sequence[Reach], kinds: Sequence[str]) -> float:
        """Return since when a review can know everything, earlier ones included.

        `now`: how far the logs reached at its beginning, its end or in between.
        """
        found = []
        if "sign-in" in kinds:
            found.append(min(self._chained(one, "sign_ins") for one in now))
            found.append(min(one.sign_ins_dead_until for one in now))
        if "activity" in kinds:
            found.append(min(self._chained(one, "trail") for one in now))
            found.append(min(one.trail_dead_until for one in now))
        return max(found, default=NEVER)

    def silent_until(self, kinds: Sequence[str]) -> float:
        """Return until when an earlier review saw that a log had been silent for too long."""
        ends = [
            end
            for one in self._earlier
            for kind, silent, dead in (
                ("sign-in", one.sign_ins_silent_until, one.sign_ins_dead_until),
                ("activity", one.trail_silent_until, one.trail_dead_until),
            )
            if kind in kinds
            for end in (silent, dead)
            if end != NEVER
        ]
        return max(ends, default=0.0)

    def _chained(self, now: Reach, log: str) -> float:
        """Go back through reviews whose own instant lies within what is known already."""
        since: float = getattr(now, log)
        reached = min(since, now.at - _LEFT_OPEN[log])
        for earlier in reversed(self._earlier):
            if earlier.at >= reached:
                since = reached = min(reached, getattr(earlier, log))
        return since


def _of_the_newest(seconds: Sequence[int], complete_since: float) -> float:
    """Return what the twenty newest prove: all of it where there are fewer."""
    if len(seconds) < LATEST:
        return complete_since
    return max(complete_since, float(seconds[-LATEST] + 1))


def _crowded(seconds: Sequence[int]) -> int:
    step = MOST_IN_A_SECOND
    if not any(a == b for a, b in zip(seconds, islice(seconds, step, None), strict=False)):
        return 0
    return max(second for second, many in Counter(seconds).items() if many > step)
