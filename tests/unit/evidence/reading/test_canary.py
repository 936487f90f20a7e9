"""The canary: only an answer that filters first could give counts."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.docspace.interface import EventQuery
from lastseen.evidence.reading.canary import Canary
from lastseen.evidence.reading.filter_detection import TRIES
from lastseen.model.contractor import UserId
from lastseen.model.sighting import EvidenceKind, Sighting
from tests.unit.evidence.fake_log import (
    ANN,
    DAY,
    FakeLog,
    ago,
    entry,
    every_hour,
    log_of,
    lost,
)

MIXED = [*every_hour(50), entry(5, 60 * 60 * DAY / 3600, "ann")]


def canary(fake, sightings=None):
    newest = asyncio.run(fake.fetch(EventQuery()))
    return Canary(log_of(fake), newest, sightings)


def sung(bird):
    return asyncio.run(bird())


def test_it_is_found_where_filters_come_first():
    bird = canary(FakeLog(MIXED))
    assert bird.exists
    assert sung(bird)
    assert bird.requests == 1


@pytest.mark.parametrize("ways", ["after-window", "ignored"])
def test_it_is_not_found_where_they_do_not(ways):
    fake = FakeLog(MIXED)
    bird = canary(fake)
    fake.ways = ways
    assert not sung(bird)


def test_a_lost_answer_vouches_for_nothing():
    fake = FakeLog(MIXED)
    bird = canary(fake)
    fake.altering = lost
    assert not sung(bird)


def test_an_answer_about_somebody_else_vouches_for_nothing():
    fake = FakeLog(MIXED)
    bird = canary(fake)
    fake.altering = lambda query, events: [entry(6, 30 * DAY, "ben")]
    assert not sung(bird)


@pytest.mark.parametrize(("ways", "is_found"), [("before-window", True), ("after-window", False)])
def test_somebody_else_is_asked_for_where_the_person_has_just_come_back(ways, is_found):
    fake = FakeLog([*every_hour(50), *(entry(n, 60 * DAY, f"p{n}") for n in range(3))])
    bird = canary(fake)
    fake.events.insert(0, entry(900_000, timedelta(), "p2"))  # whom the page shows first
    fake.ways = ways
    assert sung(bird) is is_found
    assert bird.requests == 3


def test_where_everybody_asked_for_comes_back_meanwhile_nothing_is_vouched_for():
    fake = FakeLog(MIXED)
    bird = canary(fake)

    def comes_back(query, events):
        if query.user_id is not None:
            return [entry(900_000, timedelta(), query.user_id)]
        return events

    fake.altering = comes_back
    assert not sung(bird)
    assert bird.requests == 2 * TRIES


def test_where_one_person_fills_the_page_another_known_to_be_in_the_log_is_asked_for():
    # Given a page that shows staff only, and somebody known to be behind it
    fake = FakeLog([*every_hour(150), entry(5, 20 * DAY, "ann")])
    known = Sighting(
        user_id=ANN, at=ago(20 * DAY), kind=EvidenceKind.SIGN_IN, event_id=5, action_id=1029
    )
    sightings: dict[UserId, Sighting] = {}
    bird = canary(fake, sightings)
    assert not bird.exists
    assert not sung(bird)
    assert len(fake.asked) == 1  # nobody could be asked for
    # When a reading has met them, then they do
    sightings[ANN] = known
    assert bird.exists
    assert sung(bird)


def test_an_empty_log_has_no_canary():
    assert not canary(FakeLog([])).exists
