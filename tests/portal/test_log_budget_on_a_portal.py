"""A review that ran out of its time for the logs: the next one goes on where it stopped."""

import random

from lastseen.docspace.http.limits import Limits
from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.plan import Plan
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from testing.in_process import URL, InProcess, VirtualTime
from testing.reviews import reviewed

UNLIMITED = Limits(reads=1)
SHORT = Limits(reads=1, log_seconds=400.0, log_seconds_a_person_day=0.0)


class Slow:
    """A portal that takes up to a minute for each answer."""

    def __init__(self) -> None:
        self.time = VirtualTime(1_780_000_000)
        world = populate(
            self.time.portal_clock(), Population(contractors=25, staff=80, days=90, seed=3)
        )
        self.portal = SimulatedPortal(world, clock=self.time.portal_clock)

    def review(self, known: PortalLedger, limits: Limits) -> tuple[Plan, int]:
        """Return the plan, and how many requests it took."""
        transport = InProcess(
            self.portal, self.time, chance=random.Random(1), latency=20.0, limits=limits
        )
        return reviewed(transport, known), transport.requests


def test_what_was_read_before_the_time_was_up_is_not_read_again(caplog):
    slow, other = Slow(), Slow()
    with Ledger.in_memory(clock=other.time.machine_clock) as ledger:
        whole, at_once = other.review(ledger.portal(URL), UNLIMITED)

    with Ledger.in_memory(clock=slow.time.machine_clock) as ledger:
        known = ledger.portal(URL)
        held, first = slow.review(known, SHORT)
        plan, then = slow.review(known, UNLIMITED)

    # Whoever the part that was read does not decide is held; the rest is read by the next review.
    assert not held.evidence.complete
    assert held.summary.hold > plan.summary.hold
    assert plan.evidence.complete
    assert first < at_once
    assert then < at_once
    assert plan.evidence.events < whole.evidence.events
    (told,) = [one for one in caplog.messages if "did not reach the end of the logs" in one]
    assert told.startswith("7 minutes")
