"""Where reading begins: a wrong guess costs requests, and never an entry."""

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lastseen.evidence.reading.seek import MOST_LOOKS, seek
from lastseen.evidence.reading.stream import ATTEMPTS
from lastseen.model.instant import Instant, Interval
from tests.unit.evidence.fake_log import (
    DAY,
    HOUR,
    FakeLog,
    ago,
    entry,
    every_hour,
    log_of,
    reader_of,
)

SECOND = timedelta(seconds=1)


def sought(fake: FakeLog, until: Instant, *, attempt: int = 0, pages: tuple[int, ...] = (0,)):
    """Return the offset found after `pages` were read, and how many more requests it took."""
    reader = reader_of(log_of(fake))

    async def play() -> int:
        for page in pages:
            await reader.page(page)
        fake.asked.clear()
        return await seek(reader, Interval(ago(300 * DAY), until), attempt)

    return asyncio.run(play()), len(fake.asked)


def test_a_place_that_a_page_has_shown_costs_nothing():
    fake = FakeLog(every_hour(1_000))

    offset, requests = sought(fake, Instant(fake.events[99].at + SECOND))

    assert requests == 0
    assert offset <= 99


def test_the_page_that_shows_the_gaps_newest_second_was_read_or_comes_next():
    fake = FakeLog(every_hour(1_000))
    edge = ago(20 * DAY)

    offset, _ = sought(fake, edge)

    shown = [fake.events[q.start : q.start + 100] for q in fake.asked] + [fake.events[offset:]]
    assert any(page[0].at >= edge >= page[-1].at for page in shown)


@settings(max_examples=60, deadline=None)
@given(
    dense=st.integers(0, 600),
    thin=st.integers(150, 600),
    until_hours=st.integers(2, 500),
    attempt=st.integers(0, 3),
)
def test_however_wrong_the_guesses_are_seeking_ends_soon_and_inside_the_log(
    dense, thin, until_hours, attempt
):
    # Given a log that is dense of late and thin before
    recent = [entry(10**6 - n, HOUR + n * timedelta(minutes=3)) for n in range(dense)]
    first = HOUR + dense * timedelta(minutes=3)
    fake = FakeLog([*recent, *(entry(1_000 - n, first + n * 4 * HOUR) for n in range(thin))])

    offset, _ = sought(fake, ago(until_hours * HOUR), attempt=attempt)

    assert 0 <= offset < len(fake.events)
    # Where a page shows the log's end, that is confirmed by others.
    assert len({q.start for q in fake.asked}) <= 2 * MOST_LOOKS


def test_a_second_attempt_begins_farther_in_front():
    # Given many entries of one second at the gap's edge
    edge = ago(10 * DAY)
    crowd = [entry(500_000 + n, 10 * DAY + SECOND) for n in range(150)]
    fake = FakeLog([*every_hour(200), *crowd, *[e for e in every_hour(900) if e.at < edge - DAY]])

    first, _ = sought(fake, edge, pages=(0, 99, 198, 297))
    again, _ = sought(fake, edge, attempt=3, pages=(0, 99, 198, 297))

    assert again <= first


def test_what_came_since_the_newest_page_begins_at_the_newest_entry():
    assert sought(FakeLog(every_hour(300)), ago(timedelta()), attempt=1) == (0, 0)


@settings(max_examples=60, deadline=None)
@given(before=st.integers(150, 260), size=st.integers(60, 97), met=st.integers(1, 90))
def test_a_second_that_nearly_fills_a_page_is_shown_whole_wherever_a_page_met_it(
    before: int, size: int, met: int
):
    # Given so many entries of one second, somewhere in which a page began
    crowd = [entry(500_000 + n, (before + 1) * HOUR) for n in range(size)]
    older = [entry(1_000 - n, (before + 2 + n) * HOUR) for n in range(200)]
    fake = FakeLog([*every_hour(before), *crowd, *older])
    second, gap_ends = crowd[0].at, Instant(crowd[0].at + SECOND)
    reader = reader_of(log_of(fake))

    async def shown_whole() -> bool:
        await reader.page(0)
        await reader.page(before + min(met, size - 1))
        for attempt in range(ATTEMPTS):
            offset = await seek(reader, Interval(ago(300 * DAY), gap_ends), attempt)
            page = await reader.page(offset)
            if page and page.events[0].at > second > page.events[-1].at:
                return True
        return False

    assert asyncio.run(shown_whole())
