import math
from collections import deque

import pytest

from lastseen.docspace.http.rate_window import RateWindow


class Sender:
    """Sends as fast as a pace allows, `at_once` requests under way, `latency` seconds each.

    The portal's limiter counts what it took in during the last 60 seconds.
    """

    def __init__(self, pace, *, limit=None, shows=False, latency=0.2, at_once=40, others=0.0):
        self.pace, self.limit, self.shows = pace, limit, shows
        self.latency, self.at_once, self.others = latency, at_once, others
        self.now = 0.0
        self.next_other = 0.0
        self.window: deque[float] = deque()
        self.accepted = 0
        self.refused = 0

    def run(self, seconds):
        end = self.now + seconds
        under_way: deque[tuple[float, bool, int]] = deque()
        while self.now < end:
            wait = self.pace.wait(self.now) if len(under_way) < self.at_once else math.inf
            if wait <= 0:
                self.pace.leave()
                taken, remaining = self._count(self.now)
                self.accepted += taken
                under_way.append((self.now + self.latency, taken, remaining))
                continue
            self.now = min(self.now + wait, under_way[0][0] if under_way else math.inf, end)
            while under_way and under_way[0][0] <= self.now:
                self._answer(*under_way.popleft()[1:])

    def _answer(self, taken, remaining):
        if taken and self.shows:
            self.pace.show(self.now, limit=self.limit, remaining=remaining, reset_in=None)
        if not taken:
            self.refused += 1
            self.pace.refuse(
                self.now,
                limit=self.limit if self.shows else None,
                retry_after=math.ceil(self.window[0] + 60 - self.now),
            )
        self.pace.arrive(self.now, counted=taken)

    def _count(self, at):
        while self.others and self.next_other <= at:
            self._take(self.next_other)
            self.next_other += 1 / self.others
        return self._take(at)

    def _take(self, at):
        while self.window and self.window[0] <= at - 60:
            self.window.popleft()
        if self.limit is not None and len(self.window) >= self.limit:
            return False, 0
        self.window.append(at)
        return True, (self.limit or 0) - len(self.window)


@pytest.mark.parametrize("latency", [0.02, 0.2, 1.5])
@pytest.mark.parametrize("shows", [True, False])
@pytest.mark.parametrize("uncounted", [0, 1])
def test_nine_tenths_of_the_allowance_are_used_and_one_429_at_most(latency, shows, uncounted):
    # Given a portal that counts the first question, which needs no key, for another account
    sender = Sender(RateWindow(None), limit=1500 + uncounted, shows=shows, latency=latency)

    sender.run(600)

    # a request that takes longer than a minute's share of 40 can't use it all
    possible = min(1500 * 10, 600 / latency * 40)
    assert sender.accepted >= 0.9 * possible
    assert sender.refused <= (0 if shows else 1)


@pytest.mark.parametrize("limit", [120, 600, 3000])
def test_an_allowance_that_is_shown_is_kept_to(limit):
    sender = Sender(RateWindow(None), limit=limit, shows=True)

    sender.run(600)

    # until the first answer shows it, as many leave as may be under way
    assert sender.refused == 0
    assert sender.accepted >= 0.9 * min(limit * 10, 600 / 0.2 * 40)


def test_a_portal_without_a_limiter_is_not_held_back():
    sender = Sender(RateWindow(None), latency=0.2, at_once=40)

    sender.run(60)

    # one by one only around the documented allowance: some seconds, once
    assert sender.accepted > 0.9 * 60 / 0.2 * 40


def test_a_429_of_something_in_between_teaches_no_allowance():
    pace = RateWindow(None)

    pace.leave()
    pace.refuse(0.0, limit=None, retry_after=2.0)
    pace.arrive(0.0, counted=False)

    assert pace.wait(0.0) == 2.0
    for _ in range(1000):
        assert pace.wait(2.0) == 0.0
        pace.leave()
        pace.arrive(2.0, counted=True)


def test_what_other_programs_use_is_left_to_them():
    # given another program that makes 15 requests a second with the same account
    sender = Sender(RateWindow(None), limit=1500, shows=True, at_once=20, others=15)

    sender.run(600)

    assert sender.refused <= 5
    assert sender.accepted >= 0.7 * (1500 - 900) * 10


def test_no_more_a_minute_than_was_wished_for():
    sender = Sender(RateWindow(100))

    sender.run(180)

    assert 290 <= sender.accepted <= 300


def test_nothing_leaves_before_a_pause_is_over():
    pace = RateWindow(None)

    pace.pause(10.0, 5.0)
    pace.pause(10.0, 2.0)

    assert pace.wait(12.0) == 3.0
    assert pace.wait(15.0) == 0.0


def test_an_allowance_used_up_by_others_is_waited_for():
    pace = RateWindow(None)
    pace.leave()

    pace.show(0.0, limit=100, remaining=0, reset_in=20.0)
    pace.arrive(0.0, counted=True)

    assert pace.wait(0.0) == 20.0
