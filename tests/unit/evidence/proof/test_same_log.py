"""Whether a log is the one that the ledger has read before."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from lastseen.evidence.proof.coverage import Coverage, covering
from lastseen.evidence.proof.same_log import Anchor
from lastseen.model.instant import EPOCH, Interval, parse_instant
from lastseen.model.sighting import Event, EvidenceKind, Sighting
from tests.unit.evidence.fake_log import ANN, DAY, HOUR, ago, entry

NEWEST = Sighting(user_id=ANN, at=ago(DAY), kind=EvidenceKind.SIGN_IN, event_id=7, action_id=1029)
OLDER = Sighting(user_id=ANN, at=ago(2 * DAY), kind=EvidenceKind.SIGN_IN, event_id=9, action_id=1)
AROUND = covering([Interval(ago(DAY + HOUR), ago(HOUR))])


def test_a_ledger_without_sightings_fits_every_log():
    assert Anchor(()).is_same_log(AROUND, EPOCH) is True


def test_the_log_that_shows_the_newest_known_entry_is_the_same():
    anchor = Anchor([OLDER, NEWEST])
    assert anchor.sighting == NEWEST
    anchor.take([entry(8, HOUR), entry(7, DAY)])
    assert anchor.is_same_log(Coverage(), EPOCH) is True


def test_the_same_number_at_another_second_is_another_entry():
    anchor = Anchor([NEWEST])
    anchor.take([entry(7, DAY + timedelta(seconds=1))])
    assert anchor.is_same_log(AROUND, EPOCH) is False


def test_a_log_known_over_that_second_without_the_entry_is_another():
    assert Anchor([NEWEST]).is_same_log(AROUND, EPOCH) is False


def test_nothing_is_said_before_that_second_is_known():
    anchor = Anchor([NEWEST])
    assert anchor.is_same_log(covering([Interval(ago(HOUR), ago(timedelta()))]), EPOCH) is None


def test_an_entry_that_the_portal_may_have_deleted_is_not_missed():
    assert Anchor([NEWEST]).is_same_log(AROUND, ago(HOUR)) is True


@pytest.mark.parametrize(
    ("read_again", "is_same"),
    [
        ("2025-11-02T01:10:00-05:00", True),
        ("2025-11-02T01:10:00-04:00", False),  # no hour of this kind
        ("2025-11-02T00:21:41-05:00", False),  # more than an hour apart
    ],
)
def test_an_entry_of_the_hour_that_occurs_twice_may_be_read_up_to_an_hour_earlier(
    read_again, is_same
):
    seen_at = parse_instant("2025-11-02T01:21:42-05:00")
    anchor = Anchor([replace(NEWEST, at=seen_at)])
    anchor.take([Event(id=7, at=datetime.fromisoformat(read_again), user_id=ANN, action_id=5000)])
    around = covering([Interval(seen_at - HOUR * 2, seen_at + HOUR)])
    assert anchor.is_same_log(around, EPOCH) is is_same
