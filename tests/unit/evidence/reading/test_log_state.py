"""What is known about a log: from the ledger, from pages, and from asking about people."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from lastseen.docspace.interface import EventQuery
from lastseen.evidence.proof.coverage import covering
from lastseen.evidence.reading.log_state import LogState, PersonAnswer
from lastseen.ledger import Reading
from lastseen.model.instant import Interval
from lastseen.model.sighting import EvidenceKind
from tests.unit.evidence.fake_log import (
    ANN,
    BEN,
    DAY,
    HOUR,
    NOW,
    FakeLog,
    ago,
    empty_store,
    entry,
    every_hour,
    log_of,
)


def known(*stretches, person=None, events=0):
    """Return a ledger that knows a log, or a person's entries, over so many days."""
    store = empty_store()
    intervals = [Interval(ago(since * DAY), ago(until * DAY)) for since, until in stretches]
    store.keep(
        Reading(
            kind=EvidenceKind.SIGN_IN,
            user_id=person,
            intervals=tuple(intervals),
            sightings=(),
            failures=(),
            unrecognised=(),
            events=events,
            proof="read before",
            read_at=NOW,
        )
    )
    return store


def state_of(events=(), store=None, pages=()):
    fake = FakeLog(events)
    state = LogState(log_of(fake), store or empty_store())
    for start in pages:
        page = asyncio.run(fake.fetch(EventQuery(start=start)))
        state.take(page)
        state.prove(state.log.view(page))
    return state


def test_a_page_and_the_ledger_are_one_coverage():
    state = state_of(every_hour(300), known((40, 2)), pages=[0])
    assert state.proven_since(None) == ago(40 * DAY)
    assert state.is_proven_since(ANN, ago(40 * DAY))


def test_a_gap_between_them_ends_what_is_proven():
    state = state_of(every_hour(300), known((40, 6)), pages=[0])
    since = state.proven_since(ANN)
    assert since is not None
    assert since > ago(5 * DAY)


def test_nothing_is_known_before_the_newest_page():
    assert state_of(store=known((40, 0))).proven_since(ANN) is None


def test_the_earliest_of_several_newest_pages_is_the_watermark():
    state = state_of(every_hour(300), pages=[0, 0])
    assert state.watermark is not None
    assert state.watermark < NOW


def test_what_was_asked_about_one_person_is_theirs_alone():
    state = state_of(every_hour(300), known((40, 2), person=ANN), pages=[0])
    assert state.is_proven_since(ANN, ago(40 * DAY))
    assert not state.is_proven_since(BEN, ago(40 * DAY))
    assert state.proven_alone({ANN: ago(30 * DAY), BEN: ago(30 * DAY)}) == {ANN: ago(2 * DAY)}


def test_an_answer_reaches_as_far_as_the_portal_kept_entries_when_it_came():
    state = state_of(every_hour(300), pages=[0])
    answer = PersonAnswer(
        user_id=ANN,
        covered=covering([Interval(ago(100 * DAY), ago(HOUR))]),
        known_until=ago(HOUR),
        kept_since=ago(100 * DAY),
        requests=2,
    )
    state.asked[ANN] = answer
    assert state.is_answered(ANN, ago(180 * DAY))
    assert not state.is_proven_since(ANN, ago(180 * DAY))
    assert not state.is_answered(BEN, ago(180 * DAY))


def test_another_history_leaves_nothing_of_what_earlier_runs_proved():
    state = state_of(every_hour(300), known((40, 2)), pages=[0])
    state.forget_earlier()
    since = state.proven_since(None)
    assert since is not None
    assert since > ago(5 * DAY)
    assert state.counted == ()


def test_what_the_portal_deletes_is_no_gap_to_be_read():
    state = state_of(every_hour(300), pages=[0])
    (gap,) = state.readable_gaps(state.needed(ago(200 * DAY)))
    state.kept_since = gap.until
    assert state.readable_gaps(state.needed(ago(200 * DAY))) == ()
    assert state.pages_left(state.needed(ago(200 * DAY))) == 0


@given(st.integers(1, 60))
def test_whole_days_counted_before_tell_how_long_the_rest_is(entries_a_day):
    store = known((20, 10), events=entries_a_day * 10)
    state = state_of(every_hour(300), store, pages=[0])
    estimate = state.pages_left(Interval(ago(120 * DAY), ago(20 * DAY)))
    assert abs(estimate - max(1, 100 * entries_a_day / 99)) < 0.1


def test_the_newest_sighting_of_a_person_stays():
    state = state_of([entry(1, 2 * DAY, "ann"), entry(2, DAY, "ann")], pages=[0])
    found = state.accumulator.sightings()
    state.notice(found)
    state.notice(())
    assert state.sightings[ANN].at == ago(DAY)
    assert state.is_seen_since(ANN, ago(DAY))
    assert not state.is_seen_since(ANN, ago(HOUR))


def test_all_stretches_are_reported_with_what_proved_them():
    store = known((40, 2))
    state = state_of(every_hour(300), store, pages=[0])
    (looked,) = state.looked(store)
    assert (looked.user_id, looked.since, looked.proof) == (None, ago(40 * DAY), "read before")
