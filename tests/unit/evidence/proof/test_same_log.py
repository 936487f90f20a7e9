"""Whether a log is the one that the ledger has read before."""

from datetime import timedelta

from lastseen.evidence.proof.coverage import Coverage, covering
from lastseen.evidence.proof.same_log import Anchor
from lastseen.model.instant import EPOCH, Interval
from lastseen.model.sighting import EvidenceKind, Sighting
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
