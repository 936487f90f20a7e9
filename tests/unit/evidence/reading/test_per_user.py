"""Asking about one person at a time: an empty answer is where a portal can lie."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.docspace.interface import EventQuery
from lastseen.evidence.proof.quorum import AGREEING_ON_FEW
from lastseen.evidence.reading.canary import Canary
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.per_user import PerUserReader
from lastseen.model.errors import PortalRefused
from lastseen.model.progress import Silent
from tests.unit.evidence.fake_log import (
    ANN,
    BEN,
    CAT,
    DAY,
    HOUR,
    REFUSED,
    FakeLog,
    ago,
    empty_store,
    entry,
    every_hour,
    log_of,
)

WINDOW = ago(30 * DAY)
STAFF = [*every_hour(120), entry(1, 40 * HOUR, "canary")]


class Asked:
    """A log about whose people is asked."""

    def __init__(self, *events, unsteady=False, batch=200):
        self.fake = FakeLog([*STAFF, *events])
        log = log_of(self.fake)
        self.store = empty_store()
        self.state = LogState(log, self.store)
        newest = asyncio.run(self.fake.fetch(EventQuery()))
        self.fake.asked.clear()
        self.reader = PerUserReader(
            self.state,
            store=self.store,
            canary=Canary(log, newest),
            concurrency=lambda: 4,
            is_unsteady=lambda: unsteady or self.state.contradicted,
            progress=Silent(),
            batch=batch,
        )

    def about(self, *people, **limits):
        asyncio.run(self.reader.ask(dict.fromkeys(people, WINDOW), **limits))
        return self

    def is_absent(self, who):
        return not self.state.is_seen_since(who, WINDOW) and self.state.is_proven_since(who, WINDOW)


def test_an_entry_in_the_window_is_a_sighting_in_one_request():
    asked = Asked(entry(2, 5 * DAY, "ann")).about(ANN)
    assert asked.state.is_seen_since(ANN, WINDOW)
    assert len(asked.fake.about("ann")) == 1
    assert asked.store.newest_sightings(asked.state.log.kind)[ANN].at == ago(5 * DAY)


def test_an_older_entry_proves_absence_since_then_and_is_the_date():
    asked = Asked(entry(2, 50 * DAY, "ann")).about(ANN)
    assert asked.is_absent(ANN)
    assert asked.state.sightings[ANN].at == ago(50 * DAY)
    assert len(asked.fake.about("ann")) == 1


def test_an_empty_answer_counts_only_when_others_agree():
    asked = Asked().about(ANN)
    assert asked.is_absent(ANN)
    assert len(asked.fake.about("ann")) == AGREEING_ON_FEW


@pytest.mark.parametrize(("shown", "agreeing"), [(20, 4), (100, 3), (1_000, 2)])
def test_fewer_answers_have_to_agree_once_the_portal_has_shown_many_people(shown, agreeing):
    people = [f"p{n}" for n in range(shown)]
    asked = Asked(*(entry(1000 + n, 50 * DAY, who) for n, who in enumerate(people)))
    asked.about(*people, ANN)
    assert asked.is_absent(ANN)
    assert len(asked.fake.about("ann")) == agreeing


@pytest.mark.parametrize("lies", [1, 2, 3, 4])
def test_a_contradicted_empty_answer_is_not_believed(lies):
    asked = Asked(entry(2, 5 * DAY, "ann"))

    def lying(query, events):
        return [] if query.user_id == ANN and len(asked.fake.about("ann")) <= lies else events

    asked.fake.altering = lying
    asked.about(ANN)
    assert asked.state.is_seen_since(ANN, WINDOW)
    assert asked.state.contradicted


def test_one_contradiction_makes_twice_as_many_answers_necessary_for_everyone():
    asked = Asked(entry(2, 5 * DAY, "ann"))
    asked.fake.altering = lambda query, events: (
        [] if query.user_id == ANN and len(asked.fake.about("ann")) == 1 else events
    )
    asked.about(ANN, BEN)
    assert asked.is_absent(BEN)
    assert len(asked.fake.about("ben")) == 2 * AGREEING_ON_FEW


def test_without_the_canary_no_absence_is_proven():
    asked = Asked(entry(2, 50 * DAY, "ann"))
    asked.fake.altering = lambda query, events: [] if query.user_id == "canary" else events
    asked.about(ANN, BEN)
    # What came back needs no filter; what did not proves nothing
    assert asked.is_absent(ANN)
    assert not asked.is_absent(BEN)


def test_a_canary_that_is_lost_while_absence_is_confirmed_leaves_it_open():
    asked = Asked()
    asked.fake.altering = lambda query, events: (
        [] if query.user_id == "canary" and len(asked.fake.about("canary")) > 2 else events
    )
    asked.about(ANN)
    assert not asked.state.is_proven_since(ANN, WINDOW)


def test_the_canary_is_asked_once_a_batch_and_then_for_the_absent():
    asked = Asked(batch=2).about(ANN, BEN, CAT, CAT)
    assert len(asked.fake.about("canary")) == 2 + AGREEING_ON_FEW


def test_refused_attempts_are_paged_through_to_the_sighting_behind_them():
    attacks = [entry(500 + n, n * HOUR / 10, "ann", REFUSED) for n in range(250)]
    asked = Asked(*attacks, entry(2, 5 * DAY, "ann")).about(ANN)
    assert asked.state.is_seen_since(ANN, WINDOW)
    assert asked.store.failed_sign_ins(WINDOW)[ANN].count == 250


def test_the_sighting_behind_refused_attempts_is_proven_the_newest_where_the_date_matters():
    events = [entry(2, 20 * DAY, "ann"), entry(3, 5 * DAY, "ann", REFUSED)]
    decided = Asked(*events).about(ANN)
    dated = Asked(*events).about(ANN, for_dates=True)
    for asked in (decided, dated):
        assert asked.state.sightings[ANN].at == ago(20 * DAY)
    after_it = ago(20 * DAY - timedelta(seconds=1))
    assert not decided.state.is_proven_since(ANN, after_it)
    assert dated.state.is_proven_since(ANN, after_it)
    assert len(dated.fake.about("ann")) == len(decided.fake.about("ann")) + 1 == 3


def test_somebody_with_nothing_but_refused_attempts_is_absent():
    asked = Asked(*(entry(500 + n, n * HOUR, "ann", REFUSED) for n in range(30))).about(ANN)
    assert asked.is_absent(ANN)
    assert ANN not in asked.state.sightings


def test_an_answer_that_speaks_of_somebody_else_proves_nothing():
    asked = Asked()
    asked.fake.altering = lambda query, events: (
        [entry(9, 50 * DAY, "ben")] if query.user_id == ANN else events
    )
    asked.about(ANN)
    assert not asked.state.is_proven_since(ANN, WINDOW)
    assert BEN not in asked.state.sightings


def test_people_are_left_open_where_confirming_them_would_cost_more_than_the_stream():
    asked = Asked().about(ANN, most_to_confirm=2)
    assert not asked.state.is_proven_since(ANN, WINDOW)
    assert len(asked.fake.about("ann")) == 1


def test_a_missing_right_is_raised_and_not_taken_for_absence():
    asked = Asked()

    def refused(query, events):
        raise PortalRefused(
            attempted="asking", found="403", meaning="no right", remedy="ask for it", status=403
        )

    asked.fake.altering = refused
    with pytest.raises(PortalRefused):
        asked.about(ANN)


def test_what_asking_proved_is_in_the_ledger_for_the_next_run():
    asked = Asked(entry(2, 50 * DAY, "ann")).about(ANN, BEN)
    again = LogState(asked.state.log, asked.store)
    assert set(again.proven_alone({ANN: WINDOW, BEN: WINDOW})) == {ANN, BEN}
