from datetime import timedelta

import pytest

from lastseen.docspace.http.clock_skew import PortalClock
from lastseen.model.instant import Instant
from tests.unit.docspace.scripted import NOW

DATE = "Sun, 01 Nov 2026 12:00:00 GMT"


def test_the_date_header_is_the_portals_time():
    assert PortalClock().read({"Date": DATE}) == NOW


def test_a_kept_answer_is_older_by_its_age():
    assert PortalClock().read({"Date": DATE, "Age": "90"}) == NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 99 Nov 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -0500",
             "Mon, 01 Jan 1900 00:00:00 +0500", "\udcff", "1" * 5000]
)  # fmt: skip
def test_a_date_that_is_none_tells_nothing(date):
    assert PortalClock().read({"Date": date}) is None


@pytest.mark.parametrize(
    ("portal", "skew"),
    [(-400, -400), (-2, -2), (-1, 0), (0, 0), (3, 0), (4, 0), (6, 3), (400, 397)],
)
def test_only_what_lies_outside_sending_and_answer_is_a_difference(portal, skew):
    # given a request that was three seconds under way
    clock = PortalClock()

    # when the portal's clock stood so many seconds after the sending
    clock.compare(
        Instant(NOW + timedelta(seconds=portal)),
        sent_at=NOW,
        answered_at=Instant(NOW + timedelta(seconds=3)),
    )

    # then
    assert clock.largest_skew_seconds == skew


def test_the_largest_difference_stays_with_its_sign():
    clock = PortalClock()

    for seconds in (10, -400, 30):
        portal = Instant(NOW + timedelta(seconds=seconds))
        clock.compare(portal, sent_at=NOW, answered_at=NOW)

    assert clock.largest_skew_seconds == -400
