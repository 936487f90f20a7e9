"""One pass through a gap, from the offset that seeking finds, against a log that is known."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastseen.evidence.reading.gap_reader import GapReader
from lastseen.evidence.reading.seek import seek
from lastseen.model.errors import PortalRefused
from lastseen.model.instant import Interval, after
from tests.unit.evidence.fake_log import DAY, HOUR, FakeLog, ago, every_hour, log_of, reader_of

GAP = Interval(ago(40 * DAY), ago(10 * DAY))
"""Seven pages of a log with an entry an hour, behind two and a half others."""


def filled(fake, *, gap=GAP, enough=lambda: False, ahead=lambda: 40):
    reader = reader_of(log_of(fake))

    async def fill():
        await reader.page(0)
        offset = await seek(reader, gap, 0)
        await GapReader(reader, gap, enough=enough, ahead=ahead).run(offset)

    asyncio.run(fill())
    return reader


@settings(max_examples=20, deadline=None)
@given(
    st.integers(200, 2_000),
    st.integers(2, 60),
    st.integers(1, 20),
    st.sampled_from([1, 8, 40]),
)
def test_a_gap_is_proven_as_far_as_the_log_goes(entries, since_days, until_days, ahead):
    gap = Interval(ago(max(since_days, until_days + 1) * DAY), ago(until_days * DAY))
    reader = filled(FakeLog(every_hour(entries)), gap=gap, ahead=lambda: ahead)
    assert not reader.broken
    # The very second of the gap's edge may stay open where the log ends within a page of it.
    left = reader.state.readable_gaps(gap)
    assert all(one.until <= after(gap.since, timedelta(seconds=1)) for one in left)


def test_hardly_a_page_more_is_asked_for_than_the_gap_has():
    fake = FakeLog(every_hour(5_000))
    reader = filled(fake)
    assert reader.state.covers(GAP)
    assert len(fake.asked) <= 14


def test_reading_stops_soon_after_it_is_enough():
    fake = FakeLog(every_hour(5_000))
    filled(fake, enough=lambda: len(fake.asked) >= 4)
    assert len(fake.asked) <= 4 + 8


def test_what_is_newer_than_the_newest_page_begins_at_the_newest_entry():
    fake = FakeLog(every_hour(500))
    reader = reader_of(log_of(fake))

    async def placed():
        await reader.page(0)
        return await seek(reader, Interval(ago(10 * DAY), ago(HOUR / 100)), 1)

    assert asyncio.run(placed()) == 0
    assert len(fake.asked) == 1


def test_a_wrong_guess_is_corrected_by_looking():
    # Given a log that is dense of late and thin before
    fake = FakeLog([*every_hour(400)][::7] + every_hour(90))
    gap = Interval(ago(16 * DAY), ago(10 * DAY))
    assert filled(fake, gap=gap).state.covers(gap)


def test_a_failure_in_one_segment_ends_all():
    fake = FakeLog(every_hour(5_000))

    def refused(query, events):
        if len(fake.asked) > 5:
            raise PortalRefused(attempted="", found="", meaning="", remedy="", status=403)
        return events

    fake.altering = refused
    with pytest.raises(PortalRefused):
        filled(fake)


def test_an_empty_log_has_no_gap_to_be_read():
    fake = FakeLog([])
    reader = filled(fake, gap=Interval(ago(2 * DAY), ago(HOUR)))
    assert reader.state.covers(Interval(ago(2 * DAY), ago(HOUR)))
