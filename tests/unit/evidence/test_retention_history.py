"""Since when the sign-in log can be complete, given the changes of its lifetime."""

import asyncio

import pytest

from lastseen.docspace.interface import Retention
from lastseen.evidence.retention_history import LIFETIME_CHANGED, RetentionHistory
from lastseen.evidence.silence_finder import SilenceLimit
from lastseen.model.instant import EPOCH
from tests.unit.evidence.fake_log import (
    DAY,
    HOUR,
    NOW,
    FakeLog,
    FakePortal,
    ago,
    empty_store,
    entry,
    every_hour,
    lost,
)

CHANGED = entry(9, 10 * DAY, "staff", LIFETIME_CHANGED)
"""The lifetimes were set ten days ago."""


def complete_since(
    trail, *, store=None, sign_in_days=180, trail_days=180, unsteady=False, silence=None
):
    portal = FakePortal(FakeLog([]), trail, sign_in_days=sign_in_days, trail_days=trail_days)
    portal.is_known_to_be_written = silence is None
    history = RetentionHistory(
        portal.asked_as,
        Retention(sign_in_days=sign_in_days, trail_days=trail_days),
        store or empty_store(),
        now=NOW,
        window=ago(30 * DAY),
        silence=silence,
        is_unsteady=lambda: unsteady,
    )
    return asyncio.run(history.complete_since())


def test_before_a_change_of_lifetimes_all_but_a_day_may_be_gone():
    trail = FakeLog([*every_hour(30), CHANGED])
    assert complete_since(trail) == ago(11 * DAY)
    assert len(trail.asked) == 1


def test_a_trail_that_shows_no_change_denies_only_what_it_would_still_show():
    assert complete_since(FakeLog(every_hour(30)), trail_days=60) == ago(61 * DAY)


def test_one_empty_answer_about_changes_is_not_believed():
    trail = FakeLog([*every_hour(30), CHANGED])
    trail.altering = lambda query, events: [] if len(trail.asked) == 1 else events
    assert complete_since(trail) == ago(11 * DAY)


def test_a_trail_that_does_not_answer_proves_nothing():
    trail = FakeLog([CHANGED])
    trail.altering = lost
    assert complete_since(trail) == ago(DAY)


def test_a_portal_that_ignores_what_it_is_asked_shows_changes_among_its_newest():
    trail = FakeLog([*every_hour(10), CHANGED], "ignored")
    assert complete_since(trail) == ago(11 * DAY)


def test_a_short_trail_without_a_change_is_known_to_its_beginning_whatever_is_asked():
    assert complete_since(FakeLog(every_hour(10), "ignored")) == ago(181 * DAY)


def test_behind_the_twenty_newest_entries_of_such_a_portal_anything_may_have_been():
    trail = FakeLog(every_hour(40), "ignored")
    assert complete_since(trail) == ago(20 * HOUR + DAY)


def test_a_shorter_lifetime_that_the_ledger_saw_went_on_deleting_until_another_was_seen():
    store = empty_store()
    store.note_retention(7, 180, ago(100 * DAY))
    store.note_retention(180, 180, ago(40 * DAY))
    # No change is in the trail's memory of 30 days
    found = complete_since(FakeLog(every_hour(30)), store=store, trail_days=30)
    assert found == max(ago(31 * DAY), ago(47 * DAY))


@pytest.mark.parametrize("known_days", [180, 90])
def test_a_lifetime_that_was_never_shorter_deletes_nothing_early(known_days):
    store = empty_store()
    store.note_retention(180, 180, ago(100 * DAY))
    since = complete_since(
        FakeLog(every_hour(30)), store=store, sign_in_days=known_days, trail_days=150
    )
    assert since == ago(151 * DAY)


def test_nothing_is_asked_twice():
    trail = FakeLog([CHANGED])
    history = RetentionHistory(
        FakePortal(FakeLog([]), trail).asked_as,
        Retention(sign_in_days=180, trail_days=180),
        empty_store(),
        now=NOW,
        window=ago(30 * DAY),
        silence=None,
        is_unsteady=lambda: False,
    )

    async def twice():
        return await asyncio.gather(history.complete_since(), history.complete_since())

    first, second = asyncio.run(twice())
    assert first == second > EPOCH
    assert len(trail.asked) == 1


WEEK = SilenceLimit(days=7, born=ago(400 * DAY))


def test_a_trail_that_has_stopped_may_hide_a_change():
    trail = FakeLog([entry(n, 48 * DAY + n * HOUR, "staff") for n in range(1, 500)])
    assert complete_since(trail, silence=WEEK) == ago(DAY)


def test_a_change_may_hide_in_a_pause_of_the_trail():
    newer = [entry(n, n * HOUR, "staff") for n in range(1, 5 * 24)]
    older = [entry(1_000 + n, 20 * DAY + n * HOUR, "staff") for n in range(1, 30 * 24)]
    found = complete_since(FakeLog([*newer, *older]), silence=WEEK)
    assert ago(7 * DAY) < found < ago(5 * DAY)


def test_a_trail_that_is_written_all_the_time_hides_nothing():
    trail = FakeLog([entry(n, n * HOUR, "staff") for n in range(1, 60 * 24)])
    assert complete_since(trail, silence=WEEK, trail_days=60) == ago(61 * DAY)
