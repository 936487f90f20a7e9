import pytest
from hypothesis import given

from lastseen.model.decision import Verdict
from lastseen.reports.histogram import histogram
from lastseen.reports.picture import MIDDLE, SMALL, WIDE, picture
from tests.unit.reports.samples import decision, plan_of, roster_of
from tests.unit.reports.test_histogram import PEOPLE, POLICIES


@given(PEOPLE, POLICIES)
def test_everything_lies_inside_the_picture(people, policy):
    counts = histogram(plan_of(*people, policy=policy))
    for frame in (WIDE, MIDDLE, SMALL):
        drawn = picture(counts, frame)
        assert drawn.left < drawn.line <= drawn.right
        for bar in drawn.bars:
            assert 0 <= bar.x < bar.x + bar.width <= frame.width
            assert drawn.top - 4 <= bar.top < drawn.floor
        for tick in (*drawn.days, *drawn.apart):
            assert 0 <= tick.at <= frame.width
        for tick in drawn.people:
            assert drawn.top <= tick.at <= drawn.floor


def test_heights_are_as_the_numbers():
    people = [decision(idle_days=40)] * 2 + [decision(idle_days=60)] * 4
    low, high = picture(histogram(plan_of(*people)), WIDE).bars
    assert high.blocks[0].height == pytest.approx(2 * low.blocks[0].height, rel=0.02)


def test_a_column_is_made_of_its_verdicts():
    people = [decision(idle_days=40), decision(idle_days=40, decision=Verdict.HOLD)]
    (bar,) = picture(histogram(plan_of(*people)), WIDE).bars
    assert [block.verdict for block in bar.blocks] == [Verdict.DISABLE, Verdict.HOLD]
    assert bar.says == "40 days ago: 1 to disable, 1 on hold"


def test_a_column_that_towers_is_cut_and_carries_its_number():
    people = [decision(idle_days=1, decision=Verdict.KEEP)] * 900 + [decision(idle_days=50)] * 9
    tower, low = picture(histogram(plan_of(*people)), WIDE).bars
    assert tower.cut
    assert tower.figure == "900"
    assert not low.cut
    assert low.blocks[0].height > 100


def test_one_person_among_thousands_can_be_seen():
    bars = picture(histogram(plan_of(*roster_of(10_000))), WIDE).bars
    assert min(block.height for bar in bars for block in bar.blocks) >= 1


def test_nobody_makes_an_empty_picture():
    drawn = picture(histogram(plan_of()), SMALL)
    assert drawn.bars == ()
    assert drawn.apart == ()
