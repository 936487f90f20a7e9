"""How a portal treats filters: only an answer that could not have come otherwise is proof."""

import asyncio

import pytest

from lastseen.docspace.interface import EventQuery
from lastseen.evidence.reading.filter_detection import (
    FilterMode,
    detect_filters,
    find_canary,
    ignores_everything,
    proves_filter_first,
)
from lastseen.model.contractor import UserId
from tests.unit.evidence.fake_log import (
    ANN,
    HOUR,
    FakeLog,
    entry,
    every_hour,
    log_of,
    lost,
)

SEVERAL = [*every_hour(60), entry(7, 30 * HOUR, "ann"), entry(8, 31 * HOUR, "ben")]
ALONE = every_hour(60)


def detected(fake):
    return asyncio.run(detect_filters(log_of(fake).fetch))


@pytest.mark.parametrize("ways", ["before-window", "after-window", "ignored"])
@pytest.mark.parametrize("events", [SEVERAL, ALONE], ids=["several people", "one person"])
def test_each_way_is_recognised_in_two_requests(ways, events):
    fake = FakeLog(events, ways)
    found = detected(fake)
    assert found.mode == FilterMode(ways)
    assert found.proven
    assert len(fake.asked) == 2


@pytest.mark.parametrize("events", [[], every_hour(1)], ids=["empty", "one entry"])
def test_a_log_that_shows_nothing_is_read_as_a_stream_which_is_always_right(events):
    found = detected(FakeLog(events))
    assert found.mode is FilterMode.AFTER_WINDOW
    assert not found.proven


def test_somebody_who_comes_back_just_now_proves_nothing_and_another_look_is_taken():
    fake = FakeLog(SEVERAL)
    looks = 0

    def came_back(query, events):
        nonlocal looks
        if query.user_id is None:
            return events
        looks += 1
        return [entry(9, 0 * HOUR, query.user_id)] if looks == 1 else events

    fake.altering = came_back
    assert detected(fake).mode is FilterMode.BEFORE_WINDOW
    assert looks == 2


def test_a_lost_answer_is_an_error_and_no_finding():
    fake = FakeLog(SEVERAL)
    fake.altering = lost
    with pytest.raises(Exception, match="nothing"):
        detected(fake)


def test_an_audit_option_is_shown_by_more_than_twenty_entries_or_a_filter():
    assert detected(FakeLog(SEVERAL)).has_audit_option
    assert not detected(FakeLog(SEVERAL, "ignored")).has_audit_option
    assert not detected(FakeLog(every_hour(1))).has_audit_option


@pytest.mark.parametrize(("ways", "ignored"), [("before-window", False), ("ignored", True)])
def test_more_entries_than_asked_for_give_a_portal_without_the_option_away(ways, ignored):
    fake = FakeLog(every_hour(20), ways)
    newest = asyncio.run(fake.fetch(EventQuery()))
    assert asyncio.run(ignores_everything(log_of(fake).fetch, newest)) is ignored


def test_an_answer_proves_filters_only_if_it_is_that_persons_and_older_than_the_head():
    fake = FakeLog(SEVERAL)
    newest = asyncio.run(fake.fetch(EventQuery()))
    answer = asyncio.run(fake.fetch(EventQuery(user_id=ANN, count=1)))
    assert proves_filter_first(answer, newest)
    assert not proves_filter_first(newest, newest)
    head = asyncio.run(fake.fetch(EventQuery(user_id=UserId("staff"), count=1)))
    assert not proves_filter_first(head, newest)


def test_a_witness_is_nobody_of_the_newest_second_and_no_unknown_user():
    tied = [entry(3, HOUR), entry(2, HOUR, "ann"), entry(1, 2 * HOUR, "")]
    assert find_canary(tied) is None
    ben = entry(0, 3 * HOUR, "ben")
    assert find_canary([*tied, ben]) == ben
