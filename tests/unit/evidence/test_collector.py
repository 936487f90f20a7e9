"""Collecting evidence on a roster: who was seen, who is proven absent, and what that cost."""

import asyncio

import pytest

from lastseen.evidence.collector import Span, open_collector
from lastseen.evidence.reading.filter_detection import FilterMode
from lastseen.model.progress import Silent
from lastseen.model.sighting import EvidenceKind
from tests.unit.evidence.fake_log import (
    ANN,
    BEN,
    CAT,
    DAY,
    HOUR,
    REFUSED,
    FakeLog,
    FakePortal,
    ago,
    empty_store,
    entry,
    every_hour,
)

SIGN_IN, ACTIVITY = EvidenceKind.SIGN_IN, EvidenceKind.ACTIVITY
BOTH = [SIGN_IN, ACTIVITY]
WINDOW = ago(30 * DAY)
PEOPLE = [ANN, BEN, CAT]
SIGN_INS = [
    *every_hour(1_000),
    entry(1, 3 * DAY, "ann"),
    entry(2, 35 * DAY, "ben"),
    entry(3, 2 * DAY, "cat", REFUSED),
    entry(4, 20 * HOUR, "witness"),
]
TRAIL = [*every_hour(1_000), entry(5, 4 * DAY, "ben"), entry(6, 20 * HOUR, "witness")]


def collected(sign_ins, trail, *, store=None, **kept):
    portal = FakePortal(sign_ins, trail, **kept)

    async def collect():
        collector = await open_collector(
            portal.asked_as,
            store=store or empty_store(),
            span=Span(window=WINDOW, lookback=ago(180 * DAY), trail_silence=None),
            progress=Silent(),
        )
        await collector.sign_ins(PEOPLE)
        unseen = [p for p in PEOPLE if not seen_in_window(collector, p)]
        await collector.activity(unseen)
        await collector.dates([p for p in unseen if not seen_in_window(collector, p)], BOTH)
        return collector

    return asyncio.run(collect())


def seen_in_window(collector, who):
    seen = collector.sighting(who, BOTH)
    return seen is not None and seen.at >= WINDOW


@pytest.mark.parametrize("ways", ["before-window", "after-window"])
def test_everyone_is_seen_or_proven_absent_in_both_logs(ways):
    collector = collected(FakeLog(SIGN_INS, ways), FakeLog(TRAIL))
    assert collector.detected.mode == FilterMode(ways)
    assert [seen_in_window(collector, p) for p in PEOPLE] == [True, True, False]
    since = collector.proven_since(CAT, BOTH)
    assert since is not None
    assert since <= WINDOW
    assert collector.failed(CAT, "cat@example.com").count == 1
    assert collector.notes == []


@pytest.mark.parametrize("ways", ["before-window", "after-window"])
def test_never_seen_reaches_to_where_the_logs_begin(ways):
    collector = collected(FakeLog(SIGN_INS, ways), FakeLog(TRAIL))
    assert collector.reaches_beginning(CAT, BOTH)
    assert collector.sighting(CAT, BOTH) is None


def test_one_log_is_not_both():
    # Given nobody about whom the trail has to be asked
    seen = [entry(20 + n, 3 * DAY, who) for n, who in enumerate(PEOPLE)]
    collector = collected(FakeLog([*SIGN_INS, *seen]), FakeLog(TRAIL))
    assert collector.proven_since(ANN, [SIGN_IN]) is not None
    assert collector.proven_since(ANN, BOTH) is None
    assert not collector.reaches_beginning(ANN, BOTH)


def test_logs_kept_for_less_than_the_window_prove_no_absence():
    collector = collected(
        FakeLog([e for e in SIGN_INS if e.at > ago(7 * DAY)]), FakeLog(TRAIL), sign_in_days=7
    )
    since = collector.proven_since(CAT, [SIGN_IN])
    assert since is not None
    assert since > WINDOW
    assert seen_in_window(collector, ANN)


def test_a_portal_without_the_audit_option_shows_twenty_entries_and_no_absence():
    collector = collected(FakeLog(SIGN_INS, "ignored"), FakeLog(TRAIL, "ignored"))
    assert collector.detected.mode is FilterMode.IGNORED
    since = collector.proven_since(CAT, [SIGN_IN])
    assert since is None or since > ago(2 * DAY)


def test_a_second_run_asks_for_what_is_new_only():
    store = empty_store()
    sign_ins, trail = FakeLog(SIGN_INS), FakeLog(TRAIL)
    collected(sign_ins, trail, store=store)
    sign_ins.asked.clear()
    trail.asked.clear()
    again = collected(sign_ins, trail, store=store)
    assert again.reaches_beginning(CAT, BOTH)
    assert len(sign_ins.asked) + len(trail.asked) <= 6


def test_the_record_tells_what_was_looked_at():
    record = collected(FakeLog(SIGN_INS), FakeLog(TRAIL)).record()
    assert record.filters == "before-window"
    assert {looked.kind for looked in record.looked} == set(BOTH)
    assert any(looked.user_id == CAT for looked in record.looked)


def test_a_log_that_no_longer_matches_the_ledger_is_reported():
    store = empty_store()
    collected(FakeLog(SIGN_INS), FakeLog(TRAIL), store=store)
    moved = [
        entry(e.id + 7, 30 * HOUR * n / 30 + HOUR, "staff") for n, e in enumerate(every_hour(1_000))
    ]
    collector = collected(FakeLog(moved), FakeLog(TRAIL), store=store)
    assert any("does not match the ledger" in note for note in collector.notes)


@pytest.mark.parametrize(("lookback", "kept", "days"), [(40, 180, 40), (180, 60, 60)])
def test_the_portal_is_told_how_many_days_will_be_read(lookback, kept, days):
    portal = FakePortal(FakeLog(SIGN_INS), sign_in_days=kept, trail_days=7)
    span = Span(window=WINDOW, lookback=ago(lookback * DAY), trail_silence=None)

    asyncio.run(open_collector(portal.asked_as, store=empty_store(), span=span, progress=Silent()))

    assert portal.days == pytest.approx(days, abs=0.1)
