"""People who become due while a review is already looking at what else matters about others."""

import random
from typing import Any

import pytest

from lastseen.docspace.http.request import Request
from lastseen.model.decision import Decision, Verdict
from lastseen.model.plan import Policy
from lastseen.simulator.world.people import Status
from testing.in_process import InProcess
from testing.quiet import QUIET_LOGS
from testing.reviews import reviewed
from tests.portal.unhelpful import ADMIN, STAFF, Built, Watched, ago, decision

WINDOW = 30
JUST_INSIDE = {"days": WINDOW, "seconds": -60}


@pytest.fixture
def built() -> Built:
    """A portal with one contractor due at once, whom the trail is asked about alone."""
    made = Built()
    made.staff_noise(300, days=60)
    for minute in range(1_500):
        made.works((STAFF, ADMIN)[minute % 2], ago(seconds=60 * minute))
    made.signs_in(made.guest(), ago(days=50))
    return made


def reviewed_slowly(watched: Watched, who: str, **policy: Any) -> Decision:
    """Review; two minutes pass when the list of keys is asked for, which the logs don't show."""

    def delay(_: int, request: Request) -> None:
        if request.path.endswith("/keys"):
            watched.time.passed += 120

    transport = InProcess(watched.portal, watched.time, chance=random.Random(3))
    transport.before = delay
    rules = Policy(inactive_days=WINDOW, **policy)
    plan = reviewed(transport, watched.ledger, rules, silence_days=QUIET_LOGS)
    return decision(plan, who)


@pytest.mark.parametrize("open_sessions", ["report", "hold", "sign-out"])
def test_anyone_who_works_in_a_session_as_old_as_the_window_keeps_it(
    built: Built, open_sessions: str
) -> None:
    worker = built.guest()
    built.signs_in(worker, ago(**JUST_INSIDE))
    built.works(worker, ago(days=3))

    found = reviewed_slowly(built.open(), worker, open_sessions=open_sessions)

    assert found.decision not in (Verdict.SIGN_OUT, Verdict.DISABLE)


def test_an_invitation_that_ends_meanwhile_is_not_ended_before_the_trail_was_asked(
    built: Built,
) -> None:
    invited = built.guest(registered_days=WINDOW - 60 / 86_400, status=Status.PENDING)
    built.works(invited, ago(days=3))

    found = reviewed_slowly(built.open(), invited)

    assert found.decision is not Verdict.DISABLE
