"""A review of a portal on which somebody has just tried a password many times a second."""

from lastseen.simulator.server.filters import Filters
from testing.virtual import NOON, VirtualPortal
from testing.worlds import REFUSED, company

ATTEMPTS = 1_500


def test_a_flood_of_attempts_costs_a_review_little_more_than_its_own_pages():
    quiet, flooded = _portal(), _portal()
    victim = next(iter(flooded.portal.world.people))
    for number in range(ATTEMPTS):
        flooded.portal.world.add_login(victim, int(NOON) - 20 + number // 75, REFUSED)
    usual, took = quiet.review(), flooded.review()
    assert took.plan.summary == usual.plan.summary
    assert took.requests <= usual.requests + 3 * ATTEMPTS // 100


def _portal():
    return VirtualPortal(
        company(2_000, sign_ins=150_000, trail=3_000), filters=Filters.BEFORE_WINDOW
    )
