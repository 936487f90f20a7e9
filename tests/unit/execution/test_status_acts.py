"""Whose status somebody else set after Lastseen did, by the trail."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.execution.status_acts import status_set_after
from lastseen.model.instant import CLOCK_TOLERANCE, Instant
from lastseen.model.progress import Silent
from tests.unit.execution.fake_portal import START, STATUS_SET, refused

SECOND = timedelta(seconds=1)
NOW = Instant(START + timedelta(days=2))


class Noted(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def found(portal, *people, progress=None):
    return asyncio.run(
        status_set_after(
            portal, dict.fromkeys(people, START), now=NOW, progress=progress or Silent()
        )
    )


def test_only_what_lies_after_the_tolerance_of_the_clocks_is_somebody_elses(portal):
    portal.clock.forward(days=2)
    ann, bob = portal.add(1), portal.add(2)
    edge = Instant(START + CLOCK_TOLERANCE)
    later = Instant(edge + SECOND)
    portal.administered += [(edge, ann, STATUS_SET), (later, bob, STATUS_SET)]

    assert found(portal, ann, bob) == {bob: later}


def test_the_acts_on_others_and_other_acts_say_nothing(portal):
    portal.clock.forward(days=2)
    ann, bob = portal.add(1), portal.add(2)
    hour = Instant(START + timedelta(hours=1))
    portal.administered += [(hour, bob, STATUS_SET), (hour, ann, 4037)]

    assert found(portal, ann) == {}


def test_for_nobody_nothing_is_asked(portal):
    assert found(portal) == {}
    assert portal.requests == 0


@pytest.mark.parametrize("status", [402, 403])
def test_a_trail_that_may_not_be_read_leaves_it_open_and_says_so(portal, status):
    portal.administration_refused = refused(status)
    noted = Noted()

    assert found(portal, portal.add(1), progress=noted) == {}
    assert "by hand" in noted.notes[0]
