"""The proof of no gap, against a log whose every entry is known.

The log behaves as the portal's does: newest first by whole seconds, equal seconds in another order
at every request, new entries between requests.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lastseen.evidence.proof.coverage import Coverage
from lastseen.evidence.proof.page_proof import PageProof, PageView
from lastseen.model.instant import EPOCH, Instant, Interval
from lastseen.model.sighting import Event

BEGIN = Instant(EPOCH + timedelta(days=1000))
FLOOR = Instant(BEGIN - timedelta(days=1))
SECOND = timedelta(seconds=1)


def at(second: int) -> Instant:
    return Instant(BEGIN + timedelta(seconds=second))


@dataclass
class Log:
    """A portal's log. Its clock moves on by one second a request."""

    seconds: list[int]
    chance: random.Random
    now: int = 0
    seen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.entries = [Event(id=n, at=at(s)) for n, s in enumerate(self.seconds)]
        self.now = max(self.seconds, default=0) + 100

    def arrive(self, count: int) -> None:
        for _ in range(count):
            self.entries.append(Event(id=len(self.entries), at=at(self.now)))

    def page(self, start: int, count: int) -> PageView:
        sent = Instant(at(self.now))
        order = sorted(self.entries, key=lambda e: (e.at, self.chance.random()), reverse=True)
        events = order[start : start + count]
        self.seen.update(e.id for e in events)
        known_until = Instant(at(self.now) - 30 * SECOND)
        self.now += 1
        return PageView(
            start=start,
            events=events,
            sent_at=sent,
            answered_at=Instant(at(self.now)),
            known_until=known_until,
            floor=FLOOR,
        )

    def unseen_in(self, covered: Coverage) -> list[Event]:
        return [
            event
            for event in self.entries
            if event.id not in self.seen
            and covered.covers(Interval(Instant(event.at), Instant(event.at + SECOND)))
        ]


seconds = st.lists(st.integers(0, 25), max_size=60)
reads = st.lists(st.tuples(st.integers(0, 70), st.integers(1, 12), st.integers(0, 3)), max_size=14)


@given(seconds, reads, st.integers(0, 999))
def test_no_event_of_a_covered_second_was_missed_however_pages_are_read(
    log_seconds: list[int], asked: Sequence[tuple[int, int, int]], seed: int
) -> None:
    log = Log(log_seconds, random.Random(seed))
    weave = PageProof()
    for start, count, arrivals in asked:
        weave.add(log.page(start, count))
        log.arrive(arrivals)
        assert log.unseen_in(weave.covered()) == []


@given(seconds, st.integers(2, 9), st.lists(st.integers(0, 2), max_size=40), st.integers(0, 999))
def test_pages_that_overlap_by_one_never_claim_what_arrivals_pushed_away(
    log_seconds: list[int], count: int, arrivals: list[int], seed: int
) -> None:
    log = Log(log_seconds, random.Random(seed))
    weave = PageProof()
    start = 0
    for pushed in arrivals:
        page = log.page(start, count)
        weave.add(page)
        start += max(0, len(page.events) - 1)
        log.arrive(pushed)
        assert log.unseen_in(weave.covered()) == []


@given(
    st.lists(st.integers(0, 400), min_size=12, max_size=60, unique=True),
    st.integers(3, 9),
    st.integers(0, 999),
)
def test_pages_that_overlap_by_one_prove_a_quiet_log_without_a_further_request(
    log_seconds: list[int], count: int, seed: int
) -> None:
    log = Log(log_seconds, random.Random(seed))
    weave = PageProof()
    start = 0
    while start < len(log_seconds) - 1:
        page = log.page(start, count)
        weave.add(page)
        start += len(page.events) - 1
    oldest = at(min(log_seconds))
    assert weave.covered().covers(Interval(Instant(oldest + SECOND), at(max(log_seconds) + 1)))


@given(st.integers(11, 40), st.integers(0, 999))
def test_a_second_larger_than_a_page_is_proven_by_counting_once_all_of_it_was_seen(
    crowd: int, seed: int
) -> None:
    log = Log([0, *[5] * crowd, 9], random.Random(seed))
    weave = PageProof()
    second = Interval(at(5), at(6))
    for _ in range(200):
        start = 0
        while start < crowd + 1:
            page = log.page(start, 10)
            weave.add(page)
            start += len(page.events) - 1
            assert log.unseen_in(weave.covered()) == []
        if weave.covered().covers(second):
            break
    assert weave.covered().covers(second)


def test_a_page_read_before_its_neighbour_proves_nothing_about_their_common_second() -> None:
    # Given two events of one second, of which each page shows one, and an arrival between them
    log = Log([0, 5, 5, 9], random.Random(0))
    older = PageView(
        start=2,
        events=[Event(id=1, at=at(5)), Event(id=0, at=at(0))],
        sent_at=at(200),
        answered_at=at(201),
        known_until=at(170),
        floor=FLOOR,
    )
    newer = PageView(
        start=0,
        events=[Event(id=4, at=at(202)), Event(id=3, at=at(9)), Event(id=1, at=at(5))],
        sent_at=at(203),
        answered_at=at(204),
        known_until=at(173),
        floor=FLOOR,
    )
    weave = PageProof()
    # When the deeper page was read first
    weave.add(older)
    weave.add(newer)
    # Then the second in which one event was never seen is not covered
    assert not weave.covered().covers(Interval(at(5), at(6)))
    assert log.entries[2].id == 2


def test_nothing_older_than_the_portal_keeps_is_ever_claimed() -> None:
    weave = PageProof()
    weave.add(
        PageView(
            start=0,
            events=[],
            sent_at=at(0),
            answered_at=at(1),
            known_until=at(-60),
            floor=FLOOR,
            ends_log=True,
        )
    )
    assert weave.covered().intervals == (Interval(FLOOR, at(-60)),)


def test_an_empty_page_proves_nothing_by_itself() -> None:
    weave = PageProof()
    weave.add(
        PageView(
            start=0,
            events=[],
            sent_at=at(0),
            answered_at=at(1),
            known_until=at(-60),
            floor=FLOOR,
        )
    )
    assert weave.covered().intervals == ()
