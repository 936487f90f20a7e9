"""The recheck before access is taken away."""

import asyncio

from lastseen.evidence.recheck import recheck_evidence
from lastseen.evidence.silence_finder import SilenceLimit
from lastseen.ledger import Ledger
from lastseen.model.instant import EPOCH
from lastseen.model.progress import Silent
from lastseen.model.sighting import ANONYMOUS, EvidenceKind
from tests.unit.evidence.fake_log import (
    ANN,
    BEN,
    DAY,
    HOUR,
    NOW,
    URL,
    FakeLog,
    FakePortal,
    ago,
    entry,
    every_hour,
    lost,
)

STAFF = [*every_hour(1_000), entry(4, 20 * HOUR, "witness")]


def rechecked(sign_ins, trail, *people, whole_window=False):
    return asyncio.run(
        recheck_evidence(
            FakePortal(sign_ins, trail).asked_as,
            dict.fromkeys(people, ago(30 * DAY)),
            emails={person: f"{person}@x.example" for person in people},
            kinds=(EvidenceKind.SIGN_IN, EvidenceKind.ACTIVITY),
            ledger=Ledger.in_memory(clock=lambda: NOW).portal(URL),
            since=ago(HOUR),
            silence=SilenceLimit(days=7, born=EPOCH),
            now=NOW,
            progress=Silent(),
            whole_window=whole_window,
        )
    )


def test_anyone_who_came_back_since_the_plan_is_spared():
    found = rechecked(FakeLog([*STAFF, entry(9, HOUR / 2, "ann")]), FakeLog(STAFF), ANN, BEN)
    assert set(found.sightings) == {ANN}
    assert found.unproven == frozenset()


def test_work_that_the_trail_shows_spares_as_well():
    found = rechecked(FakeLog(STAFF), FakeLog([*STAFF, entry(9, HOUR / 2, "ben")]), ANN, BEN)
    assert set(found.sightings) == {BEN}


def test_a_sign_in_in_nobodys_name_since_the_plan_proves_nobody_absent():
    found = rechecked(FakeLog([*STAFF, entry(9, HOUR / 2, ANONYMOUS)]), FakeLog(STAFF), ANN, BEN)
    assert found.unproven == {ANN, BEN}


def test_an_entry_before_the_window_spares_nobody():
    found = rechecked(FakeLog([*STAFF, entry(9, 40 * DAY, "ann")]), FakeLog(STAFF), ANN)
    assert found.sightings == {}
    assert found.unproven == frozenset()


def test_nothing_may_be_done_about_people_whose_absence_is_not_proven():
    # Given a portal that tells nothing but its newest page
    sign_ins = FakeLog(STAFF, "after-window")
    sign_ins.altering = lambda query, events: lost(query, events) if query.start else events
    sign_ins.events = [*(entry(n, HOUR / 100) for n in range(200, 320)), *sign_ins.events]
    found = rechecked(sign_ins, FakeLog(STAFF), ANN, whole_window=True)
    assert found.unproven == {ANN}


def test_an_unknown_action_leaves_absence_open():
    found = rechecked(FakeLog([*STAFF, entry(9, HOUR / 2, "ann", 1999)]), FakeLog(STAFF), ANN)
    assert found.unproven == {ANN}


def test_nobody_to_look_at_costs_nothing():
    sign_ins = FakeLog(STAFF)
    found = rechecked(sign_ins, FakeLog(STAFF))
    assert (found.sightings, found.unproven) == ({}, frozenset())
    assert sign_ins.asked == []


def test_an_entry_in_the_first_second_of_the_window_spares_as_it_does_in_a_review():
    sign_ins = FakeLog([*STAFF, entry(9, 30 * DAY, "ann")])
    found = rechecked(sign_ins, FakeLog(STAFF), ANN, whole_window=True)
    assert set(found.sightings) == {ANN}
