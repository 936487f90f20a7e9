"""Reading page by page: what counts, what is kept, and when a reading is given up."""

import asyncio

import pytest

from lastseen.docspace.interface import EventQuery
from lastseen.evidence.proof.quorum import AGREEING
from lastseen.evidence.reading.page_reader import MISPLACED
from lastseen.evidence.reading.request_cost import Search
from lastseen.model.errors import PortalRefused
from lastseen.model.sighting import EvidenceKind
from tests.unit.evidence.fake_log import (
    ANN,
    DAY,
    FakeLog,
    ago,
    empty_store,
    entry,
    every_hour,
    log_of,
    lost,
    reader_of,
)


def read(reader, *offsets):
    async def pages():
        return [await reader.page(offset) for offset in offsets]

    return asyncio.run(pages())


def test_what_a_page_shows_and_proves_is_in_the_ledger_once_it_is_written():
    store = empty_store()
    reader = reader_of(log_of(FakeLog([entry(5, 2 * DAY, "ann"), *every_hour(300)])), store)
    read(reader, 0, 99)
    reader.write()
    assert store.newest_sightings(EvidenceKind.SIGN_IN)[ANN].at == ago(2 * DAY)
    (covered,) = store.coverage(EvidenceKind.SIGN_IN)
    assert covered.interval.since < ago(7 * DAY)
    assert "2 pages of the sign-in log" in covered.proof


def test_writing_again_adds_nothing_that_was_not_read():
    store = empty_store()
    reader = reader_of(log_of(FakeLog(every_hour(300))), store)
    read(reader, 0)
    reader.write()
    reader.write()
    assert len(store.coverage(EvidenceKind.SIGN_IN)) == 1


def test_a_later_run_counts_only_the_entries_that_no_earlier_one_has_counted():
    # Given a run that has read down to the middle of a page
    store, fake = empty_store(), FakeLog(every_hour(300))
    first = reader_of(log_of(fake), store)
    read(first, 0)
    first.write()
    # When a later one reads the newest page again, and on from within it
    later = reader_of(log_of(fake), store)
    read(later, 0, 50, 149)
    later.write()
    # Then the pages of the next reviews can be planned by the number of entries
    (covered,) = store.coverage(EvidenceKind.SIGN_IN)
    assert covered.events == pytest.approx(249, abs=3)


def test_a_short_page_is_asked_for_until_enough_answers_agree():
    fake = FakeLog(every_hour(50))
    reader = reader_of(log_of(fake))
    read(reader, 0)
    assert len([q for q in fake.asked if q.start == 0]) == AGREEING
    assert reader.state.end == ago(50 * DAY / 24)


def test_a_page_that_is_cut_in_one_answer_only_is_read_whole_and_the_portal_suspected():
    fake = FakeLog(every_hour(50))
    fake.altering = lambda query, events: events[:-10] if len(fake.asked) == 1 else events
    reader = reader_of(log_of(fake))
    (page,) = read(reader, 0)
    assert page is not None
    assert len(page.events) == 50
    assert reader.state.contradicted


def test_a_lost_page_ends_the_reading_and_says_why():
    fake = FakeLog(every_hour(300))
    fake.altering = lost
    reader = reader_of(log_of(fake))
    assert read(reader, 0) == [None]
    assert reader.broken is not None


def test_a_missing_right_is_raised():
    def refused(query, events):
        raise PortalRefused(attempted="", found="", meaning="", remedy="", status=403)

    fake = FakeLog(every_hour(300))
    fake.altering = refused
    with pytest.raises(PortalRefused):
        read(reader_of(log_of(fake)), 0)


def test_a_portal_that_brings_its_newest_whatever_is_asked_is_given_up():
    fake = FakeLog(every_hour(300))
    fake.altering = lambda query, events: fake.events[: query.count]
    reader = reader_of(log_of(fake))
    pages = read(reader, *range(0, 100 * (MISPLACED + 2), 100))
    assert pages[-1] is None
    assert reader.broken is not None
    assert "nothing new" in reader.broken.found


def test_it_is_given_up_as_well_if_its_newest_page_was_empty_at_last():
    fake = FakeLog(every_hour(300))

    def twenty(query, events):
        is_lost = query.start == 0 and len(fake.asked) > 2
        return [] if is_lost else fake.events[:20]

    fake.altering = twenty
    reader = reader_of(log_of(fake))
    pages = read(reader, *range(0, 100 * (MISPLACED + 2), 100))
    assert pages[-1] is None
    assert reader.broken is not None


def test_people_looked_for_are_found_as_pages_come():
    reader = reader_of(log_of(FakeLog([entry(5, 2 * DAY, "ann"), *every_hour(300)])))
    reader.search = Search(["ann", "ben"], since=ago(30 * DAY))
    read(reader, 0)
    assert reader.search.missing == {"ben"}


def test_another_history_leaves_only_what_this_run_has_read_in_the_ledger():
    store = empty_store()
    before = reader_of(log_of(FakeLog(every_hour(2_000))), store)
    read(before, 0, 99, 198, 297)
    before.write()
    reader = reader_of(log_of(FakeLog(every_hour(300))), store)
    read(reader, 0)
    reader.forget_earlier()
    reader.write()
    (covered,) = store.coverage(EvidenceKind.SIGN_IN)
    assert covered.interval.since > ago(5 * DAY)


def test_a_full_page_of_a_portal_that_shows_no_other_is_taken_as_it_is():
    fake = FakeLog(every_hour(40), "ignored")
    reader = reader_of(log_of(fake))
    reader.take_full(asyncio.run(fake.fetch(EventQuery())))
    assert len(fake.asked) == 1
    assert reader.state.end is None
