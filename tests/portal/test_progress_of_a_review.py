"""What a waiting person is told of how long it will take."""

import pytest

from lastseen.model.plan import Policy
from lastseen.simulator.server.filters import Filters
from testing.virtual import VirtualPortal
from testing.worlds import company


class Heard:
    """Remembers every step."""

    def __init__(self):
        self.steps = {}

    def step(self, stage, done, total=None):
        self.steps.setdefault(stage, []).append((done, total))

    def note(self, text):
        raise AssertionError(text)


def test_half_way_through_a_log_the_time_left_is_known_to_within_a_quarter():
    heard = Heard()
    VirtualPortal(company(600)).review(progress=heard)
    pages = heard.steps["sign-in log"]
    read = pages[-1][0]
    half_way = [total for done, total in pages if read // 2 <= done < read * 0.9]
    assert read > 100
    assert len(half_way) > 10
    assert all(abs(total - read) <= read / 4 for total in half_way)


def test_looking_further_back_is_told_of_by_itself_and_from_the_beginning():
    heard = Heard()
    VirtualPortal(company(600)).review(policy=Policy(lookback_days=180), progress=heard)
    whole = heard.steps["sign-in log"][-1]
    further = heard.steps["sign-in log, further back"]
    assert whole[0] == whole[1]
    assert further[0][0] <= 1
    assert further[-1][0] == further[-1][1]


@pytest.mark.parametrize("filters", [Filters.BEFORE_WINDOW, Filters.AFTER_WINDOW])
def test_nothing_seems_to_be_left_of_a_log_that_is_read_no_further(filters):
    heard = Heard()
    VirtualPortal(company(600), filters=filters).review(progress=heard)
    assert {"sign-in log", "activity trail"} <= set(heard.steps)
    for steps in heard.steps.values():
        done, total = steps[-1]
        assert done == total
