"""Successful sign-ins that a portal's log shows in nobody's name: which portals, and what follows.

Such an entry may be anybody's, so it proves that somebody came and leaves open who.
"""

import random

import msgspec

from campaigns.safety.cases import DAY, Case, shown_at
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.actions import is_presence
from lastseen.simulator.world.oracle import Truth

NAMELESS = "nameless"
"""The simulator's name for this fault; its rate is the share of the sign-ins."""

_SHARE = 0.06
"""On which share of the portals."""
_RATES = (0.0005, 0.002, 0.01, 0.1, 1.0)
_GRAIN = 2


class Nameless(msgspec.Struct, frozen=True, kw_only=True):
    """What the sign-in log has in nobody's name by some instant, and what in people's own."""

    seconds: tuple[int, ...] = ()
    """When the sign-ins in nobody's name were, oldest first."""
    named: dict[str, int] = {}
    """When people with such sign-ins were last seen by one in their own name, by id."""
    whose: frozenset[str] = frozenset()
    """Who really came by one of them."""

    def last_named(self, truth: Truth) -> int | None:
        """Return when the person last signed in under their own name."""
        return self.named.get(truth.id) if truth.id in self.whose else truth.last_sign_in_at


def with_nameless(case: Case) -> Case:
    """Let a few portals name nobody for some of the sign-ins.

    Drawn from a chance of its own, so that all other portals stay as they are.
    """
    chance = random.Random(f"names nobody {case.seed}")
    if chance.random() >= _SHARE:
        return case
    return msgspec.structs.replace(case, faults={**case.faults, NAMELESS: chance.choice(_RATES)})


def nameless_of(portal: SimulatedPortal) -> Nameless:
    """Read off what the sign-in log has in nobody's name, shown now or not."""
    if not portal.audit.nameless:
        return Nameless()
    columns, actors = portal.world.logins.columns, portal.world.actors
    seconds: list[int] = []
    named: dict[str, int] = {}
    whose: set[str] = set()
    for second, actor, action, number in zip(
        columns.seconds, columns.actors, columns.actions, columns.ids, strict=True
    ):
        who = actors[actor].user_id
        if portal.audit.names_nobody(number, action):
            seconds.append(second)
            whose.add(who)
        elif is_presence(action):
            named[who] = second
    return Nameless(
        seconds=tuple(seconds),
        named={who: at for who, at in named.items() if who in whose},
        whose=frozenset(whose),
    )


def excuses_hold(case: Case, truth: Truth, found: Nameless, now: float) -> bool:
    """Say whether somebody not seen in the window is rightly held for such an entry in it.

    In the hour that occurs twice an entry's date may be an hour late.
    """
    window = now - case.rules.inactive_days * DAY
    late = [second for second in found.seconds if shown_at(case, second) >= window - _GRAIN]
    return any(second >= truth.registered_at for second in late)


def forbids_disabling(
    case: Case, truth: Truth, found: Nameless, *, now: float, shown: tuple[float, float]
) -> bool:
    """Say whether an entry that the log showed all along may be this person's visit in the window.

    `shown`: from when until when entries were in the log before the review began.
    """
    if "sign-in" not in case.rules.evidence:
        return False
    window = now - case.rules.inactive_days * DAY
    since = max(window + _GRAIN, shown[0], float(truth.registered_at))
    return any(
        since <= second <= shown[1] and shown_at(case, second) > window + _GRAIN
        for second in found.seconds
    )
