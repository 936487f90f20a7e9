import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.decision import Reason, SeenBy, Verdict
from lastseen.model.plan import Policy
from lastseen.reports.chart import MIDDLE, SMALL, WIDE, histogram, picture
from tests.unit.reports.samples import days_ago, decision, plan_of, roster_of

PEOPLE = st.lists(
    st.builds(
        decision,
        decision=st.sampled_from(Verdict),
        idle_days=st.one_of(st.none(), st.integers(0, 4000)),
        last_seen_by=st.sampled_from([None, *SeenBy]),
        user_id=st.sampled_from([None, "u"]),
    ),
    max_size=30,
)
POLICIES = st.builds(
    lambda inactive, more: Policy(inactive_days=inactive, lookback_days=inactive + more),
    st.integers(1, 800),
    st.integers(0, 800),
)


@given(PEOPLE, POLICIES)
def test_everyone_has_one_place_or_is_said_to_be_left_out(people, policy):
    counts = histogram(plan_of(*people, policy=policy))
    assert sum(column.total for column in counts.occupied) + counts.left_out == len(people)


@given(PEOPLE, POLICIES)
def test_columns_lie_side_by_side_and_a_border_falls_on_the_line(people, policy):
    counts = histogram(plan_of(*people, policy=policy))
    borders = [column.since for column in counts.columns] + [counts.columns[-1].until]
    assert borders[0] == 0
    assert borders[-1] == counts.end
    assert all(a.until == b.since for a, b in zip(counts.columns, counts.columns[1:], strict=False))
    assert counts.line in borders
    assert len(counts.columns) <= 42


def test_the_line_parts_those_within_from_those_past_it():
    counts = histogram(plan_of(decision(idle_days=29), decision(idle_days=30)))
    past = [column for column in counts.columns if column.since >= 30 and column.total]
    assert [column.total for column in past] == [1]


def test_never_seen_stands_apart_from_a_date():
    never = decision(last_seen_by=SeenBy.REGISTRATION, idle_days=60)
    unknown = decision(
        decision=Verdict.HOLD,
        reason=Reason.EVIDENCE_INCOMPLETE,
        idle_days=None,
        last_seen_at=None,
        last_seen_by=None,
    )
    counts = histogram(plan_of(never, unknown))
    assert dict(counts.unseen.counts) == {Verdict.DISABLE: 1, Verdict.HOLD: 1}
    assert not any(column.total for column in counts.columns)


def test_those_whose_date_was_not_read_stand_apart_from_the_days_and_from_never_seen():
    undated = decision(last_seen_at=None, last_seen_by=None, idle_days=57)
    behind = decision(last_seen_at=days_ago(90), idle_days=60)
    counts = histogram(plan_of(undated, behind, decision(idle_days=57)))
    assert sum(column.total for column in counts.columns) == 1
    assert counts.undated.total == 2
    assert counts.undated.label == "not seen for 57 days or longer (no date)"
    assert [tick.label for tick in picture(counts, WIDE).apart] == ["no date"]


def test_an_invitation_is_not_drawn_as_a_sighting():
    invited = decision(
        decision=Verdict.KEEP, reason=Reason.RECENTLY_INVITED, last_seen_by=SeenBy.INVITATION
    )
    assert histogram(plan_of(invited)).unseen.total == 1


def test_those_without_an_account_are_left_out():
    away = decision(
        user_id=None,
        decision=Verdict.SKIP,
        reason=Reason.NOT_ON_PORTAL,
        idle_days=None,
        last_seen_by=None,
    )
    assert histogram(plan_of(away)).left_out == 1


def test_very_long_absences_share_one_column():
    counts = histogram(plan_of(decision(idle_days=3), decision(idle_days=2000)))
    assert counts.end == 180
    assert counts.beyond.total == 1


def test_ten_thousand_people_are_counted():
    counts = histogram(plan_of(*roster_of(10_000)))
    assert sum(column.total for column in counts.occupied) + counts.left_out == 10_000


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
